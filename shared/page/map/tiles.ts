// The tiles of an offline map: asked of the program with the token, for as long as they are wanted.
import { GridLayer, type Coords, type DoneCallback } from 'leaflet';
import { tile } from '@page/api';
import type { OfflineMap } from '@page/map/offline';

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

export class Tiles extends GridLayer {
  private readonly waits = new WeakMap<HTMLElement, AbortController>();

  constructor(private readonly of: OfflineMap) {
    super({
      // Nothing further out: the tiles of its own least zoom would be thousands there.
      minZoom: of.least_zoom,
      maxNativeZoom: of.most_zoom,
      maxZoom: 22,
      keepBuffer: 1,
      updateWhenIdle: true,
      ...(of.bounds && { bounds: [[of.bounds[1], of.bounds[0]], [of.bounds[3], of.bounds[2]]] }),
    });
    this.on('tileunload', ({ tile: gone }: { tile: HTMLElement }) => this.waits.get(gone)?.abort());
  }

  override createTile(at: Coords, done: DoneCallback): HTMLElement {
    const image = document.createElement('img');
    const ended = new AbortController();
    image.alt = '';
    this.waits.set(image, ended);
    this.fill(image, `/tiles/${encodeURIComponent(this.of.name)}/${at.z}/${at.x}/${at.y}`, ended.signal)
      .then(() => done(undefined, image))
      // One that cannot be read leaves its place empty: the lattice is seen there.
      .catch((cause: unknown) => ended.signal.aborted || done(cause as Error, image));
    return image;
  }

  private async fill(image: HTMLImageElement, path: string, ended: AbortSignal): Promise<void> {
    const blob = await fetchTile(path, `${this.of.bytes}${path}`, ended);
    if (!blob || ended.aborted) return;
    const address = URL.createObjectURL(blob);
    try {
      await new Promise((done, failed) => {
        image.onload = done;
        image.onerror = failed;
        image.src = address;
      });
    } finally {
      URL.revokeObjectURL(address);
    }
  }
}
