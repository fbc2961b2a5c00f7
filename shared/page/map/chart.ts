// The map itself: where it looks, a canvas for the tiles, and one for all that lies upon them.
//
// Loaded when a map is first shown (frame.tsx). Nothing is animated but a drag that glides (hand.ts),
// and that not for who wants less motion: old handhelds stutter, and a jump is clear. A drag moves
// what is drawn; it is drawn anew when the map has come to rest, or shows what lies beyond.
import { Hand, type Moved, type Point } from '@page/map/hand';
import type { LatLon } from '@page/map/geo';
import { paint, type View } from '@page/map/paint';
import { Prepared, WORLD_PX, placeOf, shownSpot, spotOf } from '@page/map/scene';
import type { Cluster, Scene, Spot } from '@page/map/scene';
import type { OfflineMap } from '@page/map/offline';
import { Tiles } from '@page/map/tiles';

export { placesOf, placesOfOutlines } from '@page/map/scene';

export interface Seen {
  centre: LatLon;
  zoom: number;
  metresPerPx: number;
  /** West, south, east, north, in WGS-84. */
  bounds: [number, number, number, number];
  /** By her hand: dragged, pinched, by keys or buttons. Whatever else moves the map says nothing. */
  by_person: boolean;
  /** By her hand, and to another place: not merely nearer or further away. */
  pointed: boolean;
}

export interface Wishes {
  onSeen(seen: Seen): void;
  /** Records that were touched and cannot be drawn further apart. */
  onTouch(ids: string[]): void;
}

/** How much is drawn beyond each edge, so that a drag need not draw. */
const BEYOND = 0.3;
const TOUCH_PX = 26;
const [LEAST_ZOOM, MOST_ZOOM] = [3, 19];
/** Around a place among places, so that it does not lie on the edge. */
const RIM_PX = 32;

const within = (least: number, value: number, most: number): number => Math.max(least, Math.min(value, most));

export class Chart implements Moved {
  private readonly pane = document.createElement('div');
  private readonly above = document.createElement('canvas');
  private readonly below = document.createElement('canvas');
  private readonly hand: Hand;
  /** What is looked at. Between two whole zooms only while fingers are at it. */
  private middle: Spot = spotOf({ lat: 35, lon: 105 }, 'wgs84');
  private zoom = 4;
  /** How far what is drawn was moved since it was drawn. */
  private gone: Point = { x: 0, y: 0 };
  private soon = 0;
  private prepared: Prepared | null = null;
  private under: OfflineMap | null = null;
  private tiles: Tiles | null = null;
  private clusters: Cluster[] = [];
  /** What her hand did that the map has not told of yet. What is hers is seen at her hand, never
   * guessed from the map having moved: a box that grows, a keyboard that slides in, another map
   * beneath move it too. */
  private did: 'still' | 'zoomed' | 'pointed' = 'still';
  private readonly theme: MutationObserver;
  private readonly size: ResizeObserver;

