// What settles a matter that is no conflict of values: a finding about a fork, letting a batch in.
import { useId, useState } from 'preact/hooks';
import { call } from '@page/api';
import { theDomain } from '@page/domain';
import { useTask } from '@page/task';
import { T } from '@page/text';
import { Button, tell, Trouble } from '@page/ui/parts';
import type { Matter } from './attention';

const FINDINGS = (): { value: string; words: string }[] => [
  { value: 'restored', words: T('恢复了旧备份', 'an old backup was restored') },
  { value: 'cloned', words: T('设备被克隆', 'the device was cloned') },
  { value: 'tampered', words: T('被篡改', 'it was tampered with') },
  { value: 'unclear', words: T('查不清', 'it cannot be found out') },
];

function Fork({ of, settled }: { of: Matter; settled(): void }) {
  const [finding, setFinding] = useState('');
  const [why, setWhy] = useState('');
  const { busy, trouble, run } = useTask();
  const ids = { finding: useId(), why: useId() };
  const settle = async (event: Event): Promise<void> => {
    event.preventDefault();
    const done = await run(() => call({ run: 'forks settle', words: [of.chain ?? ''], flags: { finding, why: why.trim() } }));
    if (!done) return;
    tell({ text: T('认定已记入日志', 'The finding is in the log') });
    settled();
  };
  return (
    <form class="controls" onSubmit={(event) => void settle(event)}>
      <div class="field">
        <label for={ids.finding}>{T('认定', 'Finding')}</label>
        <select id={ids.finding} value={finding} onChange={(event) => setFinding(event.currentTarget.value)}>
          <option value="">{T('请选择', 'choose')}</option>
          {FINDINGS().map((one) => (
            <option key={one.value} value={one.value}>
              {one.words}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for={ids.why}>{T('依据', 'What it rests on')}</label>
        <input id={ids.why} type="text" autocomplete="off" value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
      </div>
      <Button type="submit" busy={busy} disabled={!finding || why.trim() === ''}>
        {T('记下认定', 'Record the finding')}
      </Button>
      <Trouble of={trouble} />
    </form>
  );
}

function Admit({ of, settled }: { of: Matter; settled(): void }) {
  const { busy, trouble, run } = useTask();
  const admit = async (): Promise<void> => {
    const done = await run(() => call({ run: 'device admit', words: [of.batch ?? of.device ?? ''] }));
    if (!done) return;
    tell({ text: T('已放行，记录并入案件', 'Let in; its records count now') });
    settled();
  };
  return (
    <>
      <Button icon="check" busy={busy} onClick={() => void admit()}>
        {T('核实无误，放行', 'It is genuine: let it in')}
      </Button>
      <Trouble of={trouble} />
    </>
  );
}

/** What somebody looked into, where nothing else settles it. */
function Seen({ of, settled }: { of: Matter; settled(): void }) {
  const [why, setWhy] = useState('');
  const { busy, trouble, run } = useTask();
  const id = useId();
  const settle = async (event: Event): Promise<void> => {
    event.preventDefault();
    const done = await run(() => call({ run: 'attention settle', words: [of.what, of.key], flags: { why: why.trim() } }));
    if (!done) return;
    tell({ text: T('已了结，理由记录在案', 'Settled; the reason is on record') });
    settled();
  };
  return (
    <form class="controls" onSubmit={(event) => void settle(event)}>
      <div class="field">
        <label for={id}>{T('核看结果', 'What was found')}</label>
        <input id={id} type="text" autocomplete="off" value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
      </div>
      <Button type="submit" busy={busy} disabled={why.trim() === ''}>
        {T('核看过，了结', 'Looked into: settle it')}
      </Button>
      <Trouble of={trouble} />
    </form>
  );
}

/** Kinds of matter that `attention settle` takes, and who may. */
const SEEN = new Set(['pending', 'struck', 'clock', 'position', 'photo_lost', 'quarantined', 'other_history']);
const CENTRE = new Set(['dispatcher', 'supervisor']);

export function Settle({ of, settled }: { of: Matter; settled(): void }) {
  const { role } = theDomain().me;
  if (of.what === 'fork' && of.chain && role !== 'auditor') return <Fork of={of} settled={settled} />;
  if (of.what === 'quarantined' && role === 'registrar') return <Admit of={of} settled={settled} />;
  if (SEEN.has(of.what) && CENTRE.has(role ?? '')) return <Seen of={of} settled={settled} />;
  return null;
}
