// What is around every map: the buttons that move it, its scale, what it is drawn from, and the way
// in and out for keys and fingers.
//
// A map that stands in a page would catch the finger that scrolls the page; so there one finger
// scrolls, two move the map, and so do the buttons; over the whole screen one finger is enough.
// Where a place is being picked (`grip: 'map'`), moving the map is what the finger is there for.
// The map is one stop of the Tab key; inside it arrows, + and - move it, and Escape leads out.
import './map.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Failure } from '@page/api';
import { behind } from '@page/behind';
import { T } from '@page/text';
import { Icon, type IconName } from '@page/ui/icon';
import { Sheet, Trouble } from '@page/ui/parts';
import { roundMetres, type Here, type LatLon } from '@page/map/geo';
import { crsText, NO_MAP, useOffline, useOutlines, type Offline } from '@page/map/offline';
import type { Chart, Seen } from '@page/map/chart';
import type { Scene } from '@page/map/scene';

export type { Chart, Seen };

type Module = typeof import('@page/map/chart');

interface FrameProps {
  label: string;
  /** What lies on the map besides the outlines. */
  on: Partial<Omit<Scene, 'outlines'>>;
  /** What is seen first; nothing: where we are, the grids, the map. */
  start: LatLon[];
  /** Under which name the view is kept for when she comes back to it. */
  remember?: string;
  grip: 'page' | 'map';
  crosshair?: boolean;
  here?: Here | null | undefined;
  onHere?: (() => void) | undefined;
  onSeen?: (seen: Seen) => void;
  onTouch?: (ids: string[]) => void;
  /** The chart, once there is one. */
  chart?: (chart: Chart | null) => void;
  /** Under the buttons: a legend. */
  children?: ComponentChildren;
}

const views = new Map<string, { centre: LatLon; zoom: number }>();
const PUSH_PX = 80;
const FINE_PX = 10;
const STREET_ZOOM = 16;

/** What moves and draws it, once; asked for again where it did not come. */
function useModule(): [Module | null, Failure | undefined, () => void] {
  const [module, setModule] = useState<Module | null>(null);
  const [failure, setFailure] = useState<Failure>();
  const load = (): void => {
    setFailure(undefined);
    import('@page/map/chart').then(setModule, () =>
      setFailure(new Failure('map', 1, T('地图没有装好；列表照常可用。', 'The map did not load; the list works as ever.'))),
    );
  };
  useEffect(load, []);
  return [module, failure, load];
}

/** `100 米` under a bar of that length. */
function Scale({ metresPerPx }: { metresPerPx: number }) {
  const bar = useRef<HTMLSpanElement>(null);
  const length = roundMetres(metresPerPx * 110);
  useLayoutEffect(() => {
    if (bar.current) bar.current.style.width = `${length / metresPerPx}px`;
  }, [length, metresPerPx]);
  return (
    <span class="map-scale">
      <span class="hidden-words">{T('比例尺', 'scale')} </span>
      {length < 1000 ? `${length} ${T('米', 'm')}` : `${length / 1000} ${T('公里', 'km')}`}
      <span class="map-scale-bar" ref={bar} />
    </span>
  );
}

function Layers(props: {
  offline: Offline;
  outlined: boolean | null;
  onOutlined: (on: boolean) => void;
  onClose: () => void;
}) {
  const { offline } = props;
  const maps = offline.maps ?? [];
  return (
    <Sheet title={T('图层', 'Layers')} onClose={props.onClose}>
      <fieldset class="field">
        <legend>{T('底图', 'Map beneath')}</legend>
        <div class="choices">
          {maps.map((map) => (
            <label class="choice" key={map.name}>
              <input
                type="radio"
                name="map-under"
                checked={offline.chosen?.name === map.name}
                onChange={() => offline.choose(map.name)}
              />
              <span>
                {map.title}
                <small class="map-crs">{crsText(map.crs)}</small>
              </span>
            </label>
          ))}
          <label class="choice">
            <input
              type="radio"
              name="map-under"
              checked={offline.chosen === null}
              onChange={() => offline.choose(NO_MAP)}
            />
            {T('不用底图，只看方格', 'none, only the lattice')}
          </label>
        </div>
        {maps.length === 0 && (
          <p class="hint">
            {behind.no_map()}
          </p>
        )}
      </fieldset>
      {props.outlined !== null && (
        <label class="choice">
          <input
            type="checkbox"
            checked={props.outlined}
            onChange={(event) => props.onOutlined(event.currentTarget.checked)}
          />
          {T('网格边界', 'borders of the grids')}
        </label>
      )}
    </Sheet>
  );
}

