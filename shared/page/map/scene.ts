// What lies on a map, prepared for drawing: places as fractions of the world (web Mercator, 0…1), in
// whatever the tiles beneath are drawn in; and points gathered into clusters, once a zoom.
import type { Tone } from '@page/ui/parts';
import type { Here, LatLon, LonLat, MapGap, MapPoint, MapVisit, Outline } from '@page/map/geo';
import { fromShown, toShown, type Crs } from '@page/map/shift';

export interface Scene {
  outlines: Outline[];
  points: MapPoint[];
  selected: string | null;
  lines: LonLat[][];
  gaps: MapGap[];
  visits: MapVisit[];
  here: Here | null;
  /** A place that was chosen, and how well it is known. */
  chosen: Here | null;
}

export interface Spot {
  x: number;
  y: number;
}

/** Where something that is drawn at these degrees lies. */
export function shownSpot({ lat, lon }: LatLon): Spot {
  const sine = Math.sin((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180);
  return { x: lon / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

export const spotOf = (place: LatLon, crs: Crs): Spot => shownSpot(toShown(place, crs));

/** The place that is drawn there. */
export function placeOf({ x, y }: Spot, crs: Crs): LatLon {
  const lat = (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI;
  return fromShown({ lat, lon: (x - 0.5) * 360 }, crs);
}

const path = (line: LonLat[], crs: Crs): Spot[] =>
  line.map(([lon, lat]) => spotOf({ lat, lon }, crs));

/** Points that lie too near to each other to be told apart, as one. */
export interface Cluster extends Spot {
  ids: string[];
  /** The gravest of them. */
  tone: Tone;
  west: number;
  east: number;
  north: number;
  south: number;
}

const GRAVITY: Tone[] = ['quiet', 'ok', 'info', 'warn', 'bad'];
const CELL_PX = 68;
/** A cluster keeps so far from the edge of its cell, so that two never cover each other. */
const RIM_PX = 24;
export const WORLD_PX = 256;

export class Prepared {
  readonly outlines: { of: Outline; rings: Spot[][]; middle: Spot; width: number }[];
  readonly lines: Spot[][];
  readonly gaps: Spot[][];
  readonly visits: Spot[];
  readonly here: Spot | null;
  readonly chosen: Spot | null;
  private readonly spots: Spot[];
  private readonly gathered = new Map<number, Cluster[]>();

  constructor(
    readonly scene: Scene,
    crs: Crs,
    before?: Prepared,
    same_crs = false,
  ) {
    const kept = same_crs ? before : undefined;
    const was = kept?.scene;
    // The large ones are turned anew only when they changed.
    this.outlines =
      kept && was?.outlines === scene.outlines
        ? kept.outlines
        : scene.outlines.map((of) => outline(of, crs));
    this.spots =
      kept && was?.points === scene.points
        ? kept.spots
        : scene.points.map((point) => spotOf(point, crs));
    if (kept && was?.points === scene.points) this.gathered = kept.gathered;
    this.lines =
      kept && was?.lines === scene.lines ? kept.lines : scene.lines.map((line) => path(line, crs));
    this.gaps = scene.gaps.map((gap) => path(gap.between, crs));
    this.visits = scene.visits.map((visit) => spotOf(visit, crs));
    this.here = scene.here && spotOf(scene.here, crs);
    this.chosen = scene.chosen && spotOf(scene.chosen, crs);
  }

  clusters(zoom: number): Cluster[] {
    const whole = Math.round(zoom);
    const known = this.gathered.get(whole);
    if (known) return known;
    const made = this.gather(WORLD_PX * 2 ** whole);
    this.gathered.set(whole, made);
    return made;
  }

  private gather(scale: number): Cluster[] {
    const cells = new Map<number, Cluster>();
    this.spots.forEach(({ x, y }, at) => {
      const { id, tone } = this.scene.points[at]!;
      const cell =
        Math.floor((x * scale) / CELL_PX) * 0x2000000 + Math.floor((y * scale) / CELL_PX);
      const there = cells.get(cell);
      if (!there) {
        cells.set(cell, { x, y, ids: [id], tone, west: x, east: x, north: y, south: y });
        return;
      }
      const n = there.ids.push(id);
      there.x += (x - there.x) / n;
      there.y += (y - there.y) / n;
      there.west = Math.min(there.west, x);
      there.east = Math.max(there.east, x);
      there.north = Math.min(there.north, y);
      there.south = Math.max(there.south, y);
      if (GRAVITY.indexOf(tone) > GRAVITY.indexOf(there.tone)) there.tone = tone;
    });
    for (const cluster of cells.values())
      if (cluster.ids.length > 1) {
        cluster.x = inCell(cluster.x * scale) / scale;
        cluster.y = inCell(cluster.y * scale) / scale;
      }
    return [...cells.values()];
  }
}

function inCell(px: number): number {
  const edge = Math.floor(px / CELL_PX) * CELL_PX;
  return Math.max(edge + RIM_PX, Math.min(edge + CELL_PX - RIM_PX, px));
}

function outline(of: Outline, crs: Crs): Prepared['outlines'][number] {
  const rings = of.rings.map((ring) => path(ring, crs));
  const all = rings.flat();
  const xs = all.map((spot) => spot.x);
  const ys = all.map((spot) => spot.y);
  const [west, east] = [Math.min(...xs), Math.max(...xs)];
  const [north, south] = [Math.min(...ys), Math.max(...ys)];
  return {
    of,
    rings,
    middle: { x: (west + east) / 2, y: (north + south) / 2 },
    width: east - west,
  };
}

/** All places of a scene, for showing the whole of it. */
export function placesOf(scene: Scene): LatLon[] {
  const places: LatLon[] = [...scene.points, ...scene.visits];
  for (const line of [...scene.lines, ...scene.gaps.map((gap) => gap.between)])
    for (const [lon, lat] of line) places.push({ lat, lon });
  if (scene.here) places.push(scene.here);
  if (scene.chosen) places.push(scene.chosen);
  return places;
}

export function placesOfOutlines(outlines: Outline[]): LatLon[] {
  const own = outlines.filter((of) => of.own);
  return (own.length > 0 ? own : outlines).flatMap((of) =>
    of.rings.flatMap((ring) => ring.map(([lon, lat]) => ({ lat, lon }))),
  );
}
