// What settles a matter that is no conflict of values: saying that it was looked into, a finding about
// a device's chain, letting a batch in.
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { call, type Call } from '@page/api';
import { theDomain } from '@page/domain';
import { useTask } from '@page/task';
import { T } from '@page/text';
import { Button, tell, Trouble } from '@page/ui/parts';
import type { Matter } from './attention';

interface SettleProps {
  of: Matter;
  settled(): void;
}

const FINDINGS = (): { value: string; words: string }[] => [
  { value: 'restored', words: T('恢复了旧备份', 'an old backup was restored') },
  { value: 'cloned', words: T('设备被克隆', 'the device was cloned') },
  { value: 'tampered', words: T('被篡改', 'it was tampered with') },
  { value: 'unclear', words: T('查不清', 'it cannot be found out') },
];

/** One line of reason and a button; nothing is settled without it. */
function Reasoned(props: { label: string; save: string; done: string; what(why: string): Call; ready?: boolean; children?: ComponentChildren; settled(): void }) {
  const [why, setWhy] = useState('');
  const { busy, trouble, run } = useTask();
  const id = useId();
  const settle = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(await run(() => call(props.what(why.trim()))))) return;
    tell({ text: props.done });
    props.settled();
  };
  return (
    <form class="controls" onSubmit={(event) => void settle(event)}>
      {props.children}
      <div class="field matter-why">
        <label for={id}>{props.label}</label>
        <input id={id} type="text" autocomplete="off" value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
      </div>
      <Button type="submit" busy={busy} disabled={props.ready === false || why.trim() === ''}>
        {props.save}
      </Button>
      <Trouble of={trouble} />
    </form>
  );
}

function Finding({ of, settled }: SettleProps) {
  const [finding, setFinding] = useState('');
  const id = useId();
  const what = (why: string): Call =>
    of.what === 'fork'
      ? { run: 'forks settle', words: [of.chain ?? of.key], flags: { finding, why } }
      : { run: 'attention settle', words: [of.what, of.key], flags: { finding, why } };
  return (
    <Reasoned
      label={T('依据', 'What it rests on')}
      save={T('记下认定', 'Record the finding')}
      done={T('认定已记入日志', 'The finding is in the log')}
      what={what}
      ready={finding !== ''}
      settled={settled}
    >
      <div class="field">
        <label for={id}>{T('认定', 'Finding')}</label>
        <select id={id} value={finding} onChange={(event) => setFinding(event.currentTarget.value)}>
          <option value="">{T('请选择', 'choose')}</option>
          {FINDINGS().map((one) => (
            <option key={one.value} value={one.value}>
              {one.words}
            </option>
          ))}
        </select>
      </div>
    </Reasoned>
  );
}

function Seen({ of, settled }: SettleProps) {
  return (
    <Reasoned
      label={T('查了什么、结果如何', 'What was looked into, and found')}
      save={T('已核看', 'It was looked into')}
      done={of.what === 'login' ? T('已记入日志', 'It is in the log') : T('已记在案件备注里', 'It is in the notes of the case')}
      what={(why) => ({ run: 'attention settle', words: [of.what, of.key], flags: { why } })}
      settled={settled}
    />
  );
}

function Admit({ of, settled }: SettleProps) {
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

/** Two have to agree that somebody gets another login: this is the second. */
function Consent({ of, settled }: SettleProps) {
  const { busy, trouble, run } = useTask();
  const say = async (agrees: boolean): Promise<void> => {
    const what: Call = { run: 'operator consent', words: [of.key], ...(agrees ? {} : { flags: { refuse: true } }) };
    if (!(await run(() => call(what)))) return;
    tell({ text: agrees ? T('已同意；提出的人可以拿链接了', 'Agreed; who asked may take the link') : T('未同意', 'Not agreed') });
    settled();
  };
  return (
    <>
      <span class="buttons">
        <Button icon="check" busy={busy} onClick={() => void say(true)}>
          {T('同意', 'Agree')}
        </Button>
        <Button look="quiet" busy={busy} onClick={() => void say(false)}>
          {T('不同意', 'Do not agree')}
        </Button>
      </span>
      <Trouble of={trouble} />
    </>
  );
}

const SEEN = new Set(['clock', 'position', 'pending', 'struck', 'photo_lost', 'login']);
const FOUND = new Set(['fork', 'quarantined', 'other_history']);
/** Whose word settles it: those who decide at the centre. */
const CENTRE = new Set(['dispatcher', 'supervisor']);

export function Settle({ of, settled }: SettleProps) {
  const { role } = theDomain().me;
  if (of.what === 'quarantined' && role === 'registrar') return <Admit of={of} settled={settled} />;
  if (of.what === 'login_asked') return role === 'registrar' || role === 'supervisor' ? <Consent of={of} settled={settled} /> : null;
  if (!CENTRE.has(role)) return null;
  if (SEEN.has(of.what)) return <Seen of={of} settled={settled} />;
  return FOUND.has(of.what) ? <Finding of={of} settled={settled} /> : null;
}
