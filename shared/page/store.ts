// What was fetched, for as long as it is shown: the same call asked twice is one request, and what
// is on the screen is fetched again when something changed on the device.
import { useEffect, useState } from 'preact/hooks';
import { type Answer, call, type Call, events, type Failure, failureOf, type Row } from '@page/api';
import { lang } from '@page/text';
import { signal } from '@page/signal';

export interface Shown<R> {
  /** What was last answered; stays while it is asked again. */
  lines: R[] | undefined;
  failure: Failure | undefined;
  busy: boolean;
  again(): void;
}

interface Entry {
  call: Call;
  answer?: Answer | undefined;
  failure?: Failure | undefined;
  busy: boolean;
  /** Something changed while it was being asked. */
  stale: boolean;
  readers: Set<() => void>;
}

const entries = new Map<string, Entry>();

/** How much the answer on the screen that lags most does not have yet. */
export const behind_by = signal(0);
const CATCH_UP_MS = 3000;
let catching_up = 0;

const isLate = (entry: Entry): boolean => entry.readers.size > 0 && (entry.answer?.behind ?? 0) > 0;

/** What lags is asked again: no event tells that the board is further. */
function followLag(): void {
  const late = [...entries.values()].filter(isLate);
  behind_by.value = Math.max(0, ...late.map((entry) => entry.answer?.behind ?? 0));
  // A look at what is personal is recorded each time.
  if (catching_up || late.every((entry) => entry.call.flags?.why)) return;
  catching_up = window.setTimeout(() => {
    catching_up = 0;
    for (const entry of entries.values()) if (isLate(entry) && !entry.call.flags?.why) void fetchEntry(entry);
  }, CATCH_UP_MS);
}

const keyOf = (what: Call): string => JSON.stringify([lang.value, what]);

const LOCKED = 6;

/** What only looks asks for no PIN: it is the home that is locked, by whomever. */
function findLocked(entry: Entry): boolean {
  if (entry.failure?.exit !== LOCKED && entry.answer?.lines[0]?.vault !== 'locked') return false;
  entry.answer = undefined;
  locked.value = true;
  return true;
}

async function fetchEntry(entry: Entry): Promise<void> {
  if (entry.busy) {
    entry.stale = true;
    return;
  }
  entry.busy = true;
  do {
    entry.stale = false;
    try {
      entry.answer = await call(entry.call);
      entry.failure = undefined;
    } catch (cause) {
      entry.failure =
        failureOf(cause);
    }
    if (findLocked(entry)) break;
  } while (entry.stale && entry.readers.size > 0);
  entry.busy = false;
  for (const draw of [...entry.readers]) draw();
  followLag();
}

/** The answer of a call that only reads; null: nothing is asked. */
export function useCall<R = Row>(what: Call | null): Shown<R> {
  const [, draw] = useState({});
  const key = what ? keyOf(what) : '';
  useEffect(() => {
    if (!what) return undefined;
    let entry = entries.get(key);
    if (!entry) {
      entry = { call: what, busy: false, stale: false, readers: new Set() };
      entries.set(key, entry);
    }
    const mine = entry;
    const wake = (): void => draw({});
    mine.readers.add(wake);
    if (!mine.busy) void fetchEntry(mine);
    if (mine.answer || mine.failure) wake();
    return () => {
      mine.readers.delete(wake);
      followLag();
      // Going back to a page shows at once what was there, then what is.
      setTimeout(() => {
        if (mine.readers.size === 0 && entries.get(key) === mine) entries.delete(key);
      }, 30000);
    };
  }, [key]);
  const entry = what ? entries.get(key) : undefined;
  return {
    lines: entry?.answer?.lines as R[] | undefined,
    failure: entry?.failure,
    busy: what !== null && (entry?.busy ?? true),
    again: () => {
      const now = entries.get(key);
      if (now) void fetchEntry(now);
    },
  };
}

/** Calls that tell of one thing alone, named by their first word. */
const OF_ONE: readonly string[] = ['show', 'history', 'proof'];

/** Calls that tell of the site, and large: no news of cases has them asked again. */
const OF_THE_SITE: readonly string[] = ['maps', 'grids'];

/** May the answer be another one now? `changed`: the things that changed; null: nobody says which. A
 * look at what is personal is recorded each time: only news of that very thing have it asked again. */
function concerns(what: Call, changed: ReadonlySet<string> | null): boolean {
  const id = what.words?.[0] ?? '';
  if (what.flags?.why) return changed?.has(id) ?? false;
  if (OF_THE_SITE.includes(what.run)) return !changed;
  return !changed || !OF_ONE.includes(what.run) || changed.has(id);
}

/** Ask again for all that is on the screen, as far as what changed concerns it. */
export function refresh(changed: ReadonlySet<string> | null = null): void {
  for (const entry of entries.values())
    if (entry.readers.size > 0 && concerns(entry.call, changed)) void fetchEntry(entry);
}

/** Ask again what this command tells, wherever it is shown. */
export function refreshRun(run: string): void {
  for (const entry of entries.values()) if (entry.readers.size > 0 && entry.call.run === run) void fetchEntry(entry);
}

/** Forget everything: another language, another person, a locked home. */
export function forget(): void {
  for (const [key, entry] of entries) if (entry.readers.size === 0) entries.delete(key);
  for (const entry of entries.values()) entry.answer = undefined;
}

/** Is the program behind the page there? */
export const connected = signal(true);
/** The newest lines of a sync that runs by itself, or none. */
export const syncing = signal<Row | null>(null);
/** Set when the home was locked, here or by another program. */
export const locked = signal(false);

let pending = 0;
/** What changed since the screen followed last; null: it was not said of all. */
let news: Set<string> | null = new Set();

function hear(line: Row): void {
  if (!Array.isArray(line.cases)) news = null;
  else for (const id of line.cases) news?.add(String(id));
}

const AT_ONCE_MS = 150;

/** Listen until the page is left; what changes is on the screen `soon_ms` later, with all that
 * changed meanwhile. */
export function listen(soon_ms = AT_ONCE_MS): void {
  void events((line) => {
    if (typeof line.connected === 'boolean') {
      const back = line.connected && !connected.value;
      connected.value = line.connected;
      if (back) refresh();
    }
    if (typeof line.locked === 'boolean') locked.value = line.locked;
    if (line.sync && typeof line.sync === 'object') syncing.value = line.sync as Row;
    if (line.changed !== true) return;
    if (Array.isArray(line.in) && line.in.join() === 'maps') return refreshRun('maps');
    hear(line);
    pending ||= window.setTimeout(() => {
      const changed = news;
      pending = 0;
      news = new Set();
      refresh(changed);
    }, soon_ms);
  }, new AbortController().signal);
}
