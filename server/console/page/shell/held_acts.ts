// Held acts, and all that becomes of them (held_bar.tsx shows it). Undo instead of confirm: what one
// key or click does waits five seconds, then goes to the server, one case after the other. Each of
// them is known to be done, refused, not answered or not sent, and nothing is called done before the
// server said so. What was not answered goes out again by the same key (once.ts), so that nobody
// guesses whether it was done, and it is not done twice.
import { call, failureOf, GONE, known, saying, STRANGER, Failure, type Call } from '@page/api';
import { domain, theDomain } from '@page/domain';
import { signal, type Signal } from '@page/signal';
import { refresh } from '@page/store';
import { T } from '@page/text';
import { tell } from '@page/ui/parts';
import { drawKey, withKey } from './once';
import { before_leaving } from './session';

export const HELD_MS = 5000;

/** One act on one thing. */
export interface Act {
  call: Call;
  /** Its number, and its id where it has a page. */
  about: string;
  id?: string;
}

/** One act on one or more things. */
export interface Acts {
  /** 受理 3 件 */
  words: string;
  calls: Act[];
  /** These were done: called whenever some were. */
  done?(ids: readonly string[]): void;
  /** It was taken back by her: show that again. */
  again?(): void;
}

export interface Sent extends Act {
  key: string;
  /** `unknown`: it was sent, and nobody answered. */
  came: 'open' | 'sent' | 'done' | 'refused' | 'unknown';
  /** It was once, whatever came since. */
  unanswered?: boolean;
  failure?: Failure;
}

export interface Held {
  number: number;
  words: string;
  of: Sent[];
  /** `stopped`: by her, or because nobody answers; it can go on. `told`: some were refused. */
  state: 'waits' | 'sending' | 'stopped' | 'told';
  since: number;
  /** Why it stopped, where it was not her who stopped it. */
  why?: Failure | undefined;
}

interface Kept extends Held {
  by: string;
  acts: Acts;
  decide: number;
}

const kept = signal<Kept[]>([]);
/** All that waits, is on its way, or has something to say; the oldest first. */
export const held = kept as unknown as Signal<readonly Held[]>;

const timers = new Map<number, number>();
let next_number = 1;

const find = (number: number): Kept | undefined => kept.value.find((one) => one.number === number);

function change(number: number, by: Partial<Kept>): void {
  kept.value = kept.value.map((one) => (one.number === number ? { ...one, ...by } : one));
}

export function drop(number: number): void {
  clearTimeout(timers.get(number));
  timers.delete(number);
  kept.value = kept.value.filter((one) => one.number !== number);
}

/** How many of it came to this. */
export const countOf = (of: Held, came: Sent['came']): number => of.of.filter((one) => one.came === came).length;

const mayAct = (of: Kept): boolean => known.value && domain.value?.me.worker === of.by;

/** Do this in five seconds, unless it is taken back. */
export function holdActs(acts: Acts): void {
  const number = next_number++;
  const of: Sent[] = acts.calls.map((one) => ({ ...one, key: drawKey(), came: 'open' }));
  kept.value = [...kept.value, { number, words: acts.words, of, acts, state: 'waits', since: Date.now(), by: theDomain().me.worker, decide: 0 }];
  timers.set(number, window.setTimeout(() => void send(number), HELD_MS));
}

/** Is something about it waiting or on its way? Then its row says so. */
export function isHeld(about: string): boolean {
  return kept.value.some((one) => (one.state === 'waits' || one.state === 'sending') && one.of.some((act) => act.about === about && (act.came === 'open' || act.came === 'sent')));
}

function put(number: number, at: number, by: Partial<Sent>): void {
  const now = find(number);
  if (now) change(number, { of: now.of.map((one, index) => (index === at ? { ...one, ...by } : one)) });
}

/** Nothing more of it is worth trying now. */
const ends = (failure: Failure): boolean => failure.code === GONE || failure.code === STRANGER;

/** A line that was cut is tried again at once; after that it is hers to say. */
const AGAIN_MS = [500, 2000];

const pause = (ms: number): Promise<void> => new Promise((over) => setTimeout(over, ms));

/** What came of it, however often it takes to hear it. */
async function ask(number: number, at: number, one: Sent): Promise<number> {
  for (let tries = 0; ; tries++) {
    try {
      return (await call(withKey(one.call, one.key))).exit;
    } catch (cause) {
      if (failureOf(cause).code !== GONE) throw cause;
      put(number, at, { unanswered: true });
      if (tries === AGAIN_MS.length || find(number)?.state !== 'sending') throw cause;
    }
    await pause(AGAIN_MS[tries]!);
  }
}

