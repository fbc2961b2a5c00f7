// What a person's hand does to a map: drags it, pinches it, turns the wheel over it, touches it.
//
// A map that is not `held` stands in a page that scrolls: one finger and the wheel are the page's
// there, two fingers and the mouse move the map. Where the map lies and how near it looks is the
// chart's (chart.ts).

/** Pixels from the corner of the map's box. */
export interface Point {
  x: number;
  y: number;
}

export interface Moved {
  /** The map goes along by so many pixels, and comes so many times nearer around a point. */
  follow(right: number, down: number, nearer: number, around: Point): void;
  /** It was let go, and has come to rest. */
  rest(): void;
  /** A step nearer (1) or further away (-1) around a point. */
  step(steps: 1 | -1, around: Point): void;
  touch(at: Point): void;
}

/** Less is a hand that trembles. */
const STILL_PX = 3;
/** A notch of any wheel is more; a touchpad gives its way piece by piece. */
const NOTCH_PX = 50;
/** What one unit of `deltaMode` is: a pixel, a line, a page. */
const WHEEL_PX = [1, 20, 60];
const TWICE_MS = 300;
const TWICE_PX = 30;
/** How a drag glides on: the speed of its last moments, and how soon that is gone. */
const LAST_MS = 50;
const BRAKE_PX_PER_S2 = 3400;
const FASTEST_PX_PER_S = 3000;

export class Hand {
  /** One finger and the wheel are the map's, too. */
  held = false;
  private readonly fingers = new Map<number, Point>();
  private at: Point = { x: 0, y: 0 };
  private apart = 0;
  private begun: Point = { x: 0, y: 0 };
  private dragged = false;
  private path: (Point & { ms: number })[] = [];
  private gliding = 0;
  private turned = 0;
  private last: Point & { ms: number } = { x: 0, y: 0, ms: -Infinity };
  private readonly ended = new AbortController();

  constructor(
    private readonly box: HTMLElement,
    private readonly moved: Moved,
    /** Nothing glides. */
    private readonly calm: boolean,
  ) {
    const on = <K extends keyof HTMLElementEventMap>(
      name: K,
      hears: (event: HTMLElementEventMap[K]) => void,
    ): void => box.addEventListener(name, hears, { signal: this.ended.signal, passive: false });
    on('pointerdown', (event) => this.down(event));
    on('pointermove', (event) => this.move(event));
    on('pointerup', (event) => this.up(event));
    on('pointercancel', (event) => this.up(event));
    on('lostpointercapture', (event) => this.up(event));
    // Else the browser would take the fingers for scrolling or zooming the page.
    on('touchmove', (event) => this.takes(event.touches.length) && event.preventDefault());
    on('wheel', (event) => this.held && this.wheel(event));
    on('click', (event) => this.click(event));
    on('dblclick', (event) => this.twice(event));
  }

  close(): void {
    this.ended.abort();
    cancelAnimationFrame(this.gliding);
  }

  /** A drag that still glides ends here; was there one? */
  stop(): boolean {
    const was = this.gliding !== 0;
    cancelAnimationFrame(this.gliding);
    this.gliding = 0;
    return was;
  }

  private takes(fingers: number): boolean {
    return this.held || fingers > 1;
  }

  private point(event: MouseEvent): Point {
    const { left, top } = this.box.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  /** The middle of all fingers, and how far they are from it. */
  private grasp(): void {
    const all = [...this.fingers.values()];
    const mean = (of: (finger: Point) => number): number =>
      all.reduce((sum, finger) => sum + of(finger), 0) / all.length;
    this.at = { x: mean(({ x }) => x), y: mean(({ y }) => y) };
    this.apart = mean(({ x, y }) => Math.hypot(x - this.at.x, y - this.at.y));
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (this.stop()) this.moved.rest();
    // What was lost without a word (a finger that went while the page was elsewhere) is gone.
    if (event.isPrimary) this.fingers.clear();
    this.fingers.set(event.pointerId, this.point(event));
    this.grasp();
    this.path = [];
    if (this.fingers.size > 1) return;
    this.dragged = false;
    this.begun = this.at;
  }

  private move(event: PointerEvent): void {
    if (!this.fingers.has(event.pointerId)) return;
    if (event.buttons === 0) return this.up(event); // let go where nobody saw it
    this.fingers.set(event.pointerId, this.point(event));
    if (event.pointerType === 'touch' && !this.takes(this.fingers.size)) return;
    const { at, apart } = this;
    this.grasp();
    if (!this.dragged && this.fingers.size === 1) {
      if (Math.hypot(this.at.x - this.begun.x, this.at.y - this.begun.y) < STILL_PX) {
        this.at = at;
        return;
      }
      this.box.setPointerCapture(event.pointerId);
    }
    this.dragged = true;
    this.path.push({ ...this.at, ms: event.timeStamp });
    this.moved.follow(this.at.x - at.x, this.at.y - at.y, apart > 0 ? this.apart / apart : 1, this.at);
  }

  private up(event: PointerEvent): void {
    if (!this.fingers.delete(event.pointerId)) return;
    if (this.fingers.size > 0) {
      this.grasp();
      this.path = [];
    } else if (this.dragged) this.glide(event.timeStamp);
  }

  private glide(now: number): void {
    const path = this.path.filter(({ ms }) => now - ms <= LAST_MS);
    const [first, last] = [path[0], path[path.length - 1]];
    const [x, y, ms] = first && last ? [last.x - first.x, last.y - first.y, last.ms - first.ms] : [0, 0, 0];
    const way_px = Math.hypot(x, y);
    if (this.calm || way_px === 0) {
      this.moved.rest();
      return;
    }
    const speed = Math.min(FASTEST_PX_PER_S, (way_px / ms) * 1000);
    const lasts_s = speed / BRAKE_PX_PER_S2;
    const [right, down] = [(x / way_px) * speed, (y / way_px) * speed];
    let gone = 0;
    const begun = performance.now();
    const step = (): void => {
      const left = Math.max(0, 1 - (performance.now() - begun) / 1000 / lasts_s);
      // A tenth of the way that the speed would make: soon at rest, and soft at its end.
      const way = (1 - left ** 5) * 0.1 * lasts_s;
      this.moved.follow(right * (way - gone), down * (way - gone), 1, this.at);
      gone = way;
      this.gliding = left > 0 ? requestAnimationFrame(step) : 0;
      if (left === 0) this.moved.rest();
    };
    step();
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const way = event.deltaY * WHEEL_PX[event.deltaMode]!;
    this.turned = (this.turned * way < 0 ? 0 : this.turned) + way;
    if (Math.abs(this.turned) < NOTCH_PX) return;
    this.moved.step(this.turned < 0 ? 1 : -1, this.point(event));
    this.turned = 0;
  }

  private click(event: MouseEvent): void {
    if (this.dragged) {
      this.dragged = false;
      return;
    }
    const at = { ...this.point(event), ms: event.timeStamp };
    this.moved.touch(at);
    // Not every browser says of two touches that they were a double click.
    const { last } = this;
    this.last = at;
    if (at.ms - last.ms < TWICE_MS && Math.hypot(at.x - last.x, at.y - last.y) < TWICE_PX) this.twice(event);
  }

  private twice(event: MouseEvent): void {
    if (this.last.ms === -Infinity) return;
    this.last.ms = -Infinity; // two are said, and no third one
    this.moved.step(event.shiftKey ? -1 : 1, this.point(event));
  }
}
