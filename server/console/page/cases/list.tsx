// A list of cases at the desk: a cursor that keys and the mouse move, a selection, and news that wait
// in a bar until they are asked for.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call } from '@page/api';
import { useRows, withFlags, type Rows } from '@page/cases/rows';
import { numberOf } from '@page/entity';
import { go } from '@page/route';
import { signal } from '@page/signal';
import { N, T } from '@page/text';
import { Busy, Button, Empty, Trouble } from '@page/ui/parts';
import { LongList } from '@page/ui/long';
import type { Listed } from '@page/entity';
import type { Target } from '../case/doing';
import { refocus } from '../parts/refocus';
import { useHeld } from '../shell/held_bar';
import type { Key } from '../shell/keys';
import { isNarrowed, listOf, type Address, type Query } from './query';
import { CaseLine, type DeskRow } from './row';

/** The row that the mouse is on: marked on the map, too. */
export const hovered = signal<string | null>(null);

export interface Desk {
  rows: Rows;
  /** The row that the cursor is on. */
  at: string;
  /** The same at this moment, for a key. */
  current(): string;
  setAt(id: string): void;
  /** As they were when they were selected: a list that is renewed may not have them at hand. */
  selected: ReadonlyMap<string, DeskRow>;
  /** What an act is about: the selection, else the row under the cursor. */
  targets(): DeskRow[];
  select(rows: readonly DeskRow[]): void;
  /** All that the list has, up to MOST_SELECTED; false: they did not come. */
  selectAll(): Promise<boolean>;
  toggle(id: string, range?: boolean): void;
  step(by: number, extend?: boolean): void;
}

const NONE: ReadonlyMap<string, DeskRow> = new Map();

/** At once: more is a matter of rules, not of a person who looks at each. */
export const MOST_SELECTED = 200;

export const targetOf = (row: DeskRow): Target => ({ id: row.id ?? '', number: numberOf(row), status: row.status });

/** What is said of it in two places, as it was later. */
const newer = (a: DeskRow | undefined, b: DeskRow): DeskRow => (a && (a.changed ?? 0) >= (b.changed ?? 0) ? a : b);

export function useDesk(query: Query, address: Address): Desk {
  const rows = useRows(listOf(query), true);
  // Keys come faster than the page is drawn: what they go by is here, and drawn from here.
  const live = useRef({ at: query.at, selected: NONE });
  const [, draw] = useState({});
  const { at, selected } = live.current;
  const put = (id: string): void => {
    live.current = { ...live.current, at: id };
    draw({});
  };
  const setSelected = (next: ReadonlyMap<string, DeskRow>): void => {
    live.current = { ...live.current, selected: next };
    draw({});
  };
  const picked = useRef('');
  const timer = useRef(0);
  const latest = useRef(query);
  latest.current = query;
  const key = JSON.stringify(listOf(query));
  const known_key = useRef(key);
  useEffect(() => {
    if (known_key.current === key) return;
    known_key.current = key;
    setSelected(NONE);
    put('');
  }, [key]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const setAt = (id: string): void => {
    put(id);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => address.mark(latest.current, id), 400);
  };
  // The cursor begins on the first, and goes to the next where its row left the list.
  const last_index = useRef(0);
  const index = rows.indexOf(at);
  if (index >= 0) last_index.current = index;
  const first = rows.row(Math.min(last_index.current, Math.max(0, (rows.count ?? 0) - 1)));
  useEffect(() => {
    if (!(index < 0 && first?.id && (rows.count ?? 0) > 0) || (query.at === at && at !== '' && rows.count! > 40)) return;
    put(first.id);
    // The row that had the focus went, and the focus with it.
    if (last_index.current > 0 || at !== '') refocus();
  }, [index < 0, first?.id]);
  useEffect(() => {
    if (query.at) rows.seek(query.at);
  }, []);
  useEffect(() => {
    if (rows.count === 0) refocus();
  }, [rows.count]);
  const current = (index >= 0 ? rows.row(index) : undefined) as DeskRow | undefined;

  const toggle = (id: string, range = false): void => {
    const next = new Map(live.current.selected);
    const from = rows.indexOf(picked.current);
    const to = rows.indexOf(id);
    const add = (row: DeskRow | undefined): void => void (row?.id && next.set(row.id, row));
    if (range && from >= 0 && to >= 0) for (let one = Math.min(from, to); one <= Math.max(from, to); one++) add(rows.row(one));
    else if (!next.delete(id)) add(rows.row(to));
    picked.current = id;
    setSelected(next);
  };
  const step = (by: number, extend = false): void => {
    const from = rows.indexOf(live.current.at);
    const to = Math.max(0, Math.min((rows.count ?? 1) - 1, from + by));
    rows.want(Math.max(0, to - 20), to + 20);
    const row = rows.row(to);
    if (!row?.id) return;
    if (extend) {
      const next = new Map(live.current.selected);
      const begun = rows.row(from);
      if (begun?.id) next.set(begun.id, begun);
      next.set(row.id, row);
      picked.current = row.id;
      setSelected(next);
    }
    setAt(row.id);
    focusRow(row.id);
  };
  const targets = (): DeskRow[] => {
    const { at: here, selected: some } = live.current;
    if (some.size > 0) return [...some].map(([id, then]) => newer(rows.row(rows.indexOf(id)), then));
    const row = rows.row(rows.indexOf(here));
    return row ? [row] : [];
  };
  const select = (some: readonly DeskRow[]): void => setSelected(new Map(some.map((row) => [row.id ?? '', row])));
  const selectAll = async (): Promise<boolean> => {
    const all = await call<DeskRow>(withFlags(listOf(latest.current), { limit: String(MOST_SELECTED) })).catch(() => null);
    if (!all) return false;
    select(all.lines);
    return true;
  };
  return { rows, at: current?.id ?? '', current: () => live.current.at, setAt, selected, targets, select, selectAll, toggle, step };
}

