// The rows of a long list: the first are kept fresh by the store, the others are fetched behind
// them when they are scrolled to. What changes on the device changes rows in place; rows that come
// in front are shown at once where the list stands at its top, and announced where it does not.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, type Call, type Failure, failureOf } from '@page/api';
import { useCall } from '@page/store';
import type { Listed } from '@page/entity';
import { withFlags } from './query';

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
  renew(): void;
}

const keyOf = (row: Listed): string => row.id ?? row.number ?? '';

export function useRows(what: Call): Rows {
  const key = JSON.stringify(what);
  const counted = useCall<{ count: number }>(withFlags(what, { count: true }));
  const first = useCall<Listed>(withFlags(what, { limit: String(FIRST_ROWS) }));
  const rows = useRef<Listed[]>([]);
  const wanted = useRef<[number, number]>([0, 0]);
  const sought = useRef('');
  const run = useRef<AbortController | null>(null);
  const [failure, setFailure] = useState<Failure | undefined>();
  const [news, setNews] = useState(false);
  const [, draw] = useState({});
  const count = counted.lines?.[0]?.count ?? null;

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
        const answer = await call<Listed>(withFlags(what, { limit: String(limit), after: keyOf(last) }), mine.signal);
        rows.current = [...rows.current, ...answer.lines];
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
    setNews(false);
    draw({});
    void fill();
  };

  /** What is on the screen may have changed: ask for it again, where it stands. */
  const patch = async (): Promise<void> => {
    const [from, to] = wanted.current;
    const before = rows.current[Math.max(from, FIRST_ROWS) - 1];
    if (!before || to <= FIRST_ROWS) return;
    const call_of = withFlags(what, { after: keyOf(before), limit: String(to - Math.max(from, FIRST_ROWS)) });
    const answer = await call<Listed>(call_of).catch(() => undefined);
    if (!answer) return;
    const fresh = new Map(answer.lines.map((row) => [keyOf(row), row]));
    rows.current = rows.current.map((row) => fresh.get(keyOf(row)) ?? row);
    draw({});
  };

  useEffect(() => {
    rows.current = [];
    setNews(false);
    return () => {
      run.current?.abort();
      run.current = null;
    };
  }, [key]);

  useEffect(() => {
    const head = first.lines;
    if (!head) return;
    const old = rows.current;
    const same = old.length >= head.length && head.every((row, at) => keyOf(row) === keyOf(old[at]!));
    if (same && old.length > 0) {
      rows.current = [...head, ...old.slice(head.length)];
      draw({});
      void patch();
    } else if (old.length === 0 || wanted.current[0] < FIRST_ROWS) {
      renew();
    } else {
      setNews(true);
      void patch();
    }
  }, [key, first.lines]);

  useEffect(() => void fill(), [count]);

  // A list that is at its end has as many rows as came, whatever was counted before.
  return {
    count: first.lines && count === null ? first.lines.length : count,
    row: (index) => rows.current[index],
    want: (from, to) => {
      wanted.current = [from, to];
      void fill();
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
    renew,
  };
}
