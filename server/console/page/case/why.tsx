// Whoever looks at what is personal says why, once a case; the reason goes with each look and is
// recorded (查阅留痕). It lives in this page's memory alone, and ends with the login.
import { useEffect, useState } from 'preact/hooks';
import { known, type Call } from '@page/api';
import { signal, useSignal } from '@page/signal';
import { useCall, type Shown as Told } from '@page/store';
import { T } from '@page/text';
import { Button, Sheet } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';

const reasons = signal<ReadonlyMap<string, string>>(new Map());
known.watch(() => {
  if (!known.value) reasons.value = new Map();
});

function giveReason(about: string, why: string): void {
  reasons.value = new Map(reasons.value).set(about, why);
}

export interface Reading<R> extends Told<R> {
  /** It holds what is personal: why does she look? */
  wants: boolean;
  /** The reason that she gave. */
  why: string | undefined;
}

/** A look that may hold what is personal; `about`: the case whose reason it goes by. Only what asks
 * for a reason is given one: each look with a reason is recorded. */
export function useReading<R>(what: Call | null, about: string): Reading<R> {
  const why = useSignal(reasons).get(about);
  const [asked, setAsked] = useState(false);
  const told = useCall<R>(what && why && asked ? { ...what, flags: { ...what.flags, why } } : what);
  const refused = told.failure?.more.wants === 'why';
  useEffect(() => {
    if (refused) setAsked(true);
  }, [refused]);
  const wants = refused && !why;
  return { ...told, wants, why, failure: wants ? undefined : told.failure };
}

const presets = (): string[] => [T('办理本案', 'handling this case'), T('核实情况', 'verifying it'), T('回访', 'calling back'), T('督办检查', 'supervision')];

function WhySheet({ about, onClose }: { about: string; onClose(): void }) {
  const [other, setOther] = useState('');
  const give = (why: string): void => {
    giveReason(about, why);
    onClose();
  };
  return (
    <Sheet title={T('为什么查看个人信息？', 'Why do you look at personal data?')} onClose={onClose}>
      <p>{T('您的姓名、时间和理由会记录在案，当事人和审计员可以查到。', 'Your name, the time and the reason are recorded; the auditor can see them.')}</p>
      <div class="why-presets">
        {presets().map((why) => (
          <Button key={why} onClick={() => give(why)}>
            {why}
          </Button>
        ))}
      </div>
      <form
        class="why-other"
        onSubmit={(event) => {
          event.preventDefault();
          if (other.trim()) give(other.trim());
        }}
      >
        <div class="field">
          <label for="why-other">{T('其他理由', 'Another reason')}</label>
          <input id="why-other" value={other} maxLength={200} onInput={(event) => setOther(event.currentTarget.value)} />
        </div>
        <Button type="submit" disabled={other.trim() === ''}>
          {T('查看', 'Look')}
        </Button>
      </form>
    </Sheet>
  );
}

/** In place of what is personal, until she says why. */
export function AskWhy({ about, what }: { about: string; what: string }) {
  const [open, setOpen] = useState(false);
  return (
    <div class="ask-why">
      <Icon name="lock" />
      <span>{T(`${what}含个人信息`, `${what}: personal`)}</span>
      <Button onClick={() => setOpen(true)}>{T('说明理由后查看', 'Say why, and look')}</Button>
      {open && <WhySheet about={about} onClose={() => setOpen(false)} />}
    </div>
  );
}
