// A list of any length: only the rows near the window are in the document, and rows are asked for
// as they are scrolled to. Rows may be of any height, which may change (text size, a new state):
// each is measured when it is drawn, and what is on the screen stays where it is.
//
// Up, Down, Page Up, Page Down, Home and End go from row to row; the row that has the focus stays
// in the document wherever the list is scrolled to, so that Tab goes on from there.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { T } from '@page/text';

interface LongProps<R> {
  /** How many rows there are; null: not known yet. */
  count: number | null;
  /** Those that were fetched, by their place; undefined: not yet. */
  row(index: number): R | undefined;
  /** What a row is, wherever it stands: its id. */
  name(row: R): string;
  /** Rows from `from` to `to` (without it) are about to be seen. */
  want(from: number, to: number): void;
  show(row: R, index: number): ComponentChildren;
  label: string;
  /** Scroll to this row when it becomes another one. */
  at?: number | undefined;
}

const MARGIN_PX = 600;
const GUESS_PX = 128;
const PAGE_ROWS = 8;
const ENOUGH_ROWS = 4;

/** Where rows begin: the sum of those before, measured or guessed. */
class Heights {
  private known: number[] = [];
  private sum = 0;
  private measured = 0;
  private settled = 0;

  private of(index: number): number {
    return this.known[index] ?? this.guess();
  }

  /** From the first few, and then no more: another guess would move thousands of rows at once. */
  private guess(): number {
    if (!this.settled && this.measured >= ENOUGH_ROWS) this.settled = this.sum / this.measured;
    return this.settled || (this.measured ? this.sum / this.measured : GUESS_PX);
  }

  /** By how much it grew. */
  measure(index: number, height: number): number {
    const before = this.of(index);
    if (this.known[index] === undefined) this.measured++;
    this.sum += height - (this.known[index] ?? 0);
    this.known[index] = height;
    return height - before;
  }

  /** The guess as it is now, for a whole drawing: it must not move while rows are placed. */
  places(count: number): (index: number) => number {
    const guess = this.guess();
    const tops = new Float64Array(count + 1);
    for (let at = 0; at < count; at++) tops[at + 1] = tops[at]! + (this.known[at] ?? guess);
    return (index) => tops[Math.max(0, Math.min(count, index))]!;
  }

  differs(index: number, height: number): boolean {
    return Math.abs(this.of(index) - height) > 1;
  }

  forget(): void {
    this.known = [];
    this.sum = this.measured = this.settled = 0;
  }
}

