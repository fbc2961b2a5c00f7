// What the next record of the same kind begins with, so that nothing is typed twice: grid, place and
// form of the one before, for as long as the same patrol lasts.
import type { Values } from '@page/form/filled';

const CARRIED = ['grid', 'place', 'form'];

const last = new Map<string, { patrol: string; values: Values }>();

export function carry(kind: string, patrol: string | null, values: Values): void {
  if (!patrol) return;
  const some = Object.fromEntries(
    CARRIED.filter((name) => values[name]?.length).map((name) => [name, values[name]!]),
  );
  last.set(kind, { patrol, values: some });
}

export function carried(kind: string, patrol: string | null): Values {
  const before = last.get(kind);
  return patrol && before?.patrol === patrol ? { ...before.values } : {};
}
