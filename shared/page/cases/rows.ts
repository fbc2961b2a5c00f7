// The rows of a long list: the first are kept fresh by the store, the others are fetched behind
// them when they are scrolled to. What changes changes rows in place; rows that come in front are
// shown at once where the list stands at its top, and announced where it does not. A `calm` list
// never moves by itself: what came waits to be asked for, what left stays, marked, until then.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, type Call, type Failure, failureOf } from '@page/api';
import { useCall } from '@page/store';
import type { Listed } from '@page/entity';

export const withFlags = (call: Call, more: Record<string, string | true>): Call => ({
  ...call,
  flags: { ...call.flags, ...more },
});

const FIRST_ROWS = 40;
const LEAST_ROWS = 80;
const MOST_ROWS = 1000;

export interface Rows {
  count: number | null;
  row(index: number): Listed | undefined;
  want(from: number, to: number): void;
  indexOf(id: string): number;
  /** Fetch until this one is there. */
  seek(id: string): void;
  failure: Failure | undefined;
  again(): void;
  /** There is something new in front of what is read. */
  news: boolean;
  /** How many came, where that is known: of a calm list. */
  came: number;
  /** It is not of this list any more; the row is what it was. */
  isGone(id: string): boolean;
  /** Show what is. */
  renew(): void;
  /** These were acted upon here: they go as soon as they are not of this list any more. */
  settle(ids: readonly string[]): void;
}

const NOTHING: ReadonlySet<string> = new Set();

const keyOf = (row: Listed): string => row.id ?? row.number ?? '';