/** The row that holds a place in pixels. */
function rowAt(top: (index: number) => number, count: number, px: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (top(middle + 1) <= px) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Scroll so that what lies between is seen, clear of what stands at the top and the foot. */
function intoView(up: number, bottom: number): void {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const bar = parseFloat(document.documentElement.style.getPropertyValue('--bulk')) || 0;
  const above = up - 4 * rem - bar;
  const below = bottom + 5 * rem - innerHeight;
  if (above < 0 || below > above) scrollBy(0, above);
  else if (below > 0) scrollBy(0, below);
}

const toTouch = (item: Element | null | undefined): HTMLElement | null =>
  item?.querySelector<HTMLElement>('a, button') ?? null;

export function LongList<R>({ count, row, name, want, show, label, at }: LongProps<R>) {
  const list = useRef<HTMLUListElement>(null);
  const heights = useRef(new Heights());
  const width = useRef(0);
  /** The row whose control has the focus, or is to get it. */
  const focus = useRef({ index: -1, pending: false });
  /** The row that stays where it is on the screen: its place, and how far it is from the top. */
  const anchor = useRef<{ index: number; offset: number } | null>(null);
  const [range, setRange] = useState<[number, number]>([0, 12]);
  const total = count ?? 0;
  const top = heights.current.places(total);

  const look = (): void => {
    const box = list.current;
    if (!box) return;
    const above = -box.getBoundingClientRect().top;
    const first = rowAt(top, total, Math.max(0, above));
    anchor.current = above > 0 ? { index: first, offset: above - top(first) } : null;
    const from = rowAt(top, total, Math.max(0, above - MARGIN_PX));
    const to = Math.min(total, rowAt(top, total, above + innerHeight + MARGIN_PX) + 1);
    setRange((old) => (old[0] === from && old[1] === to ? old : [from, to]));
  };
  const latest = useRef(look);
  latest.current = look;

  useEffect(() => {
    const scrolled = (): void => latest.current();
    addEventListener('scroll', scrolled, { passive: true });
    addEventListener('resize', scrolled);
    return () => {
      removeEventListener('scroll', scrolled);
      removeEventListener('resize', scrolled);
    };
  }, []);

  // Another width changes every height; another text size, or a longer state, those of some rows.
  const seen = useRef(new WeakSet<Element>());
  const resized = useRef<ResizeObserver | null>(null);
  useEffect(() => () => resized.current?.disconnect(), []);
  const watch = (item: HTMLElement): void => {
    resized.current ??= new ResizeObserver((marks) => {
      const now = list.current?.clientWidth ?? 0;
      const wider = now !== width.current;
      width.current = now;
      if (wider) heights.current.forget();
      const differs = marks.some(({ target }) => {
        const row = (target as HTMLElement).dataset;
        return row.full !== undefined && heights.current.differs(Number(row.at), target.getBoundingClientRect().height);
      });
      if (!wider && !differs) return;
      latest.current();
      setRange(([from, to]) => [from, to]);
    });
    if (seen.current.has(item)) return;
    seen.current.add(item);
    resized.current.observe(item);
  };
  useEffect(() => look(), [total]);
  useEffect(() => want(range[0], range[1]), [range[0], range[1], total]);

  const scrollToRow = (index: number): void => {
    const box = list.current;
    if (!box) return;
    const begin = box.getBoundingClientRect().top;
    intoView(begin + top(index), begin + top(index + 1));
  };
  useEffect(() => {
    if (at !== undefined && at >= 0 && at < total) scrollToRow(at);
  }, [at]);

  // Measure what is drawn, place it, and keep what is seen where it is.
  useLayoutEffect(() => {
    const box = list.current;
    if (!box) return;
    let changed = false;
    const items = [...box.children] as HTMLElement[];
    for (const item of [box, ...items]) watch(item);
    for (const item of items)
      if (item.dataset.full !== undefined)
        changed = heights.current.measure(Number(item.dataset.at), item.getBoundingClientRect().height) !== 0 || changed;
    const place = changed ? heights.current.places(total) : top;
    for (const item of items) item.style.transform = `translateY(${place(Number(item.dataset.at))}px)`;
    box.style.height = `${place(total)}px`;
    const held = anchor.current;
    if (changed && held) {
      const off = place(held.index) + held.offset + box.getBoundingClientRect().top;
      if (Math.abs(off) > 1) scrollBy(0, off);
    }
    if (changed) requestAnimationFrame(() => latest.current());
    const { index, pending } = focus.current;
    const target = pending ? toTouch(box.querySelector(`[data-at="${index}"][data-full]`)) : null;
    if (target) {
      focus.current.pending = false;
      target.focus({ preventScroll: true });
      // Once its place holds: the rows around it are measured with it.
      requestAnimationFrame(() => {
        const row_box = target.closest('li')?.getBoundingClientRect();
        if (row_box && target === document.activeElement) intoView(row_box.top, row_box.bottom);
      });
    }
  });

  const move = (event: KeyboardEvent): void => {
    const from = Number((event.target as Element).closest<HTMLElement>('[data-at]')?.dataset.at);
    const steps: Record<string, number> = {
      ArrowUp: from - 1,
      ArrowDown: from + 1,
      PageUp: from - PAGE_ROWS,
      PageDown: from + PAGE_ROWS,
      Home: 0,
      End: total - 1,
    };
    const wanted = steps[event.key];
    if (wanted === undefined || Number.isNaN(from) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(total - 1, wanted));
    focus.current = { index, pending: true };
    scrollToRow(index);
    latest.current();
    setRange(([first, last]) => [first, last]);
  };

  const shown: ComponentChildren[] = [];
  const put = (index: number): void => {
    const here = row(index);
    shown.push(
      <li
        key={here ? name(here) : index}
        class="long-row"
        aria-setsize={total}
        aria-posinset={index + 1}
        data-at={index}
        data-full={here ? '' : undefined}
      >
        {here ? show(here, index) : <span class="long-blank" aria-hidden="true" />}
      </li>,
    );
  };
  const kept = focus.current.index;
  const last = Math.min(range[1], total);
  if (kept >= 0 && kept < range[0] && kept < total) put(kept);
  for (let index = range[0]; index < last; index++) put(index);
  if (kept >= last && kept >= range[0] && kept < total) put(kept);
  return (
    <ul
      class="long"
      ref={list}
      aria-label={label}
      aria-description={T('上下键逐条移动', 'up and down go from row to row')}
      onKeyDown={move}
      onFocusIn={(event) => {
        const index = (event.target as Element).closest<HTMLElement>('[data-at]')?.dataset.at;
        if (index !== undefined) focus.current = { index: Number(index), pending: false };
      }}
      onFocusOut={() => {
        if (!focus.current.pending) focus.current = { index: -1, pending: false };
      }}
    >
      {shown}
    </ul>
  );
}
