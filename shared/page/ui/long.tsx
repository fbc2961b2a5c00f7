// A list of any length: rows are fetched page by page as they are scrolled to, and only those near
// the window are in the document. Rows have one height each kind of screen, measured from the first.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface LongProps<R> {
  /** How many rows there are; null: not known yet. */
  count: number | null;
  /** Those that were fetched, by their place; undefined: not yet. */
  row(index: number): R | undefined;
  /** Rows from `from` to `to` (without it) are about to be seen. */
  want(from: number, to: number): void;
  show(row: R, index: number): ComponentChildren;
  label: string;
}

const MARGIN_ROWS = 8;
const GUESS_PX = 96;

export function LongList<R>({ count, row, want, show, label }: LongProps<R>) {
  const list = useRef<HTMLUListElement>(null);
  const [high, setHigh] = useState(GUESS_PX);
  const [range, setRange] = useState<[number, number]>([0, 20]);
  const total = count ?? 0;

  useEffect(() => {
    const look = (): void => {
      const box = list.current;
      if (!box) return;
      const above = Math.max(0, -box.getBoundingClientRect().top);
      const from = Math.max(0, Math.floor(above / high) - MARGIN_ROWS);
      const to = Math.min(total, Math.ceil((above + innerHeight) / high) + MARGIN_ROWS);
      setRange((old) => (old[0] === from && old[1] === to ? old : [from, to]));
    };
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [high, total]);

  useEffect(() => want(range[0], range[1]), [range[0], range[1], total]);

  useLayoutEffect(() => {
    const box = list.current;
    if (!box) return;
    box.style.paddingTop = `${range[0] * high}px`;
    box.style.paddingBottom = `${Math.max(0, total - range[1]) * high}px`;
    const first = box.querySelector<HTMLElement>('li[data-full]');
    const measured = first?.getBoundingClientRect().height ?? 0;
    if (measured > 0 && Math.abs(measured - high) > 1) setHigh(measured);
  });

  const shown = [];
  for (let at = range[0]; at < Math.min(range[1], total); at++) {
    const here = row(at);
    shown.push(
      <li key={at} class="long-row" aria-setsize={total} aria-posinset={at + 1} data-full={here ? '' : undefined}>
        {here ? show(here, at) : <span class="long-blank" />}
      </li>,
    );
  }
  return (
    <ul class="long" ref={list} aria-label={label}>
      {shown}
    </ul>
  );
}
