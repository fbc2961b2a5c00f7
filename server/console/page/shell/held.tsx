// Undo instead of confirm: what one key or click does waits five seconds in a bar, then goes.
//
// Nothing is called done before the server said so. Leaving the page sends what waits; what the
// server refuses is said with its reason, and stays until it is read.
import { useEffect, useState } from 'preact/hooks';
import { call, failureOf, type Call, type Failure } from '@page/api';
import { signal, useSignal } from '@page/signal';
import { refresh } from '@page/store';
import { T } from '@page/text';
import { Button, tell } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { useKeys } from './keys';

const HELD_MS = 5000;

/** One act on one or more things: a call for each. */
export interface Acts {
  /** 受理 3 件 */
  words: string;
  calls: { call: Call; about: string }[];
  /** Called once all were answered; so many of them were refused. */
  done?(refused: number): void;
}

interface Refused {
  about: string;
  failure: Failure;
}

interface Held extends Acts {
  number: number;
  state: 'waits' | 'sending' | 'refused';
  since: number;
  sent: number;
  refused: Refused[];
}

const held = signal<Held[]>([]);
let next_number = 1;
const timers = new Map<number, number>();

function change(number: number, by: Partial<Held>): void {
  held.value = held.value.map((one) => (one.number === number ? { ...one, ...by } : one));
}

function drop(number: number): void {
  clearTimeout(timers.get(number));
  timers.delete(number);
  held.value = held.value.filter((one) => one.number !== number);
}

async function send(number: number): Promise<void> {
  const acts = held.value.find((one) => one.number === number);
  if (acts?.state !== 'waits') return;
  clearTimeout(timers.get(number));
  change(number, { state: 'sending' });
  const refused: Refused[] = [];
  let decide = 0;
  for (const [at, one] of acts.calls.entries()) {
    try {
      if ((await call(one.call)).exit === 5) decide++;
    } catch (cause) {
      refused.push({ about: one.about, failure: failureOf(cause) });
    }
    change(number, { sent: at + 1, refused });
  }
  refresh();
  acts.done?.(refused.length);
  if (refused.length > 0) change(number, { state: 'refused' });
  else {
    drop(number);
    tell({
      text: decide ? T(`已办：${acts.words}；有冲突待决定`, `Done: ${acts.words}; something is to be decided`) : T(`已办：${acts.words}`, `Done: ${acts.words}`),
      ...(decide ? { tone: 'warn' as const } : {}),
    });
  }
}

/** Do this in five seconds, unless it is taken back. */
export function holdActs(acts: Acts): void {
  const number = next_number++;
  held.value = [...held.value, { ...acts, number, state: 'waits', since: Date.now(), sent: 0, refused: [] }];
  timers.set(number, window.setTimeout(() => void send(number), HELD_MS));
}

/** Is something about it waiting or on its way? Then its row says so. */
export function isHeld(about: string): boolean {
  return held.value.some((one) => one.state !== 'refused' && one.calls.some((call) => call.about === about));
}

export const useHeld = (): void => void useSignal(held);

function undoNewest(): void {
  const newest = [...held.value].reverse().find((one) => one.state === 'waits');
  if (!newest) return;
  drop(newest.number);
  tell({ text: T(`没有办：${newest.words}`, `Not done: ${newest.words}`), tone: 'quiet' });
}

// What waits is meant: a page that is left does it at once, and cannot hear what came of it.
addEventListener('pagehide', () => {
  for (const acts of held.value)
    if (acts.state === 'waits') for (const one of acts.calls) void call(one.call).catch(() => undefined);
});
addEventListener('beforeunload', (event) => {
  if (held.value.some((one) => one.state !== 'refused')) event.preventDefault();
});

function Waiting({ of }: { of: Held }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, []);
  const left_s = Math.max(0, Math.ceil((of.since + HELD_MS - Date.now()) / 1000));
  return (
    <div class="held">
      <Icon name={of.state === 'sending' ? 'sync' : 'clock'} />
      <p>
        {of.words}
        <span class="quiet">
          {' · '}
          {of.state === 'sending'
            ? T(`正在办 ${of.sent}/${of.calls.length}`, `doing ${of.sent} of ${of.calls.length}`)
            : T(`${left_s} 秒后办理`, `in ${left_s} s`)}
        </span>
      </p>
      {of.state === 'waits' && (
        <>
          <Button icon="undo" look="quiet" onClick={() => (drop(of.number), tell({ text: T(`没有办：${of.words}`, `Not done: ${of.words}`), tone: 'quiet' }))}>
            {T('撤销 (Z)', 'Undo (Z)')}
          </Button>
          <Button look="quiet" onClick={() => void send(of.number)}>
            {T('现在就办', 'Now')}
          </Button>
        </>
      )}
    </div>
  );
}

function RefusedActs({ of }: { of: Held }) {
  return (
    <div class="held held-refused" role="alert">
      <Icon name="alert" />
      <div>
        <p>{T(`${of.words}：${of.refused.length} 件没有办成`, `${of.words}: ${of.refused.length} not done`)}</p>
        <ul>
          {of.refused.map((one) => (
            <li key={one.about}>
              {one.about}: {one.failure.message}
            </li>
          ))}
        </ul>
      </div>
      <Button icon="close" look="quiet" onClick={() => drop(of.number)}>
        {T('知道了', 'Close')}
      </Button>
    </div>
  );
}

export function HeldBar() {
  const now = useSignal(held);
  useKeys([{ keys: 'z', words: T('撤销刚才的一步', 'undo what was just done'), run: undoNewest }]);
  return (
    <div class="held-bar" role="status" aria-live="polite">
      {now.map((one) => (one.state === 'refused' ? <RefusedActs key={one.number} of={one} /> : <Waiting key={one.number} of={one} />))}
    </div>
  );
}
