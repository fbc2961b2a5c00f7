// What the keyboard does, said once: the handler, and the sheet that `?` shows.
//
// A page adds what its keys do while it is shown; no key works while something is being typed, or
// under an open dialog, or with Ctrl, Alt or Meta.
import { useLayoutEffect } from 'preact/hooks';
import { signal } from '@page/signal';
import { T } from '@page/text';

export interface Key {
  /** `j`, `Enter`, or two in a row: `g i`. */
  keys: string;
  words: string;
  run(): void;
}

/** Who answers first: a form before the page that it is on, a page before what stands around it. */
type Rank = 'around' | 'page' | 'form';
const RANKS: readonly Rank[] = ['form', 'page', 'around'];

/** Of one rank, newest last: the newest answers first. */
const layers: { keys: Key[]; rank: Rank }[] = [];
export const keys_shown = signal(false);

/** The keys of a page, for as long as it is drawn: from the moment that it is there, for who types
 * faster than the screen is painted. */
export function useKeys(keys: Key[], rank: Rank = 'page'): void {
  useLayoutEffect(() => {
    const layer = { keys, rank };
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  });
}

/** All that work now, those of the page first. */
export function allKeys(): Key[] {
  const seen = new Set<string>();
  const all: Key[] = [];
  const ranked = RANKS.flatMap((rank) => layers.filter((layer) => layer.rank === rank).reverse());
  for (const layer of ranked)
    for (const key of layer.keys)
      if (!seen.has(key.keys)) {
        seen.add(key.keys);
        all.push(key);
      }
  return all;
}

const FIRST_WAITS_MS = 1200;
let first = '';
let first_at = 0;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio]), textarea, select'));

/** Enter on a link or a button is its own. */
const isOwn = (event: KeyboardEvent): boolean =>
  event.key === 'Enter' && event.target instanceof HTMLElement && event.target.closest('a, button, summary, label, [role=option]') !== null;

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (typing(event.target) || isOwn(event) || document.querySelector('dialog[open]')) return;
  if (event.key === '?') {
    keys_shown.value = true;
    event.preventDefault();
    return;
  }
  const two = first && Date.now() - first_at < FIRST_WAITS_MS ? `${first} ${event.key}` : '';
  const all = allKeys();
  const found = all.find((key) => key.keys === two) ?? all.find((key) => key.keys === event.key);
  first = '';
  if (found) {
    event.preventDefault();
    found.run();
  } else if (all.some((key) => key.keys.startsWith(`${event.key} `))) {
    first = event.key;
    first_at = Date.now();
    event.preventDefault();
  }
}

/** Hear the keyboard, for good. */
export function hearKeys(): () => void {
  addEventListener('keydown', pressed);
  return () => removeEventListener('keydown', pressed);
}

/** How a key is written on the sheet: `Enter` → 回车. */
export function keyText(keys: string): string {
  const named: Record<string, string> = { Enter: T('回车', 'Enter'), Escape: 'Esc', ArrowDown: '↓', ArrowUp: '↑' };
  return keys.split(' ').map((one) => named[one] ?? one).join(' ');
}