  constructor(
    private readonly box: HTMLElement,
    private readonly wishes: Wishes,
  ) {
    this.below.className = 'map-tiles';
    this.above.className = 'map-canvas';
    this.pane.append(this.below, this.above);
    box.append(this.pane);
    this.hand = new Hand(box, this, matchMedia('(prefers-reduced-motion: reduce)').matches);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.documentElement, { attributes: true });
    this.size = new ResizeObserver(() => {
      if (this.box.offsetWidth === 0 || this.box.offsetHeight === 0) return; // not shown now
      this.keeping(() => this.moved());
    });
    this.size.observe(box);
  }

  close(): void {
    this.theme.disconnect();
    this.size.disconnect();
    this.hand.close();
    this.tiles?.close();
    cancelAnimationFrame(this.soon);
    this.pane.remove();
  }

  // ---- what is shown ----

  show(scene: Scene): void {
    const crs = this.crs();
    this.prepared = new Prepared(scene, crs, this.prepared ?? undefined, true);
    this.draw();
  }

  /** Another map beneath; the place stays, though the new one may draw it elsewhere. */
  lay(under: OfflineMap | null): void {
    const was = this.under;
    if (under?.name === was?.name && under?.bytes === was?.bytes && under?.crs === was?.crs) return;
    this.keeping(() => {
      const here = this.centre();
      this.tiles?.close();
      this.under = under;
      this.tiles = under ? new Tiles(under, () => this.drawSoon()) : null;
      if (this.prepared) this.prepared = new Prepared(this.prepared.scene, this.crs());
      this.go(here);
    });
  }

  /** What one finger and the wheel do: scroll the page, or move the map. */
  held(on: boolean): void {
    this.hand.held = on;
  }

  // ---- where we look ----

  private crs() {
    return this.under?.crs ?? 'wgs84';
  }

  private scale(): number {
    return WORLD_PX * 2 ** this.zoom;
  }

  centre(): LatLon {
    return placeOf(this.middle, this.crs());
  }

  /** From the middle of what is seen. */
  private offset(at: Point): Point {
    return { x: at.x - this.box.clientWidth / 2, y: at.y - this.box.clientHeight / 2 };
  }

  /** What we do ourselves is no movement of hers. */
  private ours(act: () => void): void {
    this.hand.stop();
    this.did = 'still';
    act();
    this.did = 'still';
  }

  /** The same place is in the middle after it as before; what her hand is at goes on. */
  private keeping(act: () => void): void {
    if (this.hand.stop()) this.tell(); // a drag that still glides ends here, and is told
    const { did } = this;
    this.ours(act);
    this.did = did;
  }

  /** Looks there, draws it, and says so. */
  private see(middle: Spot, zoom = this.zoom): void {
    this.middle = { x: within(0, middle.x, 1), y: within(0, middle.y, 1) };
    this.zoom = within(LEAST_ZOOM, Math.round(zoom), MOST_ZOOM);
    this.moved();
  }

  private moved(): void {
    this.draw();
    this.tell();
  }

  private go(place: LatLon, zoom = this.zoom): void {
    this.see(spotOf(place, this.crs()), zoom);
  }

  look(place: LatLon, least_zoom = 0): void {
    this.ours(() => this.go(place, Math.max(this.zoom, least_zoom)));
  }

  fit(places: LatLon[]): void {
    const spots = places.map((place) => spotOf(place, this.crs()));
    let [rim, most] = [RIM_PX, 17];
    if (spots.length === 0 && this.under?.bounds) {
      const [west, south, east, north] = this.under.bounds;
      spots.push(shownSpot({ lat: south, lon: west }), shownSpot({ lat: north, lon: east }));
      [rim, most] = [0, MOST_ZOOM];
    }
    if (spots.length === 0) return;
    let [west, north, east, south] = [1, 1, 0, 0];
    for (const { x, y } of spots) {
      west = Math.min(west, x);
      east = Math.max(east, x);
      north = Math.min(north, y);
      south = Math.max(south, y);
    }
    const middle = { x: (west + east) / 2, y: (north + south) / 2 };
    const width = this.box.clientWidth - 2 * rim;
    const height = this.box.clientHeight - 2 * rim;
    this.ours(() => this.see(middle, Math.min(most, this.fits(east - west, south - north, width, height))));
  }

  /** The nearest zoom at which a piece of the world has room in so many pixels. */
  private fits(wide: number, high: number, width: number, height: number): number {
    return Math.floor(Math.log2(Math.max(1, Math.min(width / wide, height / high) || 1) / WORLD_PX));
  }

  // What her hand does, by fingers, mouse and wheel (hand.ts).

  follow(right: number, down: number, nearer: number, around: Point): void {
    this.did = 'pointed';
    const before = this.scale();
    const zoom = within(LEAST_ZOOM, this.zoom + Math.log2(nearer), MOST_ZOOM);
    const { x, y } = this.offset(around);
    const turned = zoom !== this.zoom;
    this.zoom = zoom;
    // What was under the fingers stays under them.
    this.middle = {
      x: within(0, this.middle.x + (x - right) / before - x / this.scale(), 1),
      y: within(0, this.middle.y + (y - down) / before - y / this.scale(), 1),
    };
    const gone = (this.gone = { x: this.gone.x + right, y: this.gone.y + down });
    const { clientWidth, clientHeight } = this.box;
    const beyond = Math.max(Math.abs(gone.x) / clientWidth, Math.abs(gone.y) / clientHeight);
    if (turned || beyond > BEYOND) this.drawSoon();
    else this.pane.style.transform = `translate(${gone.x}px, ${gone.y}px)`;
  }

  rest(): void {
    this.see(this.middle);
  }

  step(steps: 1 | -1, around: Point): void {
    this.did = 'pointed';
    const zoom = within(LEAST_ZOOM, Math.round(this.zoom) + steps, MOST_ZOOM);
    if (zoom === this.zoom) return;
    const { x, y } = this.offset(around);
    const by = 1 / this.scale() - 1 / (WORLD_PX * 2 ** zoom);
    this.see({ x: this.middle.x + x * by, y: this.middle.y + y * by }, zoom);
  }

  touch(at: Point): void {
    const { x, y } = this.offset(at);
    this.touchAt(x, y);
  }

  // These three are what buttons and keys do: hers, too.

  zoomBy(steps: number): void {
    if (this.hand.stop()) this.rest();
    if (this.did === 'still') this.did = 'zoomed';
    this.see(this.middle, this.zoom + steps);
  }

  /** By so many pixels of the screen. */
  push(right: number, down: number): void {
    this.hand.stop();
    this.did = 'pointed';
    this.see({ x: this.middle.x + right / this.scale(), y: this.middle.y + down / this.scale() });
  }

  /** So many metres to the east and to the north. */
  shift(east_m: number, north_m: number): void {
    const { lat, lon } = this.centre();
    const metre = 360 / 40007863;
    this.hand.stop();
    this.did = 'pointed';
    this.go({
      lat: lat + north_m * metre,
      lon: lon + (east_m * metre) / Math.cos((lat * Math.PI) / 180),
    });
  }

  private metresPerPx(): number {
    const { lat } = placeOf(this.middle, 'wgs84');
    return (40075016.686 * Math.cos((lat * Math.PI) / 180)) / this.scale();
  }

  private tell(): void {
    const { did, middle } = this;
    this.did = 'still';
    const wide = this.box.clientWidth / 2 / this.scale();
    const high = this.box.clientHeight / 2 / this.scale();
    const low = placeOf({ x: middle.x - wide, y: middle.y + high }, this.crs());
    const up = placeOf({ x: middle.x + wide, y: middle.y - high }, this.crs());
    this.wishes.onSeen({
      centre: this.centre(),
      zoom: this.zoom,
      metresPerPx: this.metresPerPx(),
      bounds: [low.lon, low.lat, up.lon, up.lat],
      by_person: did !== 'still',
      pointed: did === 'pointed',
    });
  }

  // ---- touching ----

  /** What lies nearest to a point of the screen, from its middle; Enter asks for the middle. */
  touchAt(right: number, down: number): void {
    const scale = this.scale();
    const { middle } = this;
    let nearest: Cluster | null = null;
    let near_px = TOUCH_PX;
    for (const cluster of this.clusters) {
      const far_px = Math.hypot(
        (cluster.x - middle.x) * scale - right,
        (cluster.y - middle.y) * scale - down,
      );
      if (far_px <= near_px) [nearest, near_px] = [cluster, far_px];
    }
    if (!nearest) return;
    const wide_px = Math.max(nearest.east - nearest.west, nearest.south - nearest.north) * scale;
    const most = 2 ** (MOST_ZOOM - this.zoom);
    if (nearest.ids.length > 1 && wide_px * most > 2 * TOUCH_PX) this.open(nearest);
    else this.wishes.onTouch(nearest.ids);
  }

  /** Near enough to see what a cluster is made of. */
  private open({ west, east, north, south }: Cluster): void {
    const { clientWidth, clientHeight } = this.box;
    const fits = this.fits(east - west, south - north, clientWidth * 0.7, clientHeight * 0.7);
    this.did = 'pointed';
    this.see({ x: (west + east) / 2, y: (north + south) / 2 }, Math.max(this.zoom + 1, fits));
  }

  // ---- drawing ----

  private drawSoon(): void {
    this.soon ||= requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.soon);
    this.soon = 0;
    const { clientWidth: width, clientHeight: height } = this.box;
    if (!this.prepared || width === 0) return;
    const scale = this.scale();
    const seen: View = {
      zoom: this.zoom,
      left: Math.round(this.middle.x * scale - width / 2),
      top: Math.round(this.middle.y * scale - height / 2),
      width,
      height,
      covered: this.covers(),
      metresPerPx: this.metresPerPx(),
    };
    const [wide, high] = [Math.round(width * BEYOND), Math.round(height * BEYOND)];
    const view = {
      ...seen,
      left: seen.left - wide,
      top: seen.top - high,
      width: width + 2 * wide,
      height: height + 2 * high,
    };
    this.gone = { x: 0, y: 0 };
    this.pane.style.transform = '';
    const colours = getComputedStyle(this.box);
    this.below.hidden = !this.tiles;
    if (this.tiles) {
      this.tiles.want(seen);
      this.below.dataset.waits = String(this.tiles.waits);
      this.tiles.paint(this.inkOf(this.below, view, wide, high), view);
    }
    const ctx = this.inkOf(this.above, view, wide, high);
    this.clusters = paint(ctx, this.prepared, view, (name) => colours.getPropertyValue(name));
  }

  /** An empty canvas that reaches so far beyond the edges of the box. */
  private inkOf(canvas: HTMLCanvasElement, { width, height }: View, wide: number, high: number) {
    const ratio = Math.min(2, devicePixelRatio);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.style.transform = `translate(${-wide}px, ${-high}px)`;
    const ctx = canvas.getContext('2d')!;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    return ctx;
  }

  /** Is there a map where we look? */
  private covers(): boolean {
    if (!this.under || this.zoom < this.under.least_zoom) return false;
    if (!this.under.bounds) return true;
    const [west, south, east, north] = this.under.bounds;
    const { lat, lon } = placeOf(this.middle, 'wgs84');
    return lat >= south && lat <= north && lon >= west && lon <= east;
  }
}
