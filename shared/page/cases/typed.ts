// What stands in a field, as a person would type it: what a form of later begins with.
import type { Json } from '@page/api';
import type { Shown } from '@page/entity';

function typedOf(value: Json | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object' && !Array.isArray(value) && 'lat' in value) return `${String(value.lat)},${String(value.lon)}`;
  return typeof value === 'object' ? '' : String(value);
}

export function typedValues(of: Shown, field: string): string[] {
  const value = of.fields[field];
  if (Array.isArray(value)) return value.map(typedOf);
  return value === undefined ? [] : [typedOf(value)];
}
