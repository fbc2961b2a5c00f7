// A form's keeper: who keeps what is typed, judges it, and makes it a record. Here is what both have in
// common, and which one this page has: it says so once, when it begins.
//
//     form.ts             what is filled in, and where the person is; asks its keeper
//     keeper_notice.tsx   what the form says of its keeper
//     draft_keeper.ts     the worker's (agent/ui/page/shell): drafts of the program, on the device
//     trial_keeper.ts     the console's (server/console/page/form): judged by `try`, kept nowhere but
//                         in this page and, by unsent.ts, in its tab
import type { Failure, Json, Row } from '@page/api';
import type { Signal } from '@page/signal';
import type { Filled, Informant, Values } from '@page/form/filled';

export interface Problem {
  field: string;
  text: string;
}

/** An incident that this one may be. */
export interface Near {
  id: string;
  number: string;
  distance_m: number;
  category: string | null;
  address: string | null;
  status: string | null;
  created: string | null;
  thumb: string | null;
}

export interface KeptPhoto {
  sha256: string;
  /** Its small picture; itself where it has none. */
  thumb: string;
  bytes: number;
  role: string | null;
  origin: string | null;
  doubts: string[];
}

/** A photo on its way into the draft. */
export interface Arriving {
  key: number;
  file: Blob;
  name: string;
  role: string;
  forwarded: boolean;
  /** Why it is not in it; undefined: on its way. */
  failure?: Failure | undefined;
}

export type Kept =
  | 'empty' /* nothing was touched */
  | 'keeping'
  | 'kept'
  | 'judged' /* nothing keeps it but this page; `failure`: it could not be judged, saving it will */
  | 'waiting' /* the program does not answer; tried again */
  | 'failed' /* full disk and the like; tried again */
  | 'taken'; /* another page wrote to it */

export interface DraftState {
  number: string | null;
  kept: Kept;
  /** When it was last kept, in ms. */
  kept_at: number;
  /** Nothing is on its way: what is said below is of what stands in the form. */
  settled: boolean;
  problems: Problem[];
  missing: string[];
  /** It would be better with these. */
  wanted: string[];
  near: Near[];
  photos: KeptPhoto[];
  arriving: Arriving[];
  failure: Failure | undefined;
  /** It goes on with what was typed before and left. */
  resumed?: boolean;
  /** So many of its photos of then are not there any more. */
  lost_photos?: number;
}

export interface Act {
  /** What it is about; none: something new. */
  about?: string | undefined;
  move?: string | undefined;
  /** Fields that an empty value empties (an edit). */
  emptied?: readonly string[] | undefined;
  /** False: no photos belong to it. */
  photos?: boolean | undefined;
  /** How far what is on the screen goes, where it is told (`changed` of a case): what came after that
   * is not written over. */
  seen?: (() => number | undefined) | undefined;
  /** Of several things at once. */
  several?: boolean | undefined;
}

export interface Keeper {
  state: Signal<DraftState>;
  change(filled: Filled): void;
  /** What is filled in by itself (a position, a last value): kept with what a person does. */
  seed(filled: Filled): void;
  addPhotos(files: readonly { file: Blob; name: string }[], role: string, forwarded: boolean): void;
  retryPhoto(key: number): void;
  forgetPhoto(key: number): void;
  dropPhoto(sha256: string): void;
  /** When all that was typed is kept, or cannot be. */
  settle(): Promise<DraftState>;
  /** Go on in this page with a draft that another one wrote to. */
  takeOver(): void;
  /** Make it a record; what the command answered. */
  finish(): Promise<Row>;
  discard(): Promise<void>;
  /** What it is was recorded by other means: nothing of it is to be gone on with. */
  recorded?(): void;
  /** Let go of what was left here before; go on with this. */
  restart?(filled: Filled): void;
  /** The page is left; what is on its way ends by itself. */
  close(): void;
}

/** An act on `about` that may have been begun before. */
export interface Sought {
  about: string;
  move?: string | undefined;
  fields?: readonly string[] | undefined;
  photos?: boolean | undefined;
}

interface Keeping {
  /** `begun`: the draft that it goes on with. */
  open(kind: string, act: Act, first: Filled, begun?: Row): Keeper;
  /** A draft of the same act, if one was begun and left. */
  begun(what: Sought): Promise<Row | null>;
  /** The same, where it is known at once. */
  left(kind: string, act: Act): Row | undefined;
}

export const keeping: Keeping = {
  open: () => {
    throw new Error('nothing keeps the forms of this page');
  },
  begun: () => Promise.resolve(null),
  left: () => undefined,
};

// ---- a draft as the commands tell of it ----

export const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
export const textOrNull = (value: Json | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
const rows = (value: Json | undefined): Row[] =>
  Array.isArray(value)
    ? value.filter((row): row is Row => row !== null && typeof row === 'object' && !Array.isArray(row))
    : [];
export const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((word): word is string => typeof word === 'string') : [];
export const count = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);

export const object = (value: Json | undefined): Row =>
  value && typeof value === 'object' && !Array.isArray(value) ? value : {};

function photoOf(row: Row): KeptPhoto {
  return {
    sha256: text(row.sha256),
    thumb: text(object(row.thumbnail).sha256) || text(row.sha256),
    bytes: count(row.bytes),
    role: textOrNull(row.role),
    origin: textOrNull(row.origin),
    doubts: rows(row.doubts).map((doubt) => text(doubt.doubt)),
  };
}

function nearOf(row: Row): Near {
  return {
    id: text(row.id),
    number: text(row.number),
    distance_m: count(row.distance_m),
    category: textOrNull(row.category),
    address: textOrNull(row.address),
    status: textOrNull(row.status),
    created: textOrNull(row.created),
    thumb: textOrNull(row.thumb),
  };
}

function informantOf(of: Row): Informant {
  return {
    contact: text(of.contact),
    phone: text(of.phone),
    consent: text(of.consent),
    relation: text(of.relation),
  };
}

/** What was typed, by field: a text, or a list of them. */
function valuesOf(of: Row): Values {
  const values: Values = {};
  for (const [field, said] of Object.entries(of))
    values[field] = typeof said === 'string' ? [said] : texts(said);
  return values;
}

/** What a draft holds, as `draft write`, `draft list` and `show` tell it. */
export function filledOf(row: Row): Filled {
  return {
    values: valuesOf(object(row.texts)),
    informant: informantOf(object(row.informant)),
    opens: valuesOf(object(row.incident)),
  };
}

/** What was found of what is filled in. */
export function judgedOf(row: Row): Pick<DraftState, 'problems' | 'missing' | 'wanted' | 'near' | 'photos'> {
  return {
    problems: rows(row.problems).map((problem) => ({ field: text(problem.field), text: text(problem.text) })),
    missing: texts(row.missing),
    wanted: texts(row.wanted),
    near: rows(row.near).map(nearOf),
    photos: rows(row.photos).map(photoOf),
  };
}

/** Before anything is filled in. */
export const UNTOUCHED: DraftState = {
  number: null,
  kept: 'empty',
  kept_at: 0,
  settled: true,
  problems: [],
  missing: [],
  wanted: [],
  near: [],
  photos: [],
  arriving: [],
  failure: undefined,
};
