// What is looked for, between the address, its controls and the commands (`list`, `counts`, `export`).
import type { Call } from '@page/api';
import { restate, shift } from '@page/route';
import { known } from '@page/api';

export interface Query {
  /** '': all; open; settled */
  state: string;
  status: string;
  light: string;
  unit: string;
  category: string;
  urgency: string;
  level: string;
  holder: string;
  /** Of `unit` and `holder` that one itself: not those below it, nor who was called. */
  alone: boolean;
  stage: string;
  source: string;
  since: string;
  until: string;
  conflict: boolean;
  /** created, due, changed */
  by: string;
  text: string;
  /** The row that the cursor is on. */
  at: string;
}

export const NO_QUERY: Query = {
  state: '',
  status: '',
  light: '',
  unit: '',
  category: '',
  urgency: '',
  level: '',
  holder: '',
  alone: false,
  stage: '',
  source: '',
  since: '',
  until: '',
  conflict: false,
  by: 'created',
  text: '',
  at: '',
};

/** Those that say how it is shown, not what. */
const SHOWING: readonly (keyof Query)[] = ['by', 'at'];
const names = Object.keys(NO_QUERY) as (keyof Query)[];

/** What is searched for may be a person's name: the browser keeps addresses, so a step of its
 * history holds a number alone, and the text stays in this tab. A link may bring one along. */
const searched: string[] = [];
known.watch(() => void (known.value || searched.fill('')));

const searchedHere = (): string => searched[(history.state as { searched?: number } | null)?.searched ?? -1] ?? '';

export function readQuery(from: URLSearchParams, otherwise: Partial<Query> = {}): Query {
  const query: Record<string, string | boolean> = { ...NO_QUERY, ...otherwise };
  for (const name of names) {
    const text = from.get(name);
    if (text !== null) query[name] = typeof NO_QUERY[name] === 'boolean' ? text === '1' : text;
  }
  query.text ||= searchedHere();
  return query as unknown as Query;
}

function written(query: Query, otherwise: Partial<Query>): Record<string, string> {
  const kept: Record<string, string> = {};
  const plain = { ...NO_QUERY, ...otherwise };
  for (const name of names)
    if (name !== 'text' && query[name] !== plain[name]) kept[name] = query[name] === true ? '1' : String(query[name]);
  return kept;
}

/** The same list under another name for Back: filters are no steps. */
export class Address {
  constructor(
    readonly path: string[],
    readonly otherwise: Partial<Query> = {},
  ) {}

  read(from: URLSearchParams): Query {
    return readQuery(from, this.otherwise);
  }

  change(query: Query, by: Partial<Query>): void {
    const wanted = { ...query, ...by };
    if (wanted.text !== searchedHere()) history.replaceState({ ...history.state, searched: searched.push(wanted.text) - 1 }, '');
    shift(this.path, written(wanted, this.otherwise));
  }

  /** Where the cursor is, for when she comes back: nothing is drawn for it. */
  mark(query: Query, at: string): void {
    restate(this.path, written({ ...query, at }, this.otherwise));
  }

  plain(): Query {
    return { ...NO_QUERY, ...this.otherwise };
  }
}

export function isNarrowed(query: Query, from: Query): boolean {
  return names.some((name) => !SHOWING.includes(name) && query[name] !== from[name]);
}

type Flags = Record<string, string | true>;

/** What the commands take for a level, a stage or a holder where there is none. */
export const NONE = '-';

/** The filters as the commands take them; `without` those that are counted beside. */
export function flagsOf(query: Query, without: readonly (keyof Query)[] = []): Flags {
  const flags: Flags = { case: true };
  for (const name of ['status', 'light', 'unit', 'category', 'urgency', 'level', 'stage', 'holder', 'source', 'since', 'until'] as const)
    if (query[name] && !without.includes(name)) flags[name] = query[name];
  if (query.state === 'open') flags.open = true;
  if (query.state === 'settled') flags.settled = true;
  if (query.alone) flags.alone = true;
  if (query.conflict) flags.conflict = true;
  if (query.text.trim()) flags.text = query.text.trim();
  return flags;
}

export const listOf = (query: Query): Call => ({ run: 'list', flags: { ...flagsOf(query), by: query.by } });
export const countsOf = (query: Query): Call => ({ run: 'counts', flags: flagsOf({ ...query, state: '' }, ['status', 'light']) });
