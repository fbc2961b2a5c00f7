// The map itself: Leaflet for moving about and for tiles, one canvas for all that lies upon it.
//
// Loaded when a map is first shown (frame.tsx). Leaflet's own controls, popups and icons write markup,
// which the page's policy refuses; none of them is used. Nothing is animated but a drag that glides,
// and that not for who wants less motion: old handhelds stutter, and a jump is clear.
import { latLng, Map as Leaflet, type LeafletMouseEvent, type Point } from 'leaflet';
import type { LatLon } from '@page/map/geo';
import { paint, type View } from '@page/map/paint';
import { Prepared, WORLD_PX, spotOf, type Cluster, type Scene } from '@page/map/scene';
import { fromShown, toShown } from '@page/map/shift';
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
const MOST_ZOOM = 19;
const CHINA: LatLon = { lat: 35, lon: 105 };

export class Chart {
  private readonly map: Leaflet;
  private readonly canvas = document.createElement('canvas');
  private prepared: Prepared | null = null;
  private under: OfflineMap | null = null;
  private tiles: Tiles | null = null;
  private clusters: Cluster[] = [];
  /** What her hand did that the map has not told of yet. */
  private hand: 'still' | 'zoomed' | 'pointed' = 'still';
  private readonly theme: MutationObserver;
  private readonly size: ResizeObserver;

