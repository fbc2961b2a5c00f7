// Things that lie below one another (units, categories), each with how deep it lies, those above
// before those below.

export interface Leaf {
  code: string;
  parent: string | null;
}

/** Deeper than any territory: a ring of parents ends here. */
const DEEPEST = 8;

export function downwards<L extends Leaf>(all: readonly L[]): { of: L; depth: number }[] {
  const codes = new Set(all.map((one) => one.code));
  const below = new Map<string | null, L[]>();
  for (const one of all) {
    const parent = one.parent && codes.has(one.parent) ? one.parent : null;
    const those = below.get(parent);
    if (those) those.push(one);
    else below.set(parent, [one]);
  }
  const rows: { of: L; depth: number }[] = [];
  const walk = (parent: string | null, depth: number): void => {
    for (const one of below.get(parent) ?? []) {
      rows.push({ of: one, depth });
      if (depth < DEEPEST) walk(one.code, depth + 1);
    }
  };
  walk(null, 0);
  return rows;
}
