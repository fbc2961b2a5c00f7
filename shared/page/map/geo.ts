// Places on the ground, in WGS-84 degrees wherever they are held. What a tile is drawn in is nobody's
// business but the chart's (chart.ts).
import type { Tone } from '@page/ui/parts';
import { metres, T } from '@page/text';

export interface LatLon {
  lat: number;
  lon: number;
}

/** As GeoJSON and the commands write it: longitude first. */
export type LonLat = [number, number];

/** Where the receiver says we are; `accuracy_m` null: nobody knows how well. */
export interface Here extends LatLon {
  accuracy_m: number | null;
  /** It is from a while ago: drawn hollow. */
  old?: boolean;
}

/** One record on the map. Its tone is that of its chip; its shape follows from the tone. */
export interface MapPoint extends LatLon {
  id: string;
  tone: Tone;
}

/** A piece of a track that is not known, between the fixes on either side. */
export interface MapGap {
  between: LonLat[];
}

/** A place that was come to, in its order. */
export interface MapVisit extends LatLon {
  text: string;
}

/** The border of a grid or of a unit. */
export interface Outline {
  code: string;
  name: string;
  /** One of hers. */
  own: boolean;
  rings: LonLat[][];
}

export const latLon = ([lon, lat]: LonLat): LatLon => ({ lat, lon });

const EARTH_M = 6371008.8;
const rad = (degrees: number): number => (degrees * Math.PI) / 180;

export function distance_m(a: LatLon, b: LatLon): number {
  const up = Math.sin(rad(b.lat - a.lat) / 2);
  const across = Math.sin(rad(b.lon - a.lon) / 2);
  const chord = up * up + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * across * across;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(chord)));
}

const WINDS: [string, string][] = [
  ['北', 'north'],
  ['东北', 'north-east'],
  ['东', 'east'],
  ['东南', 'south-east'],
  ['南', 'south'],
  ['西南', 'south-west'],
  ['西', 'west'],
  ['西北', 'north-west'],
];

/** `东北方向 120 米`, of `to` as seen from `from`. */
export function whither(from: LatLon, to: LatLon): string {
  const east = Math.sin(rad(to.lon - from.lon)) * Math.cos(rad(to.lat));
  const north =
    Math.cos(rad(from.lat)) * Math.sin(rad(to.lat)) -
    Math.sin(rad(from.lat)) * Math.cos(rad(to.lat)) * Math.cos(rad(to.lon - from.lon));
  const eighth = Math.round((Math.atan2(east, north) / Math.PI) * 4 + 8) % 8;
  const [zh, en] = WINDS[eighth]!;
  const far = metres(distance_m(from, to));
  return T(`${zh}方向 ${far}`, `${far} to the ${en}`);
}

/** `北纬 31.17743°，东经 121.52721°`: five digits are a metre. */
export function degrees({ lat, lon }: LatLon): string {
  const north = Math.abs(lat).toFixed(5);
  const east = Math.abs(lon).toFixed(5);
  return T(
    `${lat < 0 ? '南纬' : '北纬'} ${north}°，${lon < 0 ? '西经' : '东经'} ${east}°`,
    `${north}° ${lat < 0 ? 'S' : 'N'}, ${east}° ${lon < 0 ? 'W' : 'E'}`,
  );
}

/** What somebody typed or pasted: `31.17743, 121.52721`. In China's range the two are never mistaken. */
export function placeTyped(text: string): LatLon | null {
  const found = text.match(/-?\d+(\.\d+)?/g)?.map(Number);
  if (found?.length !== 2) return null;
  const [first, second] = found as [number, number];
  const place = Math.abs(first) > 90 ? { lat: second, lon: first } : { lat: first, lon: second };
  return Math.abs(place.lat) <= 85 && Math.abs(place.lon) <= 180 ? place : null;
}

/** 1, 2 or 5 of a power of ten, at most `m`: what a scale says. */
export function roundMetres(m: number): number {
  const power = 10 ** Math.floor(Math.log10(m));
  return power * (m >= 5 * power ? 5 : m >= 2 * power ? 2 : 1);
}
