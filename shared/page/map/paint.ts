// Draws a scene onto a canvas: outlines, track, clusters, where we are. Colours are the theme's; each
// tone also has a shape of its own, and all have an edge in the colour of the card, so that they
// stand out from any map beneath and to any eye.
import type { Tone } from '@page/ui/parts';
import { roundMetres } from '@page/map/geo';
import { WORLD_PX, type Cluster, type Prepared, type Spot } from '@page/map/scene';

/** Where the canvas lies in the world, in pixels of its zoom. */
export interface View {
  zoom: number;
  left: number;
  top: number;
  width: number;
  height: number;
  /** A map lies beneath: no lattice. */
  covered: boolean;
  metresPerPx: number;
}

export type Ink = (name: string) => string;
type Ctx = CanvasRenderingContext2D;

const COLOUR: Record<Tone, string> = {
  bad: '--bad',
  warn: '--warn',
  info: '--info',
  ok: '--ok',
  quiet: '--quiet',
};

/** The outline of a tone's shape around 0,0: triangle, diamond, square, circle, ring. */
function shape(ctx: Ctx, tone: Tone, x: number, y: number, r: number): void {
  ctx.beginPath();
  if (tone === 'bad') {
    ctx.moveTo(x, y - r * 1.15);
    ctx.lineTo(x + r * 1.15, y + r * 0.9);
    ctx.lineTo(x - r * 1.15, y + r * 0.9);
  } else if (tone === 'warn') {
    ctx.moveTo(x, y - r * 1.2);
    ctx.lineTo(x + r * 1.2, y);
    ctx.lineTo(x, y + r * 1.2);
    ctx.lineTo(x - r * 1.2, y);
  } else if (tone === 'info') {
    ctx.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  } else {
    ctx.arc(x, y, r, 0, 2 * Math.PI);
  }
  ctx.closePath();
}

function mark(ctx: Ctx, ink: Ink, tone: Tone, x: number, y: number, r: number): void {
  shape(ctx, tone, x, y, r);
  ctx.lineWidth = 5;
  ctx.strokeStyle = ink('--card');
  ctx.stroke();
  ctx.fillStyle = ink(tone === 'quiet' ? '--card' : COLOUR[tone]);
  ctx.fill();
  if (tone === 'quiet') {
    ctx.lineWidth = 3;
    ctx.strokeStyle = ink('--quiet');
    ctx.stroke();
  }
}

const countText = (n: number): string =>
  n < 1000 ? String(n) : n < 10000 ? `${(n / 1000).toFixed(1)}k` : `${Math.round(n / 1000)}k`;

class Painter {
  private readonly scale: number;

  constructor(
    private readonly ctx: Ctx,
    private readonly view: View,
    private readonly ink: Ink,
  ) {
    this.scale = WORLD_PX * 2 ** view.zoom;
    ctx.lineJoin = 'round';
    ctx.lineCap = 'round';
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
  }

  private x = (spot: Spot): number => spot.x * this.scale - this.view.left;
  private y = (spot: Spot): number => spot.y * this.scale - this.view.top;

  private font(px: number): void {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    this.ctx.font = `600 ${px * rem}px system-ui, 'Noto Sans CJK SC', sans-serif`;
  }

  private trace(spots: Spot[]): void {
    spots.forEach((spot, at) =>
      at === 0 ? this.ctx.moveTo(this.x(spot), this.y(spot)) : this.ctx.lineTo(this.x(spot), this.y(spot)),
    );
  }

  private words(text: string, x: number, y: number, colour: string): void {
    this.ctx.lineWidth = 4;
    this.ctx.strokeStyle = this.ink('--card');
    this.ctx.strokeText(text, x, y);
    this.ctx.fillStyle = this.ink(colour);
    this.ctx.fillText(text, x, y);
  }

  /** Lines at round distances, true at the middle of what is seen: how far is it from here to there? */
  lattice(): void {
    const { ctx, view } = this;
    if (view.covered) return;
    const step = roundMetres(view.metresPerPx * 130) / view.metresPerPx;
    ctx.beginPath();
    for (let x = step - (((view.left % step) + step) % step); x < view.width; x += step) {
      ctx.moveTo(x, 0);
      ctx.lineTo(x, view.height);
    }
    for (let y = step - (((view.top % step) + step) % step); y < view.height; y += step) {
      ctx.moveTo(0, y);
      ctx.lineTo(view.width, y);
    }
    ctx.lineWidth = 1;
    ctx.strokeStyle = this.ink('--line');
    ctx.stroke();
  }

  outlines(of: Prepared): void {
    const { ctx } = this;
    this.font(14);
    for (const own of [false, true])
      for (const each of of.outlines) {
        if (each.of.own !== own) continue;
        ctx.beginPath();
        for (const ring of each.rings) {
          this.trace(ring);
          ctx.closePath();
        }
        ctx.lineWidth = own ? 6 : 4;
        ctx.strokeStyle = this.ink('--card');
        ctx.stroke();
        ctx.setLineDash(own ? [] : [8, 6]);
        ctx.lineWidth = own ? 3 : 2;
        ctx.strokeStyle = this.ink(own ? '--accent' : '--edge');
        ctx.stroke();
        ctx.setLineDash([]);
      }
    for (const { of: each, middle, width } of of.outlines)
      if (ctx.measureText(each.name).width + 16 < width * this.scale)
        this.words(each.name, this.x(middle), this.y(middle), each.own ? '--accent' : '--quiet');
  }

