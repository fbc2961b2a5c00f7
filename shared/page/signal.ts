// A value that components may read, and are drawn again when it changes.
import { useEffect, useState } from 'preact/hooks';

export interface Signal<V> {
  value: V;
  /** Call `heard` after each change; the result ends that. */
  watch(heard: () => void): () => void;
}

export function signal<V>(first: V): Signal<V> {
  let value = first;
  const ears = new Set<() => void>();
  return {
    get value() {
      return value;
    },
    set value(next: V) {
      if (Object.is(next, value)) return;
      value = next;
      for (const heard of [...ears]) heard();
    },
    watch(heard) {
      ears.add(heard);
      return () => ears.delete(heard);
    },
  };
}

/** The value now, in a component. */
export function useSignal<V>(of: Signal<V>): V {
  const [, draw] = useState({});
  useEffect(() => of.watch(() => draw({})), [of]);
  return of.value;
}
