// Values of fields in words: what `fields`, `sets` and `changes` of the commands hold.
import type { Json } from '@page/api';
import { categoryNamed, said, theDomain, type Field, type Kind } from '@page/domain';
import { label, T, when } from '@page/text';
import type { Place } from '@page/entity';

function isPlace(value: Json | undefined): value is { lat: number; lon: number } {
  return typeof value === 'object' && value !== null && 'lat' in value && typeof value.lat === 'number';
}

function placeText({ lat, lon }: Place): string {
  return `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
}

/** `name`: what the command says that a code or a reference stands for. */
export function valueText(field: Field | undefined, value: Json | undefined, name?: string): string {
  if (value === null || value === undefined || value === '') return T('（空）', '(empty)');
  if (name) return field?.type === 'entity' ? name.replace(/^[0-9a-f]{12} /, '') : name;
  if (Array.isArray(value)) return value.map((one) => valueText(field, one)).join(T('；', '; '));
  if (isPlace(value)) return placeText(value);
  if (typeof value === 'boolean') return value ? T('是', 'yes') : T('否', 'no');
  if (typeof value === 'object') {
    const role = value.role;
    return typeof role === 'string' ? said('photo_roles', role) : Object.values(value).filter((one) => typeof one !== 'object').join(' ');
  }
  const text = String(value);
  if (field?.type === 'enum') return label((field.choices ?? []).find((choice) => choice.name === text), text);
  if (field?.type === 'time') return when(text);
  if (field?.name === 'category') return label(categoryNamed(text), text);
  if (field?.type === 'code') return theDomain().site.units.find((unit) => unit.code === text)?.name ?? text;
  if (field?.type === 'entity') return text.slice(0, 8);
  return text;
}

export function fieldLabel(kind: Kind | undefined, name: string | number): string {
  if (name === 'status') return T('状态', 'status');
  return label(kind?.fields.find((field) => field.name === name), String(name));
}

/** What a row is about, in one line; where the command does not say it. */
export function titleOf(row: { title?: string | null; kind: string; fields: Record<string, Json>; names?: Record<string, string> }): string {
  if (row.title) return row.title;
  const { fields, names } = row;
  const kind = theDomain().kinds.find((one) => one.name === row.kind);
  const category = typeof fields.category === 'string' ? (names?.category ?? label(categoryNamed(fields.category), fields.category)) : '';
  for (const name of ['description', 'title', 'topic', 'subject', 'name', 'place', 'result'])
    if (typeof fields[name] === 'string') {
      const text = valueText(kind?.fields.find((field) => field.name === name), fields[name], names?.[name]);
      return category ? `${category} · ${text}` : text;
    }
  return category || label(kind, row.kind);
}
