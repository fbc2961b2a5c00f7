// The bar of held acts (held_acts.ts, which owns them): what waits to be done, is being done, and could
// not be done, each with its way out.
import { useEffect, useState } from 'preact/hooks';
import { address } from '@page/route';
import { useSignal } from '@page/signal';
import { N, T } from '@page/text';
import { Bar, Button } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { refocus } from '../parts/refocus';
import { countOf, drop, goOn, held, HELD_MS, send, stop, undo, undoNewest, type Held, type Sent } from './held_acts';
import { useKeys } from './keys';

export const useHeld = (): void => void useSignal(held);

const then = (act: () => unknown) => (): void => {
  void act();
  refocus();
};

function Waiting({ of }: { of: Held }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, []);
  const left_s = Math.max(0, Math.ceil((of.since + HELD_MS - Date.now()) / 1000));
  return (
    <div class="held">
      <Icon name="clock" />
      <p>
        {of.words}
        {/* Readers of the screen hear of it once, and not each second. */}
        <span class="quiet held-count" aria-hidden="true">
          {' · '}
          {T(`${left_s} 秒后办理`, `in ${left_s} s`)}
        </span>
      </p>
      <Button icon="undo" look="quiet" onClick={then(() => undo(of.number))}>
        {T('撤销 (Z)', 'Undo (Z)')}
      </Button>
      <Button look="quiet" onClick={then(() => send(of.number))}>
        {T('现在就办', 'Now')}
      </Button>
    </div>
  );
}

function Sending({ of }: { of: Held }) {
  const all = of.of.length;
  const heard = all - countOf(of, 'open') - countOf(of, 'sent');
  return (
    <div class="held">
      <Icon name="sync" />
      <p>
        {T(`正在办：${of.words}`, `Doing: ${of.words}`)}
        {all > 1 && (
          <span class="quiet held-count" aria-hidden="true">
            {` · ${heard}/${all}`}
          </span>
        )}
      </p>
      {all > 1 && <Bar share={heard / all} label={T('办了多少', 'how far it is')} />}
      {all - heard > 1 && (
        <Button icon="close" look="quiet" onClick={then(() => stop(of.number))}>
          {T('其余的不办了 (Z)', 'Stop (Z)')}
        </Button>
      )}
    </div>
  );
}

/** Numbers of cases, each leading there; of many the first. */
const SHOWN = 10;

function Numbers({ of }: { of: readonly Sent[] }) {
  return (
    <>
      {of.slice(0, SHOWN).map((one, at) => (
        <span key={one.about}>
          {at > 0 && T('、', ', ')}
          {one.id ? <a href={address(['case', one.id])}>{one.about}</a> : one.about}
        </span>
      ))}
      {of.length > SHOWN && T(` 等 ${of.length} 件`, ` and ${of.length - SHOWN} more`)}
    </>
  );
}

/** Those that were refused, by why they were. */
function byReason(of: Held): [reason: string, those: Sent[]][] {
  const reasons = new Map<string, Sent[]>();
  for (const one of of.of)
    if (one.came === 'refused') {
      const why = one.failure?.message ?? '';
      reasons.set(why, [...(reasons.get(why) ?? []), one]);
    }
  return [...reasons];
}

function heading(of: Held): string {
  const all = of.of.length;
  if (all === 1) return of.state === 'told' ? T(`没有办成：${of.words}`, `Not done: ${of.words}`) : T(`停下了：${of.words}`, `Stopped: ${of.words}`);
  const done = countOf(of, 'done');
  const refused = countOf(of, 'refused');
  const parts = [T(`${of.words}：办成 ${done} 件`, `${of.words}: ${done} done`), refused > 0 && T(`没有办成 ${refused} 件`, `${refused} not done`)];
  return parts.filter(Boolean).join(T('，', ', '));
}

function Report({ of }: { of: Held }) {
  const unknown = of.of.filter((one) => one.came === 'unknown');
  const open = of.of.filter((one) => one.came === 'open');
  const stopped = of.state === 'stopped';
  return (
    <div class={countOf(of, 'refused') > 0 || of.why ? 'held held-refused' : 'held'} role="alert">
      <Icon name="alert" />
      <div class="held-report">
        <p>
          <strong>{heading(of)}</strong>
        </p>
        {of.why && <p>{of.why.message}</p>}
        <ul>
          {byReason(of).map(([why, those]) => (
            <li key={why}>
              <Numbers of={those} />: {why}
            </li>
          ))}
          {unknown.length > 0 && (
            <li>
              {T('没有得到答复，不知道办成没有：', 'Not answered, it is not known whether they are done: ')}
              <Numbers of={unknown} />
            </li>
          )}
          {open.length > 0 && (
            <li>
              {T('还没有办：', 'Not done yet: ')}
              <Numbers of={open} />
            </li>
          )}
        </ul>
      </div>
      <div class="buttons">
        {stopped && (
          <Button icon="sync" onClick={then(() => goOn(of.number))}>
            {T(`接着办 ${open.length + unknown.length} 件`, `Go on with ${N(open.length + unknown.length, '', 'case', 'cases')}`)}
          </Button>
        )}
        <Button icon="close" look="quiet" onClick={then(() => drop(of.number))}>
          {stopped ? T('不办了', 'Leave it') : T('知道了', 'Close')}
        </Button>
      </div>
    </div>
  );
}

const VIEWS = { waits: Waiting, sending: Sending, stopped: Report, told: Report };

export function HeldBar() {
  const now = useSignal(held);
  useKeys([{ keys: 'z', words: T('撤销刚才的一步', 'undo what was just done'), run: undoNewest }], 'around');
  return (
    <div class="held-bar" role="status" aria-live="polite">
      {now.map((one) => {
        const View = VIEWS[one.state];
        return <View key={one.number} of={one} />;
      })}
    </div>
  );
}