async function sendOne(number: number, at: number, one: Sent): Promise<Failure | undefined> {
  put(number, at, { came: 'sent' });
  try {
    const exit = await ask(number, at, one);
    put(number, at, { came: 'done' });
    if (exit === 5) change(number, { decide: (find(number)?.decide ?? 0) + 1 });
    return undefined;
  } catch (cause) {
    const failure = failureOf(cause);
    // Let in no more, it is not known what came of it before.
    const unheard = find(number)?.of[at]?.unanswered ? 'unknown' : 'open';
    put(number, at, { came: ends(failure) ? unheard : 'refused', failure });
    return failure;
  }
}

export async function send(number: number): Promise<void> {
  const first = find(number);
  if (!first || first.state === 'sending') return;
  clearTimeout(timers.get(number));
  change(number, { state: 'sending', why: undefined });
  if (!mayAct(first)) return stop(number, new Failure(STRANGER, 1, saying.stranger()));
  for (const [at, one] of first.of.entries()) {
    const now = find(number);
    // Stopped by her, or the page was left.
    if (now?.state !== 'sending') break;
    if (now.of[at]!.came !== 'open') continue;
    const failure = await sendOne(number, at, one);
    if (failure && ends(failure)) stop(number, failure);
  }
  conclude(number);
}

export function stop(number: number, why?: Failure): void {
  const now = find(number);
  if (now?.state === 'sending') change(number, { state: 'stopped', why });
}

/** What came of it, once nothing more is sent. */
function conclude(number: number): void {
  const now = find(number);
  if (!now) return;
  refresh();
  const done = now.of.filter((one) => one.came === 'done');
  now.acts.done?.(done.map((one) => one.id ?? ''));
  if (done.length < now.of.length) {
    if (now.state === 'sending') change(number, { state: 'told' });
    return;
  }
  drop(number);
  tell({
    text: now.decide ? T(`已办：${now.words}；有冲突待决定`, `Done: ${now.words}; something is to be decided`) : T(`已办：${now.words}`, `Done: ${now.words}`),
    ...(now.decide ? { tone: 'warn' as const } : {}),
  });
}

// ---- taking back ----

export function undo(number: number): void {
  const now = find(number);
  if (now?.state !== 'waits') return;
  drop(number);
  now.acts.again?.();
  tell({ text: T(`没有办：${now.words}`, `Not done: ${now.words}`), tone: 'quiet' });
}

/** The newest that waits; where none does, the rest of what is on its way. */
export function undoNewest(): void {
  const last = (state: Held['state']): Kept | undefined => [...kept.value].reverse().find((one) => one.state === state);
  const waits = last('waits');
  const sending = last('sending');
  if (waits) undo(waits.number);
  else if (sending) stop(sending.number);
  else tell({ text: T('没有可以撤销的：已经办了的，到那一件里办反向的一步。', 'Nothing to take back: what is done is undone by a step of its own, at the case.'), tone: 'quiet' });
}

// ---- going on ----

/** The centre knows keys for thirty days. */
const KEYS_LAST_MS = 29 * 86400000;

/** Once more for those that were not sent, and for those that were not answered. */
export async function goOn(number: number): Promise<void> {
  const of = find(number);
  if (!of || of.state !== 'stopped') return;
  if (Date.now() - of.since < KEYS_LAST_MS)
    for (const [at, one] of of.of.entries()) if (one.came === 'unknown') put(number, at, { came: 'open' });
  await send(number);
}

// ---- leaving ----

/** Send all that waits and hear what comes of it, before she leaves by herself. */
before_leaving.push(async () => {
  await Promise.all(kept.value.filter((one) => one.state === 'waits').map((one) => send(one.number)));
});

// What waits is meant: a page that is left does it at once, and cannot hear what came of it.
addEventListener('pagehide', () => {
  const going = kept.value.filter((one) => one.state === 'waits' || one.state === 'sending');
  for (const acts of going)
    if (mayAct(acts))
      for (const one of acts.of)
        // What is on its way may be cut off by leaving.
        if (one.came === 'open' || one.came === 'sent') void call(withKey(one.call, one.key)).catch(() => undefined);
  for (const { number } of going) drop(number);
});
addEventListener('beforeunload', (event) => {
  if (kept.value.some((one) => one.state !== 'told')) event.preventDefault();
});

// Another person sits here now: what the one before her meant is none of hers.
domain.watch(() => {
  const me = domain.value?.me.worker;
  if (me) for (const one of kept.value) if (one.by !== me) drop(one.number);
});
