// Words, numbers and times as a person reads them, in the language that is set.
//
// Both texts stand where they are used: T('保存', 'Save'); when the page is built they go into a file
// for each language (build/words.ts), of which speak() loads one. Times come as ISO texts in UTC and are
// shown in China's time, whatever the clock of the device believes about its zone.
import { signal } from '@page/signal';

export type Lang = 'zh' | 'en';

export const lang = signal<Lang>(navigator.language.startsWith('zh') ? 'zh' : 'en');

let texts: string[] = [];

/** From now on in this language; its texts are fetched first. */
export async function speak(next: Lang): Promise<void> {
  texts = (await (next === 'zh' ? import('words:zh') : import('words:en'))).default;
  lang.value = next;
}

/** One of two texts. */
export function T(zh: string, en: string): string {
  return lang.value === 'zh' ? zh : en;
}

/** What build/words.ts makes of T(): the text of that number, with what is put in. */
export const textAt = (number: number, ...put: unknown[]): string =>
  texts[number]!.replace(/[\x01-\x08]/g, (mark) => String(put[mark.charCodeAt(0) - 1]));

/** A thing of the domain has both. */
export interface Labelled {
  zh: string;
  en: string;
}

export function label(of: Labelled | undefined, otherwise = ''): string {
  if (!of) return otherwise;
  return lang.value === 'zh' ? of.zh : of.en || of.zh;
}

/** `3 条记录`, `1 record`, `3 records`: the words around a number. */
export function N(count: number, zh: string, one: string, many: string): string {
  return lang.value === 'zh' ? counted(count, zh) : counted(count, ` ${count === 1 ? one : many}`);
}

const counted = (count: number, words: string): string =>
  count.toLocaleString(lang.value === 'zh' ? 'zh-CN' : 'en') + words;

/** What build/words.ts makes of N(). */
export const countAt = (number: number, count: number): string => {
  const [one = '', many = ''] = texts[number]!.split('|');
  return N(count, one, one, many);
};

const ZONE = 'Asia/Shanghai';

function locale(): string {
  return lang.value === 'zh' ? 'zh-CN' : 'en-GB';
}

function parts(at: string | number): Date | null {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** `11月22日 09:12`; the year where it is not this one. */
export function when(at: string | number | null | undefined): string {
  const date = at === null || at === undefined ? null : parts(at);
  if (!date) return '';
  const year = (d: Date): string => d.toLocaleDateString('en', { timeZone: ZONE, year: 'numeric' });
  const options: Intl.DateTimeFormatOptions = {
    timeZone: ZONE,
    month: lang.value === 'zh' ? 'long' : 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  };
  if (year(date) !== year(new Date())) options.year = 'numeric';
  return new Intl.DateTimeFormat(locale(), options).format(date);
}

/** `2026年11月22日 周日 09:12`: for paper, which is read whenever. */
export function dated(at: string | number | null): string {
  const date = at === null ? null : parts(at);
  if (!at || !date) return '';
  const options: Intl.DateTimeFormatOptions = {
    timeZone: ZONE,
    year: 'numeric',
    month: lang.value === 'zh' ? 'long' : 'short',
    day: 'numeric',
    weekday: 'short',
  };
  return `${new Intl.DateTimeFormat(locale(), options).format(date)} ${clockTime(at)}`;
}

/** `周日`, `Sunday`, of a day such as `2026-11-22`; nothing of what is no day. */
export function weekday(day: string): string {
  const date = new Date(day);
  if (Number.isNaN(date.getTime())) return '';
  return new Intl.DateTimeFormat(locale(), { timeZone: 'UTC', weekday: lang.value === 'zh' ? 'short' : 'long' }).format(date);
}

/** `09:12` */
export function clockTime(at: string | number): string {
  const date = parts(at);
  if (!date) return '';
  return new Intl.DateTimeFormat(locale(), {
    timeZone: ZONE,
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }).format(date);
}

/** `3分钟前`, `2 days ago`; times ahead of us are given as they are. */
export function ago(at: string | number | null | undefined, now = Date.now()): string {
  const date = at === null || at === undefined ? null : parts(at);
  if (!date) return '';
  const seconds = Math.round((now - date.getTime()) / 1000);
  if (seconds < -60) return when(at);
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  if (seconds < 60) return T('刚刚', 'just now');
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86400) return relative.format(-Math.floor(seconds / 3600), 'hour');
  return relative.format(-Math.floor(seconds / 86400), 'day');
}

/** `80 KB`, `1.2 MB` */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${Math.round(count / 1e3)} KB`;
  if (count < 1e9) return `${(count / 1e6).toFixed(1)} MB`;
  return `${(count / 1e9).toFixed(1)} GB`;
}

/** `40 米`, `1.2 公里` */
export function metres(m: number): string {
  if (m < 1000) return `${Math.round(m)} ${T('米', 'm')}`;
  return `${(m / 1000).toFixed(1)} ${T('公里', 'km')}`;
}

/** `约 3 分钟` for what is still to come. */
export function duration(seconds: number): string {
  if (seconds < 60) return N(Math.max(1, Math.round(seconds)), ' 秒', 'second', 'seconds');
  if (seconds < 3600) return N(Math.round(seconds / 60), ' 分钟', 'minute', 'minutes');
  return N(Math.round(seconds / 3600), ' 小时', 'hour', 'hours');
}
