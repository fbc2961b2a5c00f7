// What the commands tell of one record and of its history (list, show, history, conflicts).
import type { Json } from '@page/api';
import { T, when } from '@page/text';
import { actorCode, personNamed } from '@page/actor';
import { said } from '@page/domain';
import type { Clock, Delivery, PhotoCounts } from '@page/ui/states';

export interface Place {
  lat: number;
  lon: number;
}

/** A line of `list`. */
export interface Listed {
  id: string | null;
  number: string | null;
  kind: string;
  title?: string | null;
  /** The beginning of its long text. */
  short?: string | null;
  status: string | null;
  withdrawn: boolean;
  conflicts: number;
  delivery: Delivery;
  photos?: PhotoCounts;
  clock?: Clock | null;
  created?: string | About | null;
  author?: string | null;
  position?: Place | null;
  thumb?: string | null;
  /** What `--after` takes to go on behind it; else its id. */
  after?: string;
  fields: Record<string, Json>;
  names?: Record<string, string>;
}

/** Who made a record, when, and what of it is proven. */
export interface About {
  hash: string;
  author: string;
  author_name?: string;
  device?: string;
  role?: string;
  grade?: string;
  delivery?: Delivery;
  verified?: boolean;
  clock_doubt?: boolean;
  kept_apart?: boolean;
  /** Its place in the log of the centre. */
  entry?: number;
  wall?: string;
  not_before?: string;
  not_after?: string;
}

export interface PhotoValue {
  sha256: string;
  bytes: number;
  role?: string;
  origin?: string;
  orientation?: number;
  taken?: string;
}

export interface Element extends About {
  index: number;
  value: Json;
  name?: string;
  place?: string;
  doubts?: { doubt: string; distance_m?: number; by_s?: number }[];
}

export interface Shown extends Omit<Listed, 'created'> {
  id: string;
  records: number;
  created: About;
  conflicting: Record<string, unknown>;
  sets: Record<string, Element[]>;
  waiting?: Wait[];
  /** What last turned it back: a return, a rework. */
  turned_back?: Wait;
  clocks?: Clock[];
  withdraw_conflict: boolean;
  without_effect: { hash: string; effect: string; reason?: string }[];
  /** Those that are one thing with it, itself included. */
  group?: { members: Member[] };
}

/** Something that waits for a person: a request, a reply to a supervision, an answer. */
export interface Wait {
  what?: string;
  move?: string;
  author?: string;
  author_name?: string;
  until?: string;
  why?: string;
}

export interface Member {
  id: string;
  number: string | null;
  status?: string | null;
  withdrawn?: boolean;
}

export interface Change {
  field: string | number;
  how: 'set' | 'say' | 'add' | 'remove';
  value?: Json;
  name?: string;
  hash?: string;
  index?: number;
}

export interface Told extends About {
  n: number;
  after: string[];
  effect: string;
  reason?: string;
  labels: string[];
  move?: string | number;
  from?: string | number;
  erased?: Json;
  changes: Change[];
}

export interface Side extends About {
  value?: Json;
  name?: string;
  move?: string | number;
  withdraws?: boolean;
  photos: string[];
}

export interface Conflict {
  id: string;
  number: string | null;
  reason: 'field' | 'withdraw-edit' | 'overtaken' | 'unfolded' | string;
  field: string;
  shown: Json;
  shown_because: string;
  sides: Side[];
}

/** The centre itself, which reminds and escalates: a role, and no person's name. */
const PLATFORM = 'server';

/** 王芳（网格员）, whoever reads it. */
export function nameOf(of: About): string {
  const name = of.author_name ?? personNamed(of.author);
  const role = said('roles', of.role);
  if (role && of.role === PLATFORM) return role;
  return role ? T(`${name}（${role}）`, `${name} (${role})`) : name;
}

/** The same; oneself is "I". */
export const whoOf = (of: About): string => (of.author === actorCode() ? T('我', 'I') : nameOf(of));

/** The device's clock where it agrees with what others know; else the bounds that they know. */
export function whenOf(of: About): string {
  const wall = of.wall ? Date.parse(of.wall) : NaN;
  const least = of.not_before ? Date.parse(of.not_before) : -Infinity;
  const most = of.not_after ? Date.parse(of.not_after) : Infinity;
  // The bounds are the server's clock; a difference of a minute is none to a person.
  if (!of.clock_doubt && wall >= least - 60e3 && wall <= most + 60e3) return when(of.wall);
  if (of.not_before && of.not_after)
    return T(`${when(of.not_before)} 至 ${when(of.not_after)} 之间`, `between ${when(of.not_before)} and ${when(of.not_after)}`);
  if (of.not_before) return T(`${when(of.not_before)} 以后`, `after ${when(of.not_before)}`);
  if (of.not_after) return T(`${when(of.not_after)} 以前`, `before ${when(of.not_after)}`);
  return of.wall ? T(`${when(of.wall)}（设备时钟存疑）`, `${when(of.wall)} (the device's clock is in doubt)`) : '';
}

/** How a record is called where a person reads it. */
export function numberOf(of: { number: string | null; id?: string | null }): string {
  return of.number ?? of.id?.slice(0, 8) ?? '';
}
