// What is looked for, between the address (#/cases?kind=…), its controls and the command.
import type { Call } from '@page/api';
import { shift } from '@page/route';
import { locked } from '@page/store';

export interface Query {
  kind: string;
  status: string;
  /** '': all; open; settled */
  state: string;
  delivery: string;
  conflict: boolean;
  overdue: boolean;
  due: boolean;
  mine: boolean;
  holder: string;
  category: string;
  text: string;
  /** list, map or drafts */
  view: string;
  selected: string;
}

export const NO_QUERY: Query = {
  kind: '',
  status: '',
  state: '',
  delivery: '',
  conflict: false,
  overdue: false,
  due: false,
  mine: false,
  holder: '',
  category: '',
  text: '',
  view: 'list',
  selected: '',
};

/** Those that say how it is shown, not what. */
const SHOWING: readonly (keyof Query)[] = ['view', 'selected'];
const names = Object.keys(NO_QUERY) as (keyof Query)[];

/** What is searched for may be a person's name: the browser keeps addresses, so a step of its
 * history holds a number alone, and the text stays in this tab. A link may bring one along. */
const searched: string[] = [];
locked.watch(() => searched.fill(''));

const searchedHere = (): string => searched[(history.state as { searched?: number } | null)?.searched ?? -1] ?? '';

export function readQuery(from: URLSearchParams): Query {
  const query: Record<string, string | boolean> = { ...NO_QUERY };
  for (const name of names) {
    const text = from.get(name);
    if (text !== null) query[name] = typeof NO_QUERY[name] === 'boolean' ? text === '1' : text;
  }
  query.text ||= searchedHere();
  return query as unknown as Query;
}

function writeQuery(query: Query): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of names) if (query[name] !== NO_QUERY[name]) kept[name] = query[name] === true ? '1' : String(query[name]);
  return kept;
}

export function change(query: Query, by: Partial<Query>): void {
  const wanted = { ...query, ...by };
  if (wanted.text !== searchedHere()) history.replaceState({ ...history.state, searched: searched.push(wanted.text) - 1 }, '');
  shift(['cases'], writeQuery({ ...wanted, text: '' }));
}

/** How many filters are set behind the button: text and state have controls of their own. */
export function filtersSet(query: Query): number {
  return names.filter((name) => !SHOWING.includes(name) && name !== 'text' && name !== 'state' && query[name] !== NO_QUERY[name]).length;
}

export function isNarrowed(query: Query): boolean {
  return names.some((name) => !SHOWING.includes(name) && name !== 'due' && query[name] !== NO_QUERY[name]);
}

export function callOf(query: Query): Call {
  const flags: Record<string, string | true> = {};
  const put = (name: string, value: string | boolean): void => {
    if (value) flags[name] = value === true ? true : value;
  };
  put('status', query.status);
  put('open', query.state === 'open');
  put('settled', query.state === 'settled');
  put('state', query.conflict ? 'conflict' : query.delivery);
  put('overdue', query.overdue);
  put('due', query.due);
  put('mine', query.mine);
  put('holder', query.holder);
  put('category', query.category);
  put('text', query.text.trim());
  return { run: 'list', words: query.kind ? [query.kind] : [], flags };
}
