// A day's way: all its patrols on one map, and in words: when, how far, what is missing and why.
import { useMemo, useState } from 'preact/hooks';
import { clockTime, duration, metres, N, T } from '@page/text';
import { Busy, Chip, Section, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import type { MapVisit } from '@page/map/geo';
import { TrackMap } from '@page/map/track_map';
import { causeText, chinaDay, hoursMinutes, useDay, type Walk } from './facts';

const DAY_MS = 86400000;
export const NO_WALKS: Walk[] = [];

export function mapVisits(walks: Walk[]): MapVisit[] {
  return walks.flatMap((walk) =>
    walk.visits.flatMap(({ lat, lon, title }) =>
      lat !== null && lon !== null ? [{ lat, lon, text: title }] : [],
    ),
  );
}

/** What the track does not know: said, never drawn as if it had been walked. */
export function Gaps({ of }: { of: Walk }) {
  if (of.gaps.length === 0) return null;
  return (
    <details class="patrol-gaps">
      <summary>
        <Icon name="alert" />
        {N(of.gaps.length, ' 处缺口：没有轨迹的时段', 'gap: time without a track', 'gaps: times without a track')}
      </summary>
      <ul>
        {of.gaps.map((gap) => (
          <li key={gap.from}>
            <strong>
              {clockTime(gap.from)}–{clockTime(gap.to)}
            </strong>{' '}
            {T('，', ', ')}
            {duration(Math.max(0, Date.parse(gap.to) - Date.parse(gap.from)) / 1000)}
            {T('，', ', ')}
            {causeText(gap.cause)}
          </li>
        ))}
      </ul>
    </details>
  );
}

function OneWalk({ of }: { of: Walk }) {
  return (
    <li class="card">
      <a class="walk-head" href={`#/case/${of.id}`}>
        <strong>
          {clockTime(of.start)}–{of.end ? clockTime(of.end) : of.running ? T('现在', 'now') : T('中断', 'cut off')}
        </strong>
        <span>{metres(of.distance_m)}</span>
        <span class="quiet">{of.end && hoursMinutes(Date.parse(of.end) - Date.parse(of.start))}</span>
        <span class="quiet">{of.number}</span>
        {of.end && of.gaps.length === 0 && of.lines.length > 0 && (
          <Chip tone="ok" icon="check">
            {T('没有缺口', 'no gaps')}
          </Chip>
        )}
        {of.end && of.lines.length === 0 && (
          <Chip tone="warn" icon="alert">
            {T('没有轨迹', 'no track')}
          </Chip>
        )}
      </a>
      <Gaps of={of} />
      {of.visits.length > 0 && (
        <ol class="walk-visits">
          {of.visits.map((visit, at) => (
            <li key={visit.id}>
              <a href={`#/case/${visit.id}`}>
                <b>{at + 1}</b> {visit.title} {visit.time && <span class="quiet">{clockTime(visit.time)}</span>}
              </a>
            </li>
          ))}
        </ol>
      )}
    </li>
  );
}

/** `walking`: its map stands above already; here only the words, for today. */
export function Days({ walking }: { walking: boolean }) {
  const today = chinaDay();
  const [date, setDate] = useState(today);
  const day = useDay(date, null);
  const walks = day.walks ?? NO_WALKS;
  const lines = useMemo(() => walks.flatMap((walk) => walk.lines), [walks]);
  const gaps = useMemo(() => walks.flatMap((walk) => walk.gaps), [walks]);
  const visits = useMemo(() => mapVisits(walks), [walks]);
  const step = (days: number): void => setDate(new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10));
  const far = walks.reduce((sum, walk) => sum + walk.distance_m, 0);
  return (
    <Section title={T('一天的路线', 'The way of a day')}>
      <div class="patrol-date">
        <button type="button" class="button" onClick={() => step(-1)} aria-label={T('前一天', 'the day before')}>
          <Icon name="back" />
        </button>
        <input
          type="date"
          aria-label={T('哪一天', 'Which day')}
          value={date}
          max={today}
          onChange={(event) => event.currentTarget.value && setDate(event.currentTarget.value)}
        />
        <button
          type="button"
          class="button"
          disabled={date >= today}
          onClick={() => step(1)}
          aria-label={T('后一天', 'the day after')}
        >
          <Icon name="forward" />
        </button>
      </div>
      <Trouble of={day.failure} again={day.again} />
      {!day.walks && !day.failure && <Busy />}
      {day.walks && walks.length === 0 && (
        <p class="quiet" role="status">
          {date === today ? T('今天还没有巡查。', 'No patrol yet today.') : T('这一天没有巡查。', 'No patrol on this day.')}
        </p>
      )}
      {walks.length > 0 && (
        <>
          <p role="status">
            {T(`${walks.length} 次巡查，共 ${metres(far)}`, `${N(walks.length, '', 'patrol', 'patrols')}, ${metres(far)} in all`)}
          </p>
          {lines.length > 0 && !(walking && date === today) && (
            <TrackMap key={date} lines={lines} gaps={gaps} visits={visits} label={T('这一天的路线', 'The way of this day')} />
          )}
          <ul class="patrol-list">
            {walks.map((walk) => (
              <OneWalk key={walk.id} of={walk} />
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}
