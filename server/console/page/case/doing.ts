// What may be done from where a case stands, by whom, and how it is done: at once (and held for
// five seconds), or by a form.
import type { Call } from '@page/api';
import { said, theDomain, type Way } from '@page/domain';
import { N, T } from '@page/text';
import { holdActs, isHeld, type Acts } from '../shell/held_acts';

/** The letter of a move, wherever a case is under the cursor. */
export const MOVE_KEYS: Record<string, string> = {
  accept: 'a',
  file: 'f',
  dispatch: 'd',
  void: 'v',
  remind: 'r',
  supervise: 's',
  escalate: 'e',
  close: 'c',
  sign: 'i',
  finish: 'p',
  return: 'b',
};

/** My way of making a move from a status, if there is one. */
export function myWay(move: string, status: string | null | undefined): Way | undefined {
  const { moves, me } = theDomain();
  return moves
    .find((one) => one.name === move)
    ?.ways.find((way) => way.who.includes(me.role) && (way.from.length === 0 || (status ? way.from.includes(status) : false)));
}

/** It asks nothing that a person must say. */
function isPlain(way: Way): boolean {
  const hard = new Set(theDomain().needs.filter((need) => (need as { hard?: boolean }).hard).map(({ name }) => name));
  return !way.fields.some((field) => field.needed) && !way.needs.some((need) => hard.has(need) && need !== 'reviewed' && need !== 'replied');
}

/** Where a plan stands in the catalogue, the form is worth its while: a dispatch says to whom. */
const BY_FORM: readonly string[] = ['dispatch', 'designate', 'hand_down'];

export const asksNothing = (move: string, way: Way): boolean => isPlain(way) && !BY_FORM.includes(move);

export interface Target {
  id: string;
  number: string;
  status: string | null;
}

/** 受理 3 件, 受理 2026-117 */
export function actWords(move: string, of: readonly Target[]): string {
  const name = said('moves', move);
  return of.length === 1 ? `${name} ${of[0]!.number}` : T(`${name} ${of.length} 件`, `${name}: ${N(of.length, '', 'case', 'cases')}`);
}

/** Those that nothing is about to be done to: one act at a time. */
export const idle = <T extends { number: string }>(of: readonly T[]): T[] => of.filter(({ number }) => !isHeld(number));

export function hold(move: string, of: readonly Target[], callOf: (id: string) => Call, then: Pick<Acts, 'done' | 'again'> = {}): void {
  holdActs({
    words: actWords(move, of),
    calls: of.map(({ id, number }) => ({ call: callOf(id), about: number, id })),
    ...then,
  });
}

export const plainCall = (move: string) => (id: string): Call => ({ run: 'do', words: [id, move] });
