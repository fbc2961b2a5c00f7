// What a person has filled in: texts exactly as they were typed, by field. The command judges
// them; here they are only kept apart and put back together.

export type Values = Record<string, string[]>;

/** Who told of it: becomes a record of its own that fewer may see. */
export interface Informant {
  contact: string;
  phone: string;
  consent: string;
  relation: string;
}

export interface Filled {
  values: Values;
  informant: Informant;
  /** The incident that an abnormal visit opens. */
  opens: Values;
}

export const NOBODY: Informant = { contact: '', phone: '', consent: '', relation: '' };

export function nothing(): Filled {
  return { values: {}, informant: { ...NOBODY }, opens: {} };
}

export function withValues(of: Filled, field: string, texts: string[]): Filled {
  return { ...of, values: { ...of.values, [field]: texts } };
}

/** `["category=env", "note=…"]`; a field that is empty says nothing, unless empty means something. */
export function wordsOf(values: Values, emptied: readonly string[] = []): string[] {
  const words: string[] = [];
  for (const [field, texts] of Object.entries(values)) {
    const full = texts.filter((text) => text.trim() !== '');
    for (const text of full) words.push(`${field}=${text}`);
    if (full.length === 0 && emptied.includes(field)) words.push(`${field}=`);
  }
  return words;
}

/** Bytes as the records count them. */
export function bytesIn(text: string): number {
  return new TextEncoder().encode(text).length;
}
