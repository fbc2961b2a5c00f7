// Where we are: the part of the address after #, as a path and parameters.
import { signal, useSignal } from '@page/signal';

export interface Place {
  /** `['case', '899d1c…', 'do', 'sign']`; empty at home. */
  path: string[];
  query: URLSearchParams;
}

function read(): Place {
  // The key of the address that was opened is no place.
  const text = location.hash.replace(/^#((?:key|once)=.*|\/)?/, '');
  const cut = text.indexOf('?');
  const path = (cut < 0 ? text : text.slice(0, cut)).split('/').filter(Boolean);
  return {
    path: path.map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    }),
    query: new URLSearchParams(cut < 0 ? '' : text.slice(cut + 1)),
  };
}

const place = signal<Place>(read());
/** The address that is on the screen. Between a step back and what it shows, another one stands in
 * the browser; what the page before still wants to write there is too late. */
let shown = location.hash;

/** So many steps of ours lie before the one that is shown; the browser keeps it with each. */
let step = 0;

function countStep(otherwise: number): void {
  const known = (history.state as { step?: number } | null)?.step;
  step = known ?? otherwise;
  if (known === undefined) history.replaceState({ ...history.state, step }, '');
}
countStep(0);

function show(): void {
  countStep(step + 1);
  shown = location.hash;
  place.value = read();
}
addEventListener('hashchange', show);

export function usePlace(): Place {
  return useSignal(place);
}

/** `#/case/ID?tab=photos` */
export function address(path: (string | number)[], query?: Record<string, string>): string {
  const tail = query ? new URLSearchParams(query).toString() : '';
  return `#/${path.map((part) => encodeURIComponent(part)).join('/')}${tail ? `?${tail}` : ''}`;
}

export function go(path: (string | number)[], query?: Record<string, string>): void {
  location.hash = address(path, query);
}

/** Another address for what is on the screen, which stays as it is. False: it was left meanwhile. */
export function restate(path: (string | number)[], query?: Record<string, string>): boolean {
  // The key of the address that was opened is taken out of it, without a step.
  if (location.hash !== shown && !/^#(key|once)=/.test(shown)) return false;
  history.replaceState(history.state, '', address(path, query));
  shown = location.hash;
  return true;
}

/** Without a new step for Back: filters, tabs. */
export function shift(path: (string | number)[], query?: Record<string, string>): void {
  if (restate(path, query)) place.value = read();
}

/** One step back; home where there was none inside the page: what lies before it in this tab is
 * another site's, or nothing. */
export function back(): void {
  if (step > 0) history.back();
  else go([]);
}