  track(of: Prepared): void {
    const { ctx } = this;
    for (const [width, colour] of [[8, '--card'], [4, '--accent']] as const) {
      ctx.beginPath();
      for (const line of of.lines) this.trace(line);
      ctx.lineWidth = width;
      ctx.strokeStyle = this.ink(colour);
      ctx.stroke();
    }
    ctx.beginPath();
    for (const gap of of.gaps) this.trace(gap);
    ctx.lineWidth = 3;
    ctx.setLineDash([2, 9]);
    ctx.strokeStyle = this.ink('--warn');
    ctx.stroke();
    ctx.setLineDash([]);
    for (const gap of of.gaps)
      for (const end of [gap[0], gap[gap.length - 1]])
        if (end) mark(ctx, this.ink, 'quiet', this.x(end), this.y(end), 4);
    const first = of.lines[0]?.[0];
    if (first) mark(ctx, this.ink, 'ok', this.x(first), this.y(first), 7);
  }

  visits(of: Prepared): void {
    this.font(13);
    of.visits.forEach((spot, at) => {
      mark(this.ctx, this.ink, 'info', this.x(spot), this.y(spot), 13);
      this.ctx.fillStyle = this.ink('--card');
      this.ctx.fillText(String(at + 1), this.x(spot), this.y(spot) + 1);
    });
  }

  clusters(of: Prepared): Cluster[] {
    const { ctx, view } = this;
    const seen: Cluster[] = [];
    this.font(14);
    for (const cluster of of.clusters(view.zoom)) {
      const [x, y] = [this.x(cluster), this.y(cluster)];
      if (x < -30 || y < -30 || x > view.width + 30 || y > view.height + 30) continue;
      seen.push(cluster);
      const n = cluster.ids.length;
      const chosen = of.scene.selected !== null && cluster.ids.includes(of.scene.selected);
      const text = countText(n);
      const r = n === 1 ? 9 : Math.max(17, ctx.measureText(text).width / 2 + 8);
      if (chosen) {
        ctx.beginPath();
        ctx.arc(x, y, r + 8, 0, 2 * Math.PI);
        ctx.lineWidth = 4;
        ctx.strokeStyle = this.ink('--accent');
        ctx.stroke();
      }
      if (n === 1) mark(ctx, this.ink, cluster.tone, x, y, r);
      else this.cluster(cluster.tone, text, x, y, r);
    }
    return seen;
  }

  private cluster(tone: Tone, text: string, x: number, y: number, r: number): void {
    const { ctx } = this;
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 2 * Math.PI);
    ctx.fillStyle = this.ink('--card');
    ctx.fill();
    ctx.lineWidth = 3;
    ctx.strokeStyle = this.ink(COLOUR[tone]);
    ctx.stroke();
    ctx.fillStyle = this.ink('--ink');
    ctx.fillText(text, x, y + 1);
    mark(ctx, this.ink, tone, x + r * 0.8, y - r * 0.8, 6);
  }

  /** A place and how well it is known. */
  private known(spot: Spot, accuracy_m: number | null, colour: string, hollow: boolean): void {
    const { ctx } = this;
    const [x, y] = [this.x(spot), this.y(spot)];
    const r = (accuracy_m ?? 0) / this.view.metresPerPx;
    if (r > 10 && r < 4000) {
      ctx.beginPath();
      ctx.arc(x, y, r, 0, 2 * Math.PI);
      ctx.globalAlpha = 0.12;
      ctx.fillStyle = this.ink(colour);
      ctx.fill();
      ctx.globalAlpha = 1;
      ctx.lineWidth = 1.5;
      ctx.strokeStyle = this.ink(colour);
      ctx.stroke();
    }
    ctx.beginPath();
    ctx.arc(x, y, 8, 0, 2 * Math.PI);
    ctx.lineWidth = 7;
    ctx.strokeStyle = this.ink('--card');
    ctx.stroke();
    ctx.fillStyle = this.ink(hollow ? '--card' : colour);
    ctx.fill();
    ctx.lineWidth = 3;
    ctx.strokeStyle = this.ink(colour);
    ctx.stroke();
  }

  places(of: Prepared): void {
    const { here, chosen } = of.scene;
    if (of.here && here) this.known(of.here, here.accuracy_m, '--info', here.old === true);
    if (of.chosen && chosen) this.known(of.chosen, chosen.accuracy_m, '--accent', false);
  }
}

/** Draws it all; what can be touched is handed back. */
export function paint(ctx: Ctx, of: Prepared, view: View, ink: Ink): Cluster[] {
  const painter = new Painter(ctx, view, ink);
  painter.lattice();
  painter.outlines(of);
  painter.track(of);
  painter.visits(of);
  const clusters = painter.clusters(of);
  painter.places(of);
  return clusters;
}
