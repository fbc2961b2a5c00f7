// The one table of the domain and the site's guide, as `describe` tells them.
import { one } from '@page/api';
import { label, T, type Labelled } from '@page/text';
import { signal } from '@page/signal';

export interface Choice extends Labelled {
  name: string;
}

export interface Field extends Labelled {
  name: string;
  type: string;
  many: boolean;
  needed: boolean;
  personal: boolean;
  /** Nobody types it. */
  machine: boolean;
  by_move: boolean;
  choices: Choice[] | null;
  /** Of texts and codes in bytes: a Chinese character is 3. */
  least: number | null;
  most: number | null;
  refers: string | null;
  /** Which of the site's lists its codes are from. */
  code: 'unit' | 'level' | 'category' | 'post' | 'board' | 'person' | 'duty' | 'template' | null;
}

export interface Kind extends Labelled {
  name: string;
  number: number;
  captured: boolean;
  statuses: boolean;
  fields: Field[];
  /** What a capture form shows, in this order, and what stands behind "more". */
  first: string[];
  more: string[];
}

export interface Status extends Choice {
  settled: boolean;
}

/** From some statuses to another, who may, and what its form asks. */
export interface Way {
  from: string[];
  to: string | null;
  who: string[];
  needs: string[];
  fields: { field: string; needed: boolean }[];
  photos: boolean;
}

export interface Move extends Choice {
  ways: Way[];
}

export interface Category extends Labelled {
  code: string;
  parent: string | null;
  leaf: boolean;
  active: boolean;
  radius_m: number;
}

export interface Question extends Labelled {
  key: string;
  type: 'text' | 'number' | 'bool' | 'choice' | 'choices';
  required?: boolean;
  min?: number;
  max?: number;
  choices?: (Labelled & { key: string })[];
  if?: { key: string; is: string | boolean | (string | boolean)[] };
}

export interface Template extends Labelled {
  code: string;
  edition: string;
  kind: string;
  questions: Question[];
}

export interface Unit {
  code: string;
  name: string;
  level: string | null;
  parent: string | null;
}

export interface Domain {
  program: string;
  kinds: Kind[];
  statuses: Status[];
  moves: Move[];
  needs: Choice[];
  stages: Choice[];
  roles: (Choice & { records: boolean })[];
  photo_roles: Choice[];
  photo_origins: Choice[];
  deliveries: Choice[];
  doubts: Choice[];
  effects: Choice[];
  site: {
    categories: Category[];
    templates: Template[];
    units: Unit[];
    levels: (Labelled & { code: string })[];
    boards: (Labelled & { code: string })[];
    people: { code: string; name: string }[];
    duties: { code: string; unit: string; text: string }[];
    calendar: { known_until: string | null };
  };
  /** `device`: what she records on; none at the centre. */
  me: { worker: string; name: string; role: string; units: string[]; device?: string };
}

export const domain = signal<Domain | null>(null);

/** Fetch it; once at the start, and after a sync that brought a new edition. */
export async function learn(): Promise<Domain> {
  const told = await one<Domain>({ run: 'describe' });
  if (!told) throw new Error('describe said nothing');
  domain.value = told;
  return told;
}

/** 张伟（w1）; where no name is known, the code alone. */
export function personText(of: { code: string; name: string }): string {
  return of.name === of.code ? of.code : T(`${of.name}（${of.code}）`, `${of.name} (${of.code})`);
}

/** Only where a page is shown that has it. */
export function theDomain(): Domain {
  if (!domain.value) throw new Error('the domain is not known yet');
  return domain.value;
}

export function kindNamed(name: string): Kind | undefined {
  return theDomain().kinds.find((kind) => kind.name === name);
}

export function fieldNamed(kind: Kind | undefined, name: string): Field | undefined {
  return kind?.fields.find((field) => field.name === name);
}

type Lists = 'statuses' | 'moves' | 'needs' | 'stages' | 'roles' | 'photo_roles' | 'photo_origins' | 'deliveries' | 'doubts' | 'effects';

/** What the site calls one of a list: `said('statuses', 'reported')` → 已上报. */
export function said(list: Lists, name: string | null | undefined): string {
  if (!name) return '';
  return label(theDomain()[list].find((choice) => choice.name === name), name);
}

export function categoryNamed(code: string | null | undefined): Category | undefined {
  return theDomain().site.categories.find((category) => category.code === code);
}
