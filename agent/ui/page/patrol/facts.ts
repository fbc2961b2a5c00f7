// What the patrol page knows: the open patrol, where the receiver says we are, what a day's patrols
// were.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Answer, call, type Call, Failure, type Row, stream } from '@page/api';
import { actorCode, askPin } from '@page/actor';
import { fieldNamed, kindNamed } from '@page/domain';
import { useCall, type Shown } from '@page/store';
import { label, T } from '@page/text';
import type { LonLat } from '@page/map/geo';

/** The open patrol, as `status` tells of it. */
export interface Open {
  id: string;
  number: string;
  start: string;
  /** False: its recorder ended without being told to. */
  running: boolean;
}

export interface Gap {
  from: string;
  to: string;
  cause: string;
  between: LonLat[];
}

export interface Visited {
  id: string;
  title: string;
  time: string | null;
  lat: number | null;
  lon: number | null;
}

export interface Walk {
  id: string;
  number: string;
  start: string;
  end: string | null;
  running: boolean;
  distance_m: number;
  lines: LonLat[][];
  gaps: Gap[];
  visits: Visited[];
}

/** Undefined: not known yet; null: none is open. */
export function useOpen(): [Open | null | undefined, Shown<Row>] {
  const shown = useCall({ run: 'status' });
  const status = shown.lines?.[0];
  return [status ? (status.patrol as unknown as Open | null) : undefined, shown];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const rows = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : []);
const degree = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function visited(row: Row): Visited {
  return {
    id: text(row.id),
    title: text(row.subject) || text(row.place) || text(row.number),
    time: text(row.time) || null,
    lat: degree(row.lat),
    lon: degree(row.lon),
  };
}

function walk(row: Row): Walk {
  return {
    id: text(row.id),
    number: text(row.number),
    start: text(row.start),
    end: text(row.end) || null,
    running: row.running === true,
    distance_m: degree(row.distance_m) ?? 0,
    lines: (row.lines ?? []) as unknown as LonLat[][],
    gaps: rows(row.gaps).map((gap) => ({
      from: text(gap.from),
      to: text(gap.to),
      cause: text(gap.cause),
      between: (gap.between ?? []) as unknown as LonLat[],
    })),
    visits: rows(row.visits).map(visited),
  };
}

export interface Day {
  walks: Walk[] | undefined;
  failure: Failure | undefined;
  again: () => void;
}

/** All patrols of a day, `2026-11-22`; asked again so often while one is being walked. */
export function useDay(date: string, every_s: number | null): Day {
  const shown = useCall({ run: 'patrol day', words: [date] });
  const again = useRef(shown.again);
  again.current = shown.again;
  useEffect(() => {
    if (!every_s) return undefined;
    const timer = setInterval(() => document.hidden || again.current(), every_s * 1000);
    return () => clearInterval(timer);
  }, [every_s]);
  const kept = useRef<{ of: Row[]; walks: Walk[] } | null>(null);
  if (shown.lines && kept.current?.of !== shown.lines)
    kept.current = {
      of: shown.lines,
      walks: shown.lines.flatMap((line) => rows(line.patrols)).map(walk),
    };
  return {
    walks: shown.lines ? kept.current?.walks : undefined,
    failure: shown.failure,
    again: shown.again,
  };
}

/** Today in China, `2026-11-22`, whatever zone the device is set to. */
export function chinaDay(at = Date.now()): string {
  return new Date(at + 8 * 3600000).toISOString().slice(0, 10);
}

// ---- where we are ----

export interface Position {
  /** Null: there is none, and `text` says why and what to do. */
  at: { lat: number; lon: number; accuracy_m: number | null } | null;
  quality: 'good' | 'fair' | 'poor' | 'none';
  age_s: number;
  text: string;
  doubts: string[];
}

function position(row: Row): Position {
  const lat = degree(row.lat);
  const lon = degree(row.lon);
  const quality = text(row.quality);
  return {
    at: lat !== null && lon !== null ? { lat, lon, accuracy_m: degree(row.accuracy_m) } : null,
    quality:
      lat === null ? 'none' : quality === 'good' || quality === 'fair' ? quality : 'poor',
    age_s: degree(row.age_s) ?? 0,
    text: text(row.text),
    doubts: Array.isArray(row.doubts) ? row.doubts.filter((of) => typeof of === 'string') : [],
  };
}

const RETRY_MS = 5000;

/** The receiver's word, a line a second, for as long as the page is looked at. Kept nowhere. */
export function usePosition(): Position | null {
  const [now, setNow] = useState<Position | null>(null);
  useEffect(() => {
    let ended: AbortController | null = null;
    let timer = 0;
    const listen = (): void => {
      if (document.hidden || ended) return;
      const mine = new AbortController();
      ended = mine;
      stream<Row>({ run: 'position', flags: { watch: true } }, (row) => setNow(position(row)), mine.signal)
        .catch(() => undefined)
        .finally(() => {
          if (ended !== mine) return;
          ended = null;
          timer = window.setTimeout(listen, RETRY_MS);
        });
    };
    const rest = (): void => {
      clearTimeout(timer);
      ended?.abort();
      ended = null;
    };
    const look = (): void => (document.hidden ? rest() : listen());
    listen();
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      rest();
    };
  }, []);
  return now;
}

/** A clock for what is counted: drawn again every so many seconds. */
export function useNow(every_s: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every_s * 1000);
    return () => clearInterval(timer);
  }, [every_s]);
  return now;
}

/** `1 小时 05 分` */
export function hoursMinutes(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60000));
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return T(`${minutes} 分钟`, `${minutes} min`);
  const rest = String(minutes % 60).padStart(2, '0');
  return T(`${hours} 小时 ${rest} 分`, `${hours} h ${rest} min`);
}

/** 设备断电或重启 */
export function causeText(cause: string): string {
  const field = fieldNamed(kindNamed('patrol'), 'gap');
  return label(field?.choices?.find((choice) => choice.name === cause), cause);
}

const LOCKED = 6;

/** End a patrol, or go on with it: it stays in the name of who began it; a PIN is asked where needed. */
export async function ofPatrol<R = Row>(what: Call): Promise<Answer<R>> {
  try {
    return await call<R>(what);
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.exit !== LOCKED) throw cause;
    if (!(await askPin(actorCode()))) throw cause;
    return call<R>(what);
  }
}