function Tool(props: { icon: IconName; name: string; act: () => void; pressed?: boolean }) {
  return (
    <button type="button" class="map-tool" onClick={props.act} aria-pressed={props.pressed}>
      <Icon name={props.icon} />
      <span>{props.name}</span>
    </button>
  );
}

const NO_POINTS: Scene['points'] = [];
const NO_LINES: Scene['lines'] = [];
const NO_GAPS: Scene['gaps'] = [];
const NO_VISITS: Scene['visits'] = [];

export function MapFrame(props: FrameProps) {
  const box = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const placed = useRef(false);
  const latest = useRef(props);
  latest.current = props;
  const [module, failure, load] = useModule();
  const [seen, setSeen] = useState<Seen>();
  const [full, setFull] = useState(false);
  const [layers, setLayers] = useState(false);
  const [outlined, setOutlined] = useState(true);
  const offline = useOffline();
  const outlines = useOutlines();
  const { on, start } = props;

  const scene = useMemo<Scene>(
    () => ({
      outlines: outlined ? outlines : [],
      points: on.points ?? NO_POINTS,
      selected: on.selected ?? null,
      lines: on.lines ?? NO_LINES,
      gaps: on.gaps ?? NO_GAPS,
      visits: on.visits ?? NO_VISITS,
      here: on.here ?? null,
      chosen: on.chosen ?? null,
    }),
    [outlined, outlines, on.points, on.selected, on.lines, on.gaps, on.visits, on.here, on.chosen],
  );

  useEffect(() => {
    if (!module || !box.current) return undefined;
    const made = new module.Chart(box.current, {
      onSeen: (now) => {
        setSeen(now);
        if (now.by_person) placed.current = true;
        const { remember, onSeen } = latest.current;
        if (remember && placed.current) views.set(remember, { centre: now.centre, zoom: now.zoom });
        onSeen?.(now);
      },
      onTouch: (ids) => latest.current.onTouch?.(ids),
    });
    chart.current = made;
    latest.current.chart?.(made);
    return () => {
      latest.current.chart?.(null);
      chart.current = null;
      made.close();
    };
  }, [module]);

  // In this order: what lies beneath decides where the rest is drawn.
  useEffect(() => chart.current?.lay(offline.chosen), [module, offline.chosen?.name, offline.chosen?.bytes]);
  useEffect(() => chart.current?.show(scene), [module, scene]);

  useEffect(() => {
    const now = chart.current;
    if (!now || placed.current || !module) return;
    const kept = props.remember ? views.get(props.remember) : undefined;
    if (kept) {
      now.look(kept.centre, kept.zoom);
      placed.current = true;
    } else if (start.length > 0) {
      if (start.length === 1) now.look(start[0]!, STREET_ZOOM);
      else now.fit(start);
      placed.current = true;
    } else if (props.here) {
      now.look(props.here, STREET_ZOOM);
    } else {
      now.fit(module.placesOfOutlines(outlines));
    }
  }, [module, start.length > 0, props.here !== null, outlines, offline.chosen?.name]);

  useEffect(() => chart.current?.held(full || props.grip === 'map'), [module, full]);

  const whole = (): void => {
    if (!module || !chart.current) return;
    const places = module.placesOf(scene);
    chart.current.fit(places.length > 0 ? places : module.placesOfOutlines(outlines));
  };

  const toHere = (): void => {
    props.onHere?.();
    if (props.here) chart.current?.look(props.here, STREET_ZOOM);
  };

  const key = (event: KeyboardEvent): void => {
    const now = chart.current;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const far = event.shiftKey || props.grip === 'page' ? PUSH_PX : FINE_PX;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => now?.push(-far, 0),
      ArrowRight: () => now?.push(far, 0),
      ArrowUp: () => now?.push(0, -far),
      ArrowDown: () => now?.push(0, far),
      '+': () => now?.zoomBy(1),
      '=': () => now?.zoomBy(1),
      '-': () => now?.zoomBy(-1),
      Home: whole,
      Enter: () => now?.touchAt(0, 0),
      Escape: () =>
        full ? setFull(false) : frame.current?.querySelector<HTMLElement>('.map-tool')?.focus(),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  /** Over the whole screen, the Tab key stays with what is seen. */
  const strayed = (event: FocusEvent): void => {
    const to = event.relatedTarget;
    if (full && to instanceof Node && !frame.current?.contains(to)) box.current?.focus();
  };

  const help = props.crosshair || props.onTouch;
  return (
    <div
      ref={frame}
      class={full ? 'map map-full' : 'map'}
      onFocusOut={strayed}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && full && !layers) setFull(false);
      }}
    >
      <div class="map-view">
        <div
          ref={box}
          class={full || props.grip === 'map' ? 'map-box map-held' : 'map-box'}
          tabIndex={0}
          role="application"
          aria-roledescription={T('地图', 'map')}
          aria-label={props.label}
          aria-description={T(
            `方向键移动，加减号缩放，${help ? '回车选正中的，' : ''}Esc 离开。`,
            `Arrow keys move it, plus and minus zoom, ${help ? 'Enter takes what is in the middle, ' : ''}Escape leaves.`,
          )}
          onKeyDown={key}
        />
        {props.crosshair && (
          <svg class="map-cross" viewBox="0 0 48 48" aria-hidden="true">
            <path class="map-cross-edge" d="M24 2v17M24 29v17M2 24h17M29 24h17" />
            <path d="M24 2v17M24 29v17M2 24h17M29 24h17M24 24h.01" />
          </svg>
        )}
        {seen && <Scale metresPerPx={seen.metresPerPx} />}
        {!module && !failure && <p class="map-waits">{T('地图正在打开…', 'The map is opening…')}</p>}
      </div>
      {failure && <Trouble of={failure} again={load} />}
      <div class="map-tools" role="group" aria-label={T('移动地图', 'Moving the map')}>
        <Tool icon="plus" name={T('放大', 'In')} act={() => chart.current?.zoomBy(1)} />
        <Tool icon="minus" name={T('缩小', 'Out')} act={() => chart.current?.zoomBy(-1)} />
        <Tool icon="whole" name={T('全部', 'All')} act={whole} />
        {props.here && <Tool icon="here" name={T('我这里', 'Me')} act={toHere} />}
        <Tool icon="layers" name={T('图层', 'Layers')} act={() => setLayers(true)} />
        <Tool
          icon={full ? 'close' : 'enlarge'}
          name={full ? T('还原', 'Close') : T('全屏', 'Full')}
          act={() => setFull(!full)}
        />
      </div>
      {props.children}
      <p class="map-about">
        {offline.chosen
          ? [offline.chosen.title, offline.chosen.attribution].filter(Boolean).join(' · ')
          : T('没有底图：方格和比例尺示意远近', 'no map beneath: lattice and scale show distances')}
        {props.grip === 'page' && !full && (
          <span class="map-fingers">
            {T('两指移动地图，或点“全屏”。', 'Two fingers move the map, or touch “Full”.')}
          </span>
        )}
      </p>
      {layers && (
        <Layers
          offline={offline}
          outlined={outlines.length > 0 ? outlined : null}
          onOutlined={setOutlined}
          onClose={() => setLayers(false)}
        />
      )}
    </div>
  );
}