/** The focus goes with the cursor; the row may have to be drawn first. */
export function focusRow(id: string, tries = 8): void {
  const link = document.querySelector<HTMLElement>(`.desk-row[data-id="${id}"] .desk-link`);
  if (link) link.focus({ preventScroll: true });
  else if (tries > 0) requestAnimationFrame(() => focusRow(id, tries - 1));
}

export function listKeys(desk: Desk): Key[] {
  const { step, current } = desk;
  return [
    { keys: 'j', words: T('下一件', 'next'), run: () => step(1) },
    { keys: 'k', words: T('上一件', 'previous'), run: () => step(-1) },
    { keys: 'J', words: T('连下一件一起选', 'select with the next'), run: () => step(1, true) },
    { keys: 'K', words: T('连上一件一起选', 'select with the previous'), run: () => step(-1, true) },
    { keys: 'Enter', words: T('打开', 'open'), run: () => current() && go(['case', current()]) },
    { keys: 'x', words: T('选中或不选', 'select'), run: () => current() && desk.toggle(current()) },
    { keys: 'X', words: T('从上次选的到这里都选中', 'select all from the last one to here'), run: () => current() && desk.toggle(current(), true) },
    { keys: 'A', words: T('都选中', 'select all'), run: () => void desk.selectAll() },
    // What is selected is let go before the page is.
    ...(desk.selected.size > 0 ? [{ keys: 'Escape', words: T('都不选了', 'select none'), run: () => desk.select([]) }] : []),
    { keys: '/', words: T('查找', 'search'), run: () => document.getElementById('search')?.focus() },
    { keys: '.', words: T('显示新来的', 'show what came'), run: desk.rows.renew },
  ];
}

function Nothing({ query, address }: { query: Query; address: Address }) {
  return (
    <Empty icon={isNarrowed(query, address.plain()) ? 'filter' : 'check'}>
      {isNarrowed(query, address.plain()) ? T('没有符合条件的。', 'Nothing fits.') : T('都办完了，没有在办的案件。', 'All is done: no open case.')}
    </Empty>
  );
}

function newsText(rows: Rows): string {
  if (rows.came > 0) return T(`${rows.came} 件新上报，点击显示（.）`, `${N(rows.came, '', 'new report', 'new reports')}: show (.)`);
  return T('有更新，点击刷新（.）', 'Something changed: show (.)');
}

export function CaseList({ desk, query, address }: { desk: Desk; query: Query; address: Address }) {
  useHeld();
  const { rows } = desk;
  const index = rows.indexOf(desk.at);
  return (
    <div class="desk-list">
      <Trouble of={rows.failure} again={rows.again} />
      <div class="desk-news" role="status">
        {rows.news && (
          <Button icon="sync" look="main" onClick={rows.renew}>
            {newsText(rows)}
          </Button>
        )}
      </div>
      {rows.count === null && !rows.failure && <Busy />}
      {rows.count === 0 && <Nothing query={query} address={address} />}
      <LongList<Listed>
        key={JSON.stringify(listOf(query))}
        count={rows.count}
        row={rows.row}
        name={(row) => row.id ?? row.number ?? ''}
        want={rows.want}
        at={index < 0 ? undefined : index}
        label={T('案件', 'Cases')}
        show={(row) => (
          <CaseLine
            row={row as DeskRow}
            current={row.id === desk.at}
            selected={desk.selected.has(row.id ?? '')}
            gone={rows.isGone(row.id ?? '')}
            onSelect={(_, range) => desk.toggle(row.id ?? '', range)}
            onCursor={() => row.id !== desk.at && desk.setAt(row.id ?? '')}
            onHover={(on) => (hovered.value = on ? row.id : null)}
          />
        )}
      />
    </div>
  );
}
