// Between WGS-84, in which everything is held, and what a map's tiles are drawn in.
//
// Outside China nothing is shifted. The way back is found by iteration of the way there, a fixed
// number of times: gcoord's own loops until it is near enough, and near the edge of its box around
// China it never is.
import { GCJ02ToBD09, WGS84ToGCJ02 } from 'gcoord';
import type { LatLon } from '@page/map/geo';

export type Crs = 'wgs84' | 'gcj02' | 'bd09';

const inChina = ({ lat, lon }: LatLon): boolean =>
  lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;

export function toShown(place: LatLon, crs: Crs): LatLon {
  if (crs === 'wgs84' || !inChina(place)) return place;
  const gcj02 = WGS84ToGCJ02([place.lon, place.lat]);
  const [lon, lat] = crs === 'gcj02' ? gcj02 : GCJ02ToBD09(gcj02);
  return { lat, lon };
}

/** Each step takes away all but a thousandth of what is wrong; four leave less than a millimetre. */
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
