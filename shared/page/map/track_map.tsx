// A patrol on the map: what was walked, what is not known between (dotted), places come to, and where
// we are. `follow` keeps us in the middle until she moves the map; "我这里" takes it up again.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { T } from '@page/text';
import { MapFrame, type Chart } from '@page/map/frame';
import { latLon, type Here, type LonLat, type MapGap, type MapVisit } from '@page/map/geo';

export interface TrackMapProps {
  lines: LonLat[][];
  gaps: MapGap[];
  visits?: MapVisit[];
  here?: Here | null;
  follow?: boolean;
  label?: string;
}

const NO_VISITS: MapVisit[] = [];

export function TrackMap(props: TrackMapProps) {
  const { lines, gaps, visits = NO_VISITS, here = null, follow = false } = props;
  const chart = useRef<Chart | null>(null);
  const [held, setHeld] = useState(follow);
  const on = useMemo(() => ({ lines, gaps, visits, here }), [lines, gaps, visits, here]);
  const start = useMemo(
    () => (follow && here ? [here] : [...lines.flat().map(latLon), ...visits]),
    [lines, visits, follow, here],
  );
  useEffect(() => {
    if (follow && held && here) chart.current?.look(here);
  }, [follow, held, here?.lat, here?.lon]);
  return (
    <MapFrame
      label={props.label ?? T('巡查轨迹；缺口在下面逐条列出', 'Track of the patrol; its gaps are listed below')}
      on={on}
      start={start}
      grip="page"
      here={here}
      onHere={() => setHeld(true)}
      onSeen={(seen) => seen.by_person && setHeld(false)}
      chart={(made) => (chart.current = made)}
    >
      <ul class="map-legend">
        <li>
          <svg class="map-sign map-sign-line" viewBox="0 0 24 24" aria-hidden="true">
            <path d="M2 12h20" />
          </svg>
          {T('走过的', 'walked')}
        </li>
        {gaps.length > 0 && (
          <li>
            <svg class="map-sign map-sign-gap" viewBox="0 0 24 24" aria-hidden="true">
              <path d="M2 12h20" />
            </svg>
            {T('缺口：没有记录', 'gap: not recorded')}
          </li>
        )}
        {visits.length > 0 && (
          <li>
            <svg class="map-sign map-sign-info" viewBox="0 0 24 24" aria-hidden="true">
              <path d="M5 5h14v14H5z" />
            </svg>
            {T('到过的地点', 'places visited')}
          </li>
        )}
      </ul>
    </MapFrame>
  );
}
