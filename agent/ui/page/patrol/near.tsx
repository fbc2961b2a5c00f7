// Whom to visit: subjects of the three lists whose visit is due, the nearest first where it is known
// where they are; reporting in there is a visit, with what is known filled in.
import { useMemo } from 'preact/hooks';
import type { Row } from '@page/api';
import { useCall } from '@page/store';
import { T, when } from '@page/text';
import { Chip, Section, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { distance_m, whither, type LatLon } from '@page/map/geo';

interface Due {
  id: string;
  title: string;
  due: string;
  overdue: boolean;
  never: boolean;
  at: LatLon | null;
}

const SHOWN_MOST = 12;
const AHEAD_DAYS = '7';

function placeOf(row: Row | undefined): LatLon | null {
  const at = row?.position as Row | null | undefined;
  return at && typeof at.lat === 'number' && typeof at.lon === 'number'
    ? { lat: at.lat, lon: at.lon }
    : null;
}

export function Near({ here }: { here: LatLon | null }) {
  const due = useCall({ run: 'due', flags: { days: AHEAD_DAYS } });
  const subjects = useCall({ run: 'list', words: ['subject'] });
  const all = useMemo<Due[]>(() => {
    const rows = new Map(subjects.lines?.map((row) => [row.id, row]));
    return (due.lines ?? [])
      .filter((item) => item.what === 'visit')
      .map((item) => ({
        id: String(item.id),
        title: String(item.title || item.number),
        due: String(item.due),
        overdue: item.overdue === true,
        never: item.last_visit === null,
        at: placeOf(rows.get(item.id!)),
      }));
  }, [due.lines, subjects.lines]);
  // Ten metres are no reason to change the order under a finger.
  const [lat, lon] = [here && here.lat.toFixed(4), here && here.lon.toFixed(4)];
  const sorted = useMemo(() => {
    const from = here;
    if (!from) return all;
    const far = (of: Due): number => (of.at ? distance_m(from, of.at) : Infinity);
    return [...all].sort((a, b) => far(a) - far(b) || a.due.localeCompare(b.due));
  }, [all, lat, lon]);
  return (
    <Section title={T('该走访的，近的在前', 'Visits due, the nearest first')}>
      <Trouble of={due.failure} again={due.again} />
      {due.lines && all.length === 0 && <p class="quiet">{T('一周内没有到期的走访。', 'No visit is due within a week.')}</p>}
      <ul class="patrol-list">
        {sorted.slice(0, SHOWN_MOST).map((of) => (
          <li class="card visit-due" key={of.id}>
            <a href={`#/case/${of.id}`} class="visit-due-who">
              <strong>{of.title}</strong>
              <span class="quiet">
                {here && of.at ? whither(here, of.at) : T('没有位置', 'no position known')}
              </span>
            </a>
            <Chip tone={of.overdue && !of.never ? 'bad' : 'quiet'} icon={of.never ? 'visit' : of.overdue ? 'alert' : 'clock'}>
              {of.never
                ? T('还没有走访过', 'never visited')
                : of.overdue
                  ? T(`已过期，${when(of.due)}`, `overdue since ${when(of.due)}`)
                  : T(`${when(of.due)} 前`, `by ${when(of.due)}`)}
            </Chip>
            <a class="button" href={`#/new/visit?of=${of.id}`} aria-label={T(`到访：${of.title}`, `Report in: ${of.title}`)}>
              <Icon name="visit" />
              <span>{T('到访', 'Report in')}</span>
            </a>
          </li>
        ))}
      </ul>
      {all.length > SHOWN_MOST && (
        <a class="button" href="#/due">
          {T(`全部 ${all.length} 个`, `All ${all.length}`)}
        </a>
      )}
    </Section>
  );
}
