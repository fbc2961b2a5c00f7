// Where we are: the part of the address after #, as a path and parameters.
import { signal, useSignal } from '@page/signal';

export interface Place {
  /** `['case', '899d1c…', 'do', 'sign']`; empty at home. */
  path: string[];
  query: URLSearchParams;
}

function read(): Place {
  // The key of the address that was opened is no place.
  const text = location.hash.replace(/^#(key=.*|\/)?/, '');
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
addEventListener('hashchange', () => {
  place.value = read();
});

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

/** Without a new step for Back: filters, tabs. */
export function shift(path: (string | number)[], query?: Record<string, string>): void {
  history.replaceState(history.state, '', address(path, query));
  place.value = read();
}

/** One step back; home where there was none inside the page. */
export function back(): void {
  if (history.length > 1) history.back();
  else go([]);
}