  constructor(
    private readonly box: HTMLElement,
    private readonly wishes: Wishes,
  ) {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.map = new Leaflet(box, {
      attributionControl: false,
      zoomControl: false,
      boxZoom: false,
      doubleClickZoom: false,
      // Leaflet would move the middle when the window changes, as when a keyboard slides in.
      trackResize: false,
      keyboard: false,
      scrollWheelZoom: false,
      fadeAnimation: false,
      zoomAnimation: false,
      markerZoomAnimation: false,
      inertia: !calm,
      minZoom: 3,
      maxZoom: MOST_ZOOM,
    });
    this.canvas.className = 'map-canvas';
    this.map.getPane('overlayPane')!.append(this.canvas);
    this.map.setView(latLng(CHINA.lat, CHINA.lon), 4, { animate: false });
    this.map.on('moveend zoom viewreset', () => this.draw());
    this.map.on('moveend', () => this.tell());
    this.watchHand();
    this.map.on('click', (event: LeafletMouseEvent) => this.touch(event.containerPoint));
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.documentElement, { attributes: true });
    this.size = new ResizeObserver(() => {
      if (this.box.offsetWidth === 0 || this.box.offsetHeight === 0) return; // not shown now
      this.keeping(() => {
        const here = this.map.getCenter();
        this.map.invalidateSize({ animate: false, pan: false });
        this.map.setView(here, this.map.getZoom(), { animate: false });
      });
      this.draw();
    });
    this.size.observe(box);
  }

  close(): void {
    this.theme.disconnect();
    this.size.disconnect();
    this.map.remove();
    this.canvas.remove();
  }

  // ---- what is shown ----

  show(scene: Scene): void {
    const crs = this.crs();
    this.prepared = new Prepared(scene, crs, this.prepared ?? undefined, true);
    this.draw();
  }

  /** Another map beneath; the place stays, though the new one may draw it elsewhere. */
  lay(under: OfflineMap | null): void {
    if (under?.name === this.under?.name && under?.bytes === this.under?.bytes) return;
    this.keeping(() => {
      const here = this.centre();
      this.tiles?.remove();
      this.under = under;
      this.tiles = under ? new Tiles(under) : null;
      this.tiles?.addTo(this.map);
      if (this.prepared) this.prepared = new Prepared(this.prepared.scene, this.crs());
      this.go(here);
    });
    this.draw();
  }

  /** What the wheel does: scroll the page, or the map. */
  wheel(on: boolean): void {
    if (on) this.map.scrollWheelZoom.enable();
    else this.map.scrollWheelZoom.disable();
  }

  // ---- where we look ----

  private crs() {
    return this.under?.crs ?? 'wgs84';
  }

  private place(shown: { lat: number; lng: number }): LatLon {
    return fromShown({ lat: shown.lat, lon: shown.lng }, this.crs());
  }

  centre(): LatLon {
    return this.place(this.map.getCenter());
  }

  /** What is hers is seen at her hand, never guessed from the map having moved: a box that grows,
   * a keyboard that slides in, another map beneath move it too. */
  private watchHand(): void {
    const points = (): void => void (this.hand = 'pointed');
    this.map.on('drag', points);
    this.map.on('move', (event) => 'pinch' in event && points());
    this.box.addEventListener('wheel', () => this.map.scrollWheelZoom.enabled() && points(), { passive: true });
    this.map.on('dblclick', (event: LeafletMouseEvent) => {
      points();
      const closer = event.originalEvent.shiftKey ? -1 : 1;
      this.map.setZoomAround(event.latlng, this.map.getZoom() + closer, { animate: false });
    });
  }

  /** What we do ourselves is no movement of hers. */
  private ours(act: () => void): void {
    this.hand = 'still';
    act();
    this.hand = 'still';
  }

  /** The same place is in the middle after it as before; what her hand is at goes on. */
  private keeping(act: () => void): void {
    this.map.stop(); // a drag that still glides ends here, and is told
    const hand = this.hand;
    this.ours(act);
    this.hand = hand;
  }

  private go(place: LatLon, zoom = this.map.getZoom()): void {
    const shown = toShown(place, this.crs());
    this.map.setView(latLng(shown.lat, shown.lon), zoom, { animate: false });
  }

  look(place: LatLon, least_zoom = 0): void {
    this.ours(() => this.go(place, Math.max(this.map.getZoom(), least_zoom)));
  }

  fit(places: LatLon[]): void {
    if (places.length === 0 && this.under?.bounds) {
      const [west, south, east, north] = this.under.bounds;
      this.ours(() => this.map.fitBounds([[south, west], [north, east]], { animate: false }));
      return;
    }
    if (places.length === 0) return;
    let [south, west, north, east] = [90, 180, -90, -180];
    for (const place of places) {
      const { lat, lon } = toShown(place, this.crs());
      south = Math.min(south, lat);
      north = Math.max(north, lat);
      west = Math.min(west, lon);
      east = Math.max(east, lon);
    }
    this.ours(() =>
      this.map.fitBounds([[south, west], [north, east]], {
        animate: false,
        maxZoom: 17,
        padding: [32, 32],
      }),
    );
  }

  // These three are what buttons and keys do: hers.

  zoomBy(steps: number): void {
    if (this.hand === 'still') this.hand = 'zoomed';
    this.map.setZoom(this.map.getZoom() + steps, { animate: false });
  }

  /** By so many pixels of the screen. */
  push(right: number, down: number): void {
    this.hand = 'pointed';
    this.map.panBy([right, down], { animate: false });
  }

  /** So many metres to the east and to the north. */
  step(east_m: number, north_m: number): void {
    const { lat, lon } = this.centre();
    const metre = 360 / 40007863;
    this.hand = 'pointed';
    this.go({
      lat: lat + north_m * metre,
      lon: lon + (east_m * metre) / Math.cos((lat * Math.PI) / 180),
    });
  }

  private metresPerPx(): number {
    const lat = (this.map.getCenter().lat * Math.PI) / 180;
    return (40075016.686 * Math.cos(lat)) / (WORLD_PX * 2 ** this.map.getZoom());
  }

  private tell(): void {
    const hand = this.hand;
    this.hand = 'still';
    const bounds = this.map.getBounds();
    const low = this.place(bounds.getSouthWest());
    const high = this.place(bounds.getNorthEast());
    this.wishes.onSeen({
      centre: this.centre(),
      zoom: this.map.getZoom(),
      metresPerPx: this.metresPerPx(),
      bounds: [low.lon, low.lat, high.lon, high.lat],
      by_person: hand !== 'still',
      pointed: hand === 'pointed',
    });
  }

  // ---- touching ----

  private touch(at: Point): void {
    const size = this.map.getSize();
    this.touchAt(at.x - size.x / 2, at.y - size.y / 2);
  }

  /** What lies nearest to a point of the screen, from its middle; Enter asks for the middle. */
  touchAt(right: number, down: number): void {
    const scale = WORLD_PX * 2 ** this.map.getZoom();
    const middle = spotOf(this.centre(), this.crs());
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
    const most = 2 ** (MOST_ZOOM - this.map.getZoom());
    if (nearest.ids.length > 1 && wide_px * most > 2 * TOUCH_PX) this.open(nearest);
    else this.wishes.onTouch(nearest.ids);
  }

  /** Near enough to see what a cluster is made of. */
  private open(cluster: Cluster): void {
    const corner = (x: number, y: number): [number, number] => {
      const at = this.map.unproject([x * WORLD_PX, y * WORLD_PX], 0);
      return [at.lat, at.lng];
    };
    const zoom = this.map.getZoom();
    const bounds: [[number, number], [number, number]] = [
      corner(cluster.west, cluster.south),
      corner(cluster.east, cluster.north),
    ];
    const fits = this.map.getBoundsZoom(bounds, false, this.map.getSize().multiplyBy(0.3));
    const middle = corner((cluster.west + cluster.east) / 2, (cluster.north + cluster.south) / 2);
    this.hand = 'pointed';
    this.map.setView(middle, Math.min(MOST_ZOOM, Math.max(zoom + 1, fits)), { animate: false });
  }

  // ---- drawing ----

  private draw(): void {
    const ctx = this.canvas.getContext('2d');
    const size = this.map.getSize();
    if (!this.prepared || !ctx || size.x === 0) return;
    const beyond = size.multiplyBy(BEYOND).round();
    const full = size.add(beyond.multiplyBy(2));
    const corner = this.map.containerPointToLayerPoint(beyond.multiplyBy(-1));
    const origin = this.map.getPixelOrigin().add(corner);
    const ratio = Math.min(2, devicePixelRatio);
    this.canvas.width = full.x * ratio;
    this.canvas.height = full.y * ratio;
    this.canvas.style.width = `${full.x}px`;
    this.canvas.style.height = `${full.y}px`;
    this.canvas.style.transform = `translate3d(${corner.x}px, ${corner.y}px, 0)`;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    const colours = getComputedStyle(this.box);
    const view: View = {
      zoom: this.map.getZoom(),
      left: origin.x,
      top: origin.y,
      width: full.x,
      height: full.y,
      covered: this.covers(),
      metresPerPx: this.metresPerPx(),
    };
    this.clusters = paint(ctx, this.prepared, view, (name) => colours.getPropertyValue(name));
  }

  /** Is there a map where we look? */
  private covers(): boolean {
    if (!this.under || this.map.getZoom() < this.under.least_zoom) return false;
    if (!this.under.bounds) return true;
    const [west, south, east, north] = this.under.bounds;
    const { lat, lng } = this.map.getCenter();
    return lat >= south && lat <= north && lng >= west && lng <= east;
  }
}
