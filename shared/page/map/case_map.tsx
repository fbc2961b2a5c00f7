// Records on a map, beside their list: however many, gathered where they lie close together, in the
// tone and shape of their chips.
//
//   <CaseMap points={pointsOf(rows)} selected={id} onSelect={(ids) => …} onBounds={(wsen) => …} />
//
// The list says the same in words and is always there; the map is never the only way to a record.
import { useMemo } from 'preact/hooks';
import type { Json } from '@page/api';
import { N, T } from '@page/text';
import type { Tone } from '@page/ui/parts';
import { MapFrame } from '@page/map/frame';
import type { Here, LonLat, MapPoint } from '@page/map/geo';

const LIGHT: Record<string, Tone> = { green: 'ok', yellow: 'warn', red: 'bad' };
const ORDER: Tone[] = ['bad', 'warn', 'ok', 'info', 'quiet'];
const SIGNS: Record<Tone, string> = {
  bad: 'M12 3.5l8.5 15.500h-17z',
  warn: 'M12 3l9 9-9 9-9-9z',
  info: 'M5 5h14v14H5z',
  ok: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16',
  quiet: 'M12 19a7 7 0 1 0 0-14 7 7 0 0 0 0 14',
};

/** What `list --points` answered: `[id, number, kind, status, light, lat, lon]` each of a device, an
 * object each of the centre. */
export function pointsOf(rows: readonly Json[] | undefined): MapPoint[] {
  const points: MapPoint[] = [];
  for (const row of rows ?? []) {
    if (row === null || typeof row !== 'object') continue;
    const [id, , , , light, lat, lon] = Array.isArray(row) ? row : [row.id, null, null, null, row.light, row.lat, row.lon];
    if (typeof id === 'string' && typeof lat === 'number' && typeof lon === 'number')
      points.push({ id, lat, lon, tone: LIGHT[String(light)] ?? 'quiet' });
  }
  return points;
}

/** The sign of a tone, as the map draws it: for a legend, or beside a row of the list. */
export function Sign({ tone }: { tone: Tone }) {
  return (
    <svg class={`map-sign map-sign-${tone}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={SIGNS[tone]} />
    </svg>
  );
}

function words(tone: Tone): string {
  const all: Record<Tone, string> = {
    bad: T('红灯', 'red'),
    warn: T('黄灯', 'yellow'),
    ok: T('绿灯', 'green'),
    info: T('其他', 'other'),
    quiet: T('没有时限', 'no deadline'),
  };
  return all[tone];
}

export interface CaseMapProps {
  points: MapPoint[];
  /** Ringed on the map. */
  selected: string | null;
  /** Touched: one record, or several at one place. */
  onSelect: (ids: string[]) => void;
  /** West, south, east, north of what is seen. */
  onBounds?: (bounds: [number, number, number, number]) => void;
  /** A patrol beneath them. */
  track?: LonLat[][];
  here?: Here | null;
  label?: string;
  /** Keeps the view for when she comes back; one name a place of use. */
  remember?: string;
}

export function CaseMap(props: CaseMapProps) {
  const { points, selected, track, onBounds } = props;
  const on = useMemo(
    () => ({ points, selected, ...(track ? { lines: track } : {}), here: props.here ?? null }),
    [points, selected, track, props.here],
  );
  const tones = useMemo(() => new Set(points.map((point) => point.tone)), [points]);
  return (
    <MapFrame
      label={
        props.label ??
        T(`地图，${N(points.length, ' 条记录', '', '')}；列表里也都有`, `Map of ${N(points.length, '', 'record', 'records')}; the list has them all too`)
      }
      on={on}
      start={points}
      grip="page"
      here={props.here}
      onSeen={(seen) => onBounds?.(seen.bounds)}
      onTouch={props.onSelect}
      {...(props.remember ? { remember: props.remember } : {})}
    >
      <ul class="map-legend">
        {ORDER.filter((tone) => tones.has(tone)).map((tone) => (
          <li key={tone}>
            <Sign tone={tone} />
            {words(tone)}
          </li>
        ))}
      </ul>
    </MapFrame>
  );
}
