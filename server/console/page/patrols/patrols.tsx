// Who is out today, where they walked, what is not known between; who has not been heard of; what was
// covered. Workers are not ranked: the order is that of their codes.
import { useState } from 'preact/hooks';
import { address, shift } from '@page/route';
import { useCall } from '@page/store';
import { clockTime, label, metres, N, T, when } from '@page/text';
import { Chip, Empty, Page, Section } from '@page/ui/parts';
import type { LonLat } from '@page/map/geo';
import { TrackMap } from '@page/map/track_map';
import { fieldNamed, kindNamed } from '@page/domain';
import type { PageProps } from '../routes';
import { Fetched } from '../parts/fetch';
import { chinaDay, dayBefore, spanText } from '../parts/span';
import { Table } from '../parts/table';
import { Tabs } from '../parts/tabs';
import './patrols.css';

interface Walk {
  id: string;
  number: string | null;
  worker: string;
  name: string | null;
  unit: string;
  unit_name: string | null;
  start: string;
  end: string | null;
  open: boolean;
  distance_m: number;
  points: number;
  gaps: number;
  gap_s: number;
  last: { lat: number; lon: number; time: string } | null;
  synced: string | null;
}

const whoText = (of: { name: string | null; worker: string }): string => of.name ?? of.worker;
/** 0017 of lanshan.example/d/0017: a site has one origin. */
const deviceText = (device: string): string => device.replace(/^.*\/d\//, '');
const unitText = (of: { unit: string; unit_name: string | null }): string => of.unit_name || of.unit;

function DayPicker({ day, choose }: { day: string; choose(day: string): void }) {
  return (
    <div class="controls">
      <div class="field">
        <label for="patrol-day">{T('哪一天', 'Which day')}</label>
        <input id="patrol-day" type="date" max={chinaDay()} value={day} onChange={(event) => event.currentTarget.value && choose(event.currentTarget.value)} />
      </div>
    </div>
  );
}

function Out({ day }: { day: string }) {
  const told = useCall<Walk>({ run: 'patrols', words: [day] });
  return (
    <Fetched of={told}>
      {(lines) => (
        <>
          <p class="quiet" role="status">
            {T(
              `${lines.length} 次巡查，${lines.filter((one) => one.open).length} 人正在路上（以最后一次同步为准）。`,
              `${N(lines.length, '', 'patrol', 'patrols')}, ${lines.filter((one) => one.open).length} under way (as of their last sync).`,
            )}
          </p>
          {lines.length === 0 ? (
            <Empty icon="route">{T('这一天还没有收到巡查。没有网络的设备，同步之后才看得到。', 'No patrol of that day has come yet. Those of devices without a network come with their next sync.')}</Empty>
          ) : (
            <Table
              caption={T('巡查', 'Patrols')}
              rows={[...lines].sort((a, b) => a.worker.localeCompare(b.worker))}
              keyOf={(row) => row.id}
              columns={[
                { head: T('谁', 'Who'), whole: true, cell: (row) => <a href={address(['patrols', row.id])}>{whoText(row)}</a> },
                { head: T('单位', 'Unit'), whole: true, cell: (row) => unitText(row) },
                {
                  head: T('时间', 'Time'),
                  cell: (row) => `${clockTime(row.start)}–${row.end ? clockTime(row.end) : ''}`,
                },
                {
                  head: T('状态', 'State'),
                  cell: (row) =>
                    row.open ? (
                      <Chip tone="info" icon="route">
                        {T('在路上', 'under way')}
                      </Chip>
                    ) : (
                      T('已结束', 'ended')
                    ),
                },
                { head: T('路程', 'Distance'), numeric: true, cell: (row) => metres(row.distance_m) },
                { head: T('缺口', 'Gaps'), numeric: true, cell: (row) => (row.gaps ? T(`${row.gaps} 处，${spanText(row.gap_s)}`, `${row.gaps}, ${spanText(row.gap_s)}`) : '0') },
                { head: T('收到至', 'Heard until'), cell: (row) => (row.synced ? when(row.synced) : '') },
              ]}
            />
          )}
        </>
      )}
    </Fetched>
  );
}

interface Silent {
  device: string;
  worker: string;
  name: string | null;
  unit: string;
  unit_name: string | null;
  last_batch: string | null;
  silent_s: number | null;
  waiting: number;
}

function SilentDevices() {
  const told = useCall<Silent>({ run: 'silent' });
  return (
    <Fetched of={told}>
      {(lines) => (
        <Table
          caption={T('多久没有同步', 'For how long nothing came')}
          rows={lines}
          keyOf={(row) => row.device}
          columns={[
            { head: T('设备', 'Device'), cell: (row) => deviceText(row.device) },
            { head: T('谁', 'Who'), whole: true, cell: (row) => whoText(row) },
            { head: T('单位', 'Unit'), whole: true, cell: (row) => unitText(row) },
            { head: T('最后收到', 'Last heard'), cell: (row) => (row.last_batch ? when(row.last_batch) : T('从未', 'never')) },
            { head: T('多久', 'For'), numeric: true, cell: (row) => (row.silent_s === null ? '' : spanText(row.silent_s)) },
          ]}
        />
      )}
    </Fetched>
  );
}

interface Covered {
  unit: string;
  name: string;
  patrols: number;
  workers: number;
  distance_m: number;
  subjects: number;
  visited: number;
  places_visited: number;
  households_visited: number;
  households: number | null;
  /** Of so many units it is known, of those of which it could be. */
  households_units: { told: number; of: number } | null;
}

function householdsText(row: Covered): string {
  const units = row.households_units;
  const some = units && units.told < units.of ? T(`（${units.of} 个单位中 ${units.told} 个有户数）`, ` (known of ${units.told} of ${units.of} units)`) : '';
  return ofAll(row.households_visited, row.households) + some;
}

const ofAll = (part: number, all: number | null): string => (all === null ? String(part) : `${part} / ${all}`);

function Coverage() {
  const [from, setFrom] = useState(dayBefore(chinaDay(), 6));
  const [to, setTo] = useState(chinaDay());
  const [below, setBelow] = useState(false);
  const told = useCall<Covered>({ run: 'coverage', flags: { from, to, ...(below ? { below } : {}) } });
  return (
    <>
      <div class="controls">
        <div class="field">
          <label for="cover-from">{T('从', 'From')}</label>
          <input id="cover-from" type="date" value={from} max={to} onChange={(event) => event.currentTarget.value && setFrom(event.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="cover-to">{T('到', 'To')}</label>
          <input id="cover-to" type="date" value={to} max={chinaDay()} onChange={(event) => event.currentTarget.value && setTo(event.currentTarget.value)} />
        </div>
        <label class="choice">
          <input type="checkbox" checked={below} onChange={(event) => setBelow(event.currentTarget.checked)} />
          {T('连同下级', 'With all below')}
        </label>
      </div>
      <Fetched of={told}>
        {(lines) => (
          <Table
            caption={T('覆盖', 'Coverage')}
            rows={lines}
            keyOf={(row) => row.unit}
            columns={[
              { head: T('单位', 'Unit'), cell: (row) => row.name },
              { head: T('巡查', 'Patrols'), numeric: true, cell: (row) => row.patrols },
              { head: T('人员', 'Workers'), numeric: true, cell: (row) => row.workers },
              { head: T('路程', 'Distance'), numeric: true, cell: (row) => metres(row.distance_m) },
              { head: T('三张清单走访', 'Of the three lists'), numeric: true, cell: (row) => ofAll(row.visited, row.subjects) },
              { head: T('场所', 'Places'), numeric: true, cell: (row) => row.places_visited },
              { head: T('入户', 'Households'), numeric: true, cell: householdsText },
            ]}
          />
        )}
      </Fetched>
    </>
  );
}

interface Gap {
  from: string;
  to: string;
  cause: string;
  between: LonLat[];
}

interface Walked {
  worker: string;
  name: string | null;
  unit: string;
  unit_name: string | null;
  number: string | null;
  start: string;
  end: string | null;
  open: boolean;
  distance_m: number;
  lines: LonLat[][];
  gaps: Gap[];
  visits: { id: string; number: string | null; subject?: string | null; place?: string | null; time: string | null; lat: number | null; lon: number | null }[];
}

function causeText(cause: string): string {
  const field = fieldNamed(kindNamed('patrol'), 'gap');
  return label(field?.choices?.find((choice) => choice.name === cause), cause);
}

function One({ id }: { id: string }) {
  const told = useCall<Walked>({ run: 'patrols', flags: { show: id } });
  const of = told.lines?.[0];
  const visits = (of?.visits ?? []).flatMap((one) =>
    one.lat === null || one.lon === null ? [] : [{ lat: one.lat, lon: one.lon, text: one.subject ?? one.place ?? one.number ?? '' }],
  );
  return (
    <Page title={of ? T(`巡查 ${of.number ?? ''}`, `Patrol ${of.number ?? ''}`) : T('巡查', 'Patrol')}>
      <Fetched of={told}>
        {() =>
          of && (
            <>
              <p>
                {[whoText(of), unitText(of), `${when(of.start)} – ${of.end ? clockTime(of.end) : T('在路上', 'under way')}`, metres(of.distance_m)].join(' · ')}
              </p>
              <div class="patrol-map">
                <TrackMap lines={of.lines} gaps={of.gaps} visits={visits} />
              </div>
              {of.gaps.length > 0 && (
                <Section title={T(`缺口 ${of.gaps.length} 处`, N(of.gaps.length, '', 'gap', 'gaps'))}>
                  <p class="quiet">{T('缺口里去了哪里不知道；图上不连线，路程也不算。', 'Where the worker was in a gap is not known: it is not joined on the map, and not counted.')}</p>
                  <ul>
                    {of.gaps.map((gap) => (
                      <li key={gap.from}>
                        {clockTime(gap.from)}–{clockTime(gap.to)} · {causeText(gap.cause)}
                      </li>
                    ))}
                  </ul>
                </Section>
              )}
              {of.visits.length > 0 && (
                <Section title={T('途中走访', 'Visits on the way')}>
                  <ul>
                    {of.visits.map((one) => (
                      <li key={one.id}>
                        <a href={address(['case', one.id])}>{one.subject ?? one.place ?? one.number ?? one.id.slice(0, 8)}</a>
                        {one.time && <span class="quiet"> · {clockTime(one.time)}</span>}
                      </li>
                    ))}
                  </ul>
                </Section>
              )}
            </>
          )
        }
      </Fetched>
    </Page>
  );
}

const PARTS = ['day', 'silent', 'coverage'] as const;

export function Patrols({ rest, query }: PageProps) {
  if (rest[0]) return <One id={rest[0]} />;
  const part = PARTS.find((one) => one === query.get('part')) ?? 'day';
  const day = query.get('day') ?? chinaDay();
  const words = { day: T('当天', 'The day'), silent: T('多久没同步', 'Silent devices'), coverage: T('覆盖', 'Coverage') };
  return (
    <Page title={T('巡查', 'Patrols')} root>
      <Tabs label={T('看什么', 'What to see')} of={PARTS.map((one) => ({ href: address(['patrols'], one === 'day' ? {} : { part: one }), words: words[one], here: part === one }))} />
      {part === 'day' && (
        <>
          <DayPicker day={day} choose={(next) => shift(['patrols'], { day: next })} />
          <Out day={day} />
        </>
      )}
      {part === 'silent' && <SilentDevices />}
      {part === 'coverage' && <Coverage />}
    </Page>
  );
}
