// Between WGS-84, in which everything is held, and what a map's tiles are drawn in.
//
// GCJ-02 is WGS-84 with a shift of some hundreds of metres that differs from place to place; BD-09
// turns and moves that once more. Both are known by the formulas below, which are public and good to
// less than a metre. Outside China nothing is shifted. The way back is found by iteration of the way
// there.
import type { LatLon } from '@page/map/geo';

export type Crs = 'wgs84' | 'gcj02' | 'bd09';

const { PI, sin, cos, abs, sqrt, hypot, atan2 } = Math;

const inChina = ({ lat, lon }: LatLon): boolean =>
  lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;

/** Of the ellipsoid of Krasovsky: half its longer axis in metres, and its eccentricity squared. */
const AXIS_M = 6378245;
const ECCENTRIC = 0.006693421622965823;

/** A wave of so high a crest that comes back each 2 / `often`. */
const wave = (crest: number, at: number, often: number): number => ((crest * sin(at * PI * often)) / 3) * 2;

function toGcj02({ lat, lon }: LatLon): LatLon {
  const x = lon - 105;
  const y = lat - 35;
  const both = 0.1 * x * y + wave(20, x, 6) + wave(20, x, 2);
  const north_m =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.2 * sqrt(abs(x)) + both +
    wave(20, y, 1) + wave(40, y, 1 / 3) + wave(160, y, 1 / 12) + wave(320, y, 1 / 30);
  const east_m =
    300 + x + 2 * y + 0.1 * x * x + 0.1 * sqrt(abs(x)) + both +
    wave(20, x, 1) + wave(40, x, 1 / 3) + wave(150, x, 1 / 12) + wave(300, x, 1 / 30);
  const up = (lat * PI) / 180;
  const flat = 1 - ECCENTRIC * sin(up) ** 2;
  return {
    lat: lat + (north_m * 180 * flat * sqrt(flat)) / (AXIS_M * (1 - ECCENTRIC) * PI),
    lon: lon + (east_m * 180 * sqrt(flat)) / (AXIS_M * cos(up) * PI),
  };
}

function toBd09({ lat, lon }: LatLon): LatLon {
  const often = (PI * 3000) / 180;
  const far = hypot(lon, lat) + 0.00002 * sin(lat * often);
  const turned = atan2(lat, lon) + 0.000003 * cos(lon * often);
  return { lat: far * sin(turned) + 0.006, lon: far * cos(turned) + 0.0065 };
}

export function toShown(place: LatLon, crs: Crs): LatLon {
  if (crs === 'wgs84' || !inChina(place)) return place;
  const gcj02 = toGcj02(place);
  return crs === 'gcj02' ? gcj02 : toBd09(gcj02);
}

/** Each step takes away all but a thousandth of what is wrong; four leave less than a millimetre. A
 * fixed number: near the edge of the box around China it never comes near enough. */
const STEPS = 4;

export function fromShown(shown: LatLon, crs: Crs): LatLon {
  if (crs === 'wgs84' || !inChina(shown)) return shown;
  let place = shown;
  for (let step = 0; step < STEPS; step++) {
    const there = toShown(place, crs);
    place = { lat: place.lat + shown.lat - there.lat, lon: place.lon + shown.lon - there.lon };
  }
  return place;
}
