// The tab's store of what was typed into a form and is not recorded yet (trial_keeper.ts writes it, and
// takes it up again), so that a reload, another page or a login that ran out loses nothing. It is
// found again by whoever typed it, and by nobody else: another person's login takes it out, a logout
// too. What is personal goes with the login, however that ends. Photos are at the centre for a day, as
// hers alone (`photo add`).
import type { Row } from '@page/api';
import { fieldNamed, kindNamed } from '@page/domain';
import type { Filled, Values } from '@page/form/filled';
import type { Act, KeptPhoto } from '@page/form/keeper';

const KEPT = 'xunge-unsent ';
const PERSONAL = ' personal';

const ours = (): string[] => Object.keys(sessionStorage).filter((key) => key.startsWith(KEPT));

/** One place for each act on each thing. Several at once are nobody's. */
function placeOf(who: string, kind: string, act: Act): string | null {
  if (!who || act.several) return null;
  const what = act.move ?? act.emptied?.join(',') ?? '';
  return KEPT + [who, kind, act.about ?? '', what, act.photos === false ? '' : 'photos'].join(' ');
}

function split(kind: string, values: Values): [Values, Values] {
  const of = kindNamed(kind);
  const open: Values = {};
  const personal: Values = {};
  for (const [name, texts] of Object.entries(values)) (fieldNamed(of, name)?.personal ? personal : open)[name] = texts;
  return [open, personal];
}

function put(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // It is full: this form lives in the page alone, as long as that.
  }
}

function take(key: string): Row | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null') as Row | null;
  } catch {
    return null;
  }
}

export interface Unsent {
  filled: Filled;
  photos: readonly KeptPhoto[];
  /** By which it becomes a record (shell/once.ts). */
  key: string;
}

export function keepUnsent(who: string, kind: string, act: Act, { filled, photos, key }: Unsent): void {
  const place = placeOf(who, kind, act);
  if (!place) return;
  const [texts, personal] = split(kind, filled.values);
  put(place, { texts, incident: filled.opens, photos, key });
  put(place + PERSONAL, { texts: personal, informant: filled.informant });
}

export function forgetUnsent(who: string, kind: string, act: Act): void {
  const place = placeOf(who, kind, act);
  if (!place) return;
  sessionStorage.removeItem(place);
  sessionStorage.removeItem(place + PERSONAL);
}

/** As a draft is told (keeper.ts); none was left here. */
export function unsentOf(who: string, kind: string, act: Act): Row | undefined {
  const place = placeOf(who, kind, act);
  const open = place && take(place);
  if (!open) return undefined;
  const personal = take(place + PERSONAL) ?? {};
  return { ...open, ...personal, texts: { ...(open.texts as Row), ...(personal.texts as Row | undefined) } };
}

/** Whatever ended the login: what is personal does not stay. */
export function forgetPersonal(): void {
  for (const key of ours()) if (key.endsWith(PERSONAL)) sessionStorage.removeItem(key);
}

/** All but what `who` typed; '': all. */
export function forgetOthers(who: string): void {
  for (const key of ours()) if (!who || !key.startsWith(`${KEPT}${who} `)) sessionStorage.removeItem(key);
}
