// The tiles of an offline map: asked of the program with the token, for as long as they are wanted,
// and drawn on a canvas beneath all else.
import { tile } from '@page/api';
import type { OfflineMap } from '@page/map/offline';
import type { View } from '@page/map/paint';
import { WORLD_PX, shownSpot } from '@page/map/scene';

interface Tile {
  z: number;
  x: number;
  y: number;
  /** Null: not come yet, or there is none. */
  picture: ImageBitmap | null;
  /** While it is waited for. */
  asked: AbortController | null;
}

/** Those that were seen last, so that a map that is moved back and forth is not read again. */
const KEPT_MOST = 150;
const kept = new Map<string, Blob | null>();

async function fetchTile(path: string, key: string, ended: AbortSignal): Promise<Blob | null> {
  const known = kept.get(key);
  if (known !== undefined) {
    kept.delete(key);
    kept.set(key, known);
    return known;
  }
  const blob = await tile(path, ended);
  kept.set(key, blob);
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT_MOST) break;
    kept.delete(oldest);
  }
  return blob;
}

export class Tiles {
  private readonly tiles = new Map<string, Tile>();
  /** West, north, east, south of the map in the world. */
  private readonly edges: [number, number, number, number];

  constructor(
    private readonly of: OfflineMap,
    /** One more can be drawn. */
    private readonly came: () => void,
  ) {
    const [west, south, east, north] = of.bounds ?? [-180, -85, 180, 85];
    const [high, low] = [shownSpot({ lat: north, lon: west }), shownSpot({ lat: south, lon: east })];
    this.edges = [high.x, high.y, low.x, low.y];
  }

  close(): void {
    for (const key of this.tiles.keys()) this.drop(key);
  }

  private drop(key: string): void {
    const gone = this.tiles.get(key);
    gone?.asked?.abort();
    gone?.picture?.close();
    this.tiles.delete(key);
  }

  /** How many are waited for. */
  get waits(): number {
    return [...this.tiles.values()].filter((each) => each.asked).length;
  }

  /** Asks for what is seen; what is not needed any more goes. */
  want(seen: View): void {
    const z = Math.min(Math.round(seen.zoom), this.of.most_zoom);
    const px = WORLD_PX * 2 ** seen.zoom;
    const [west, north, east, south] = this.edges;
    const first = (edge: number, from: number): number => Math.floor(Math.max(edge, from / px, 0) * 2 ** z);
    const last = (edge: number, to: number): number => Math.ceil(Math.min(edge, to / px, 1) * 2 ** z) - 1;
    const [left, right] = [first(west, seen.left), last(east, seen.left + seen.width)];
    const [top, bottom] = [first(north, seen.top), last(south, seen.top + seen.height)];
    const far = (at: Tile, by: number): boolean =>
      at.z !== z || at.x < left - by || at.x > right + by || at.y < top - by || at.y > bottom + by;
    // Nothing further out: the tiles of its own least zoom would be thousands there.
    const none = Math.round(seen.zoom) < this.of.least_zoom;
    for (const [key, each] of this.tiles) if (none || (each.asked && far(each, 0))) this.drop(key);
    if (none) return;
    for (let y = top; y <= bottom; y++)
      for (let x = left; x <= right; x++)
        if (!this.tiles.has(`${z}/${x}/${y}`)) this.ask({ z, x, y, picture: null, asked: new AbortController() });
    // Those of the zoom before stand in until all have come; those around are kept for a drag.
    if (this.waits === 0) for (const [key, each] of this.tiles) if (far(each, 1)) this.drop(key);
  }

  private ask(wanted: Tile & { asked: AbortController }): void {
    const key = `${wanted.z}/${wanted.x}/${wanted.y}`;
    this.tiles.set(key, wanted);
    const { signal } = wanted.asked;
    const path = `/tiles/${encodeURIComponent(this.of.name)}/${key}`;
    void fetchTile(path, `${this.of.bytes}${path}`, signal)
      .then((blob) => blob && createImageBitmap(blob))
      // One that cannot be read leaves its place empty: the lattice is seen there.
      .catch(() => null)
      .then((picture) => {
        if (signal.aborted) {
          picture?.close();
          return;
        }
        this.tiles.set(key, { ...wanted, picture, asked: null });
        this.came();
      });
  }

  paint(ctx: CanvasRenderingContext2D, view: View): void {
    const z_now = Math.min(Math.round(view.zoom), this.of.most_zoom);
    // Those of this zoom lie on top, those of others, which stand in for them, below.
    const rank = ({ z }: Tile): number => (z === z_now ? Infinity : z);
    for (const { z, x, y, picture } of [...this.tiles.values()].sort((a, b) => rank(a) - rank(b))) {
      if (!picture) continue;
      const px = WORLD_PX * 2 ** (view.zoom - z);
      const edge = (at: number, from: number): number => Math.round(at * px - from);
      const [left, top] = [edge(x, view.left), edge(y, view.top)];
      ctx.drawImage(picture, left, top, edge(x + 1, view.left) - left, edge(y + 1, view.top) - top);
    }
  }
}
