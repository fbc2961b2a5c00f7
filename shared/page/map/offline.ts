// What the device has to draw on: offline maps, and the borders of its units.
import type { Row } from '@page/api';
import { call } from '@page/api';
import { behind } from '@page/behind';
import type { LonLat, Outline } from '@page/map/geo';
import type { Crs } from '@page/map/shift';
import { theDomain } from '@page/domain';
import { useCall } from '@page/store';
import { signal, useSignal } from '@page/signal';
import { T } from '@page/text';

export interface OfflineMap {
  name: string;
  title: string;
  attribution: string;
  crs: Crs;
  least_zoom: number;
  most_zoom: number;
  /** west, south, east, north, as its tiles are drawn. */
  bounds: [number, number, number, number] | null;
  bytes: number;
}

export interface Offline {
  /** Undefined: not known yet. */
  maps: OfflineMap[] | undefined;
  /** The one that is set on this device, else the first. */
  chosen: OfflineMap | null;
  choose(name: string): void;
}

/** No map: the lattice alone. */
export const NO_MAP = 'none';

const number = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export function mapOf(row: Row): OfflineMap {
  const bounds = Array.isArray(row.bounds) && row.bounds.length === 4 ? row.bounds : null;
  const crs = text(row.crs);
  return {
    name: text(row.name),
    title: text(row.title) || text(row.name),
    attribution: text(row.attribution),
    crs: crs === 'gcj02' || crs === 'bd09' ? crs : 'wgs84',
    least_zoom: number(row.least_zoom, 0),
    most_zoom: number(row.most_zoom, 18),
    bounds: bounds as OfflineMap['bounds'],
    bytes: number(row.bytes, 0),
  };
}

const KEPT = 'xunge-map';
/** Which map this browser draws, where the program behind it keeps none. */
const map_here = signal(localStorage.getItem(KEPT) ?? '');

export function useOffline(): Offline {
  const maps = useCall({ run: 'maps' });
  const settings = useCall(behind.keeps_map ? { run: 'settings' } : null);
  const own = useSignal(map_here);
  const rows = maps.lines?.filter((row) => typeof row.name === 'string').map(mapOf);
  const set = behind.keeps_map ? text(settings.lines?.find((row) => row.name === 'map')?.value) : own;
  const known = rows ?? (maps.failure ? [] : undefined);
  const chosen =
    set === NO_MAP ? null : (known?.find((map) => map.name === set) ?? known?.[0] ?? null);
  return {
    maps: known,
    chosen,
    choose: (name) => {
      if (!behind.keeps_map) {
        localStorage.setItem(KEPT, name);
        map_here.value = name;
        return;
      }
      // Kept on the device; the page hears of it, and asks again.
      void call({ run: 'settings', words: [`map=${name}`] })
        .then(settings.again)
        .catch(() => undefined);
    },
  };
}

/** What a person calls the coordinates that a map is drawn in. */
export function crsText(crs: Crs): string {
  if (crs === 'gcj02') return T('火星坐标 GCJ-02，已自动纠偏', 'GCJ-02, shown without its shift');
  if (crs === 'bd09') return T('百度坐标 BD-09，已自动纠偏', 'BD-09, shown without its shift');
  return 'WGS-84';
}

function ringsOf(geometry: unknown): LonLat[][] {
  const shape = geometry as { type?: string; coordinates?: unknown } | null;
  if (shape?.type === 'Polygon') return shape.coordinates as LonLat[][];
  if (shape?.type === 'MultiPolygon') return (shape.coordinates as LonLat[][][]).flat();
  return [];
}

const NONE: Outline[] = [];
let last: { of: Row[]; outlines: Outline[] } | undefined;

/** The borders of her grids and of those around, where the site has them. */
export function useOutlines(): Outline[] {
  const { lines } = useCall({ run: 'grids' });
  if (!lines) return NONE;
  if (last?.of === lines) return last.outlines;
  const features = lines.flatMap((line) =>
    Array.isArray(line.features) ? (line.features as Row[]) : line.type === 'Feature' ? [line] : [],
  );
  const own = new Set(theDomain().me.units);
  const outlines = features
    .map((feature) => {
      const said = (feature.properties ?? {}) as Row;
      const code = text(said.code);
      return {
        code,
        name: text(said.name) || code,
        own: said.own === true || own.has(code),
        rings: ringsOf(feature.geometry),
      };
    })
    .filter((outline) => outline.rings.length > 0);
  last = { of: lines, outlines };
  return outlines;
}