export function useRows(what: Call, calm = false): Rows {
  const key = JSON.stringify(what);
  const counted = useCall<{ count: number }>(withFlags(what, { count: true }));
  const first = useCall<Listed>(withFlags(what, { limit: String(FIRST_ROWS) }));
  const rows = useRef<Listed[]>([]);
  const wanted = useRef<[number, number]>([0, 0]);
  const sought = useRef('');
  const run = useRef<AbortController | null>(null);
  const [failure, setFailure] = useState<Failure | undefined>();
  const [news, setNews] = useState(false);
  const [came, setCame] = useState(0);
  const gone = useRef<ReadonlySet<string>>(NOTHING);
  const acted = useRef(new Set<string>());
  /** Of those behind the first: which were asked for again since something changed. */
  const asked_again = useRef(new Set<string>());
  /** How many rows the list has as it stands; of a calm one, when it was last renewed. */
  const standing = useRef<number | null>(null);
  const [, draw] = useState({});
  const counted_now = counted.lines?.[0]?.count ?? null;
  if (!calm || standing.current === null) standing.current = counted_now;
  const count = standing.current;

  /** Fetch behind the last, until what is wanted is there. */
  const fill = async (): Promise<void> => {
    if (run.current) return;
    const mine = new AbortController();
    run.current = mine;
    try {
      for (;;) {
        const have = rows.current.length;
        const last = rows.current[have - 1];
        const most = count ?? have;
        const need = sought.current ? most : Math.min(most, wanted.current[1]);
        if (!last || have >= need) break;
        const limit = Math.min(MOST_ROWS, Math.max(LEAST_ROWS, need - have));
        const answer = await call<Listed>(withFlags(what, { limit: String(limit), after: last.after ?? keyOf(last) }), mine.signal);
        rows.current = [...rows.current, ...answer.lines];
        for (const row of answer.lines) asked_again.current.add(keyOf(row));
        if (rows.current.some((row) => row.id === sought.current)) sought.current = '';
        setFailure(undefined);
        draw({});
        if (answer.lines.length < limit) break;
      }
    } catch (cause) {
      if (!mine.signal.aborted) setFailure(failureOf(cause));
    } finally {
      if (run.current === mine) run.current = null;
      sought.current = '';
    }
  };

  const renew = (): void => {
    run.current?.abort();
    run.current = null;
    rows.current = first.lines ?? [];
    standing.current = counted_now;
    gone.current = NOTHING;
    setNews(false);
    setCame(0);
    draw({});
    void fill();
  };

  /** What is on the screen may have changed: ask for it again, where it stands. */
  const patch = async (): Promise<void> => {
    const [from, to] = wanted.current;
    const before = rows.current[Math.max(from, FIRST_ROWS) - 1];
    if (!before || to <= FIRST_ROWS) return;
    const call_of = withFlags(what, { after: before.after ?? keyOf(before), limit: String(to - Math.max(from, FIRST_ROWS)) });
    const asked = new Set(rows.current.slice(Math.max(from, FIRST_ROWS), to).map(keyOf));
    for (const id of asked) asked_again.current.add(id);
    const answer = await call<Listed>(call_of).catch(() => undefined);
    if (!answer) return;
    const fresh = new Map(answer.lines.map((row) => [keyOf(row), row]));
    if (calm) leave((id) => asked.has(id) && !fresh.has(id));
    rows.current = rows.current.map((row) => fresh.get(keyOf(row)) ?? row);
    draw({});
  };

  /** A calm list stays as it stands: its rows say what is new of them, what else there is is counted. */
  const compare = (head: Listed[]): void => {
    const fresh = new Map(head.map((row) => [keyOf(row), row]));
    const old = rows.current;
    const known = new Set(old.map(keyOf));
    const ahead = head.filter((row) => !known.has(keyOf(row)) && head.indexOf(row) < old.length).length;
    const whole = head.length < FIRST_ROWS;
    gone.current = new Set(
      old.filter((row, at) => !fresh.has(keyOf(row)) && (whole || at + ahead < head.length)).map(keyOf),
    );
    leave((id) => gone.current.has(id));
    rows.current = rows.current.map((row) => fresh.get(keyOf(row)) ?? row);
    setCame(ahead);
    setNews(ahead > 0 || gone.current.size > 0);
    draw({});
    void patch();
  };

  /** What was acted upon here and left the list goes at once: nobody is surprised by her own hand. */
  const leave = (left: (id: string) => boolean): void => {
    const before = rows.current.length;
    rows.current = rows.current.filter((row) => !(acted.current.has(keyOf(row)) && left(keyOf(row))));
    if (standing.current !== null) standing.current -= before - rows.current.length;
    gone.current = new Set([...gone.current].filter((id) => !acted.current.has(id)));
  };

  useEffect(() => {
    rows.current = [];
    standing.current = null;
    gone.current = NOTHING;
    setNews(false);
    setCame(0);
    return () => {
      run.current?.abort();
      run.current = null;
    };
  }, [key]);

  useEffect(() => {
    const head = first.lines;
    if (!head) return;
    asked_again.current.clear();
    const old = rows.current;
    if (calm && old.length > 0) return compare(head);
    const same = old.length >= head.length && head.every((row, at) => keyOf(row) === keyOf(old[at]!));
    if (same && old.length > 0 && !calm) {
      rows.current = [...head, ...old.slice(head.length)];
      draw({});
      void patch();
    } else if (calm || old.length === 0 || wanted.current[0] < FIRST_ROWS) {
      renew();
    } else {
      setNews(true);
      void patch();
    }
  }, [key, first.lines]);

  useEffect(() => void fill(), [count]);

  return {
    count: first.lines && count === null ? first.lines.length : count,
    row: (index) => rows.current[index],
    want: (from, to) => {
      wanted.current = [from, to];
      void fill();
      // Scrolled to after something changed: it may not be as it was.
      const behind = rows.current.slice(Math.max(from, FIRST_ROWS), to);
      if (behind.some((row) => !asked_again.current.has(keyOf(row)))) void patch();
    },
    indexOf: (id) => (id ? rows.current.findIndex((row) => row.id === id) : -1),
    seek: (id) => {
      if (rows.current.some((row) => row.id === id)) return;
      sought.current = id;
      void fill();
    },
    failure: failure ?? first.failure ?? counted.failure,
    again: () => {
      first.again();
      counted.again();
    },
    news,
    came,
    isGone: (id) => gone.current.has(id),
    renew,
    settle: (ids) => {
      for (const id of ids) acted.current.add(id);
    },
  };
}
