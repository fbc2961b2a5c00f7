// What may be meant: values used before (`suggest`), and what the site's lists hold.
import { call, type Row } from '@page/api';
import { theDomain, type Field } from '@page/domain';
import { ago, label } from '@page/text';
import type { Option } from '@page/form/combo';

export interface Used {
  value: string;
  name: string | null;
  count: number;
  last: string | null;
  phone?: string | null;
  id?: string | null;
  consent?: string | null;
}

const MOST = 8;

/** Values used before that fit; none where nothing is known. */
export async function used(
  kind: string,
  field: string,
  text: string,
  signal: AbortSignal,
  flags: Record<string, string> = {},
): Promise<Used[]> {
  const words = text.trim() ? [kind, field, text.trim()] : [kind, field];
  const answer = await call<Row>({ run: 'suggest', words, flags }, signal);
  return (answer.lines as unknown as Used[]).slice(0, MOST);
}

/** The site's list that a field's codes are from. */
export function listOf(field: Field): Option[] {
  const { site } = theDomain();
  switch (field.code) {
    case 'unit':
      return site.units.map((unit) => ({ value: unit.code, name: unit.name, note: unit.code }));
    case 'category':
      return site.categories
        .filter((category) => category.active)
        .map((category) => ({ value: category.code, name: label(category, category.code) }));
    case 'level':
      return site.levels.map((level) => ({ value: level.code, name: label(level, level.code) }));
    case 'board':
      return site.boards.map((board) => ({ value: board.code, name: label(board, board.code) }));
    case 'person':
      return site.people.map((person) => ({ value: person.code, name: person.name, note: person.code }));
    case 'duty':
      return site.duties.map((duty) => ({ value: duty.code, name: duty.text, note: duty.code }));
    case 'template':
      return site.templates.map((template) => ({ value: template.code, name: label(template, template.code) }));
    default:
      return [];
  }
}

/** What a code is called here. */
export function codeName(field: Field, code: string): string | undefined {
  return code ? listOf(field).find((option) => option.value === code)?.name : undefined;
}

const names = new Map<string, string>();

/** What a thing that was picked is called; only of those seen here. */
export function entityName(id: string): string | undefined {
  return names.get(id);
}

export function rememberName(id: string, name: string): void {
  names.set(id, name);
}

function titleOf(row: Row): string {
  const fields = row.fields && typeof row.fields === 'object' && !Array.isArray(row.fields) ? row.fields : {};
  const title = [row.title, fields.name, fields.topic, fields.title, fields.description, fields.address]
    .find((text): text is string => typeof text === 'string' && text !== '');
  return [row.number, title].filter((text) => typeof text === 'string').join(' ');
}

/** Things of a kind: the newest, or those that hold the text. */
async function entities(kind: string, text: string, signal: AbortSignal): Promise<Option[]> {
  const answer = await call<Row>(
    { run: 'list', words: [kind], flags: { limit: String(MOST), ...(text.trim() ? { text: text.trim() } : {}), ...(kind === 'contact' ? { all: true as const } : {}) } },
    signal,
  );
  return answer.lines
    .filter((row) => typeof row.id === 'string')
    .map((row) => {
      const name = titleOf(row);
      rememberName(row.id as string, name);
      return { value: row.id as string, name, note: ago(row.created as string | null) };
    });
}

/** What to offer beneath a field. */
export async function offer(
  kind: string,
  field: Field,
  text: string,
  signal: AbortSignal,
): Promise<Option[]> {
  if (field.refers) return entities(field.refers, text, signal);
  const told = await used(kind, field.name, text, signal).catch(() => [] as Used[]);
  const first = told.map((one) => ({
    value: one.value,
    name: one.name || codeName(field, one.value) || one.value,
    note: one.last ? ago(one.last) : undefined,
  }));
  if (!field.code) return first.filter((option) => option.value !== text);
  const sought = text.trim().toLowerCase();
  const listed = listOf(field).filter(
    (option) =>
      !first.some((one) => one.value === option.value) &&
      (option.name.toLowerCase().includes(sought) || option.value.toLowerCase().includes(sought)),
  );
  return [...first, ...listed].slice(0, 30);
}

