// My cases: list and map beside each other (one of them on a phone), drafts in a place of their own.
import { useEffect, useState } from 'preact/hooks';
import { useCall } from '@page/store';
import { address } from '@page/route';
import { N, T } from '@page/text';
import type { Listed, Place } from '@page/entity';
import { Button, Busy, Empty, LinkButton, Page, Trouble } from '@page/ui/parts';
import { LongList } from '@page/ui/long';
import { useRoom } from '@page/ui/room';
import type { PageProps } from '../routes';
import { CasesMap } from './beside';
import { Drafts, useDrafts } from './drafts';
import { FilterBar } from './filters';
import { callOf, change, isNarrowed, NO_QUERY, readQuery, type Query } from './query';
import { CaseRow } from './row';
import { useRows } from '@page/cases/rows';
import '@page/cases/cases.css';
import './cases.css';

/** Where she stands, asked once: the list must not run about while she reads it. */
function useHere(): Place | null {
  const told = useCall<{ lat?: number; lon?: number; quality?: string }>({ run: 'position' }).lines?.[0];
  const [here, setHere] = useState<Place | null>(null);
  useEffect(() => {
    if (!here && told?.lat !== undefined && told.lon !== undefined && told.quality !== 'poor')
      setHere({ lat: told.lat, lon: told.lon });
  }, [told]);
  return here;
}

function Views({ query, wide, drafts }: { query: Query; wide: boolean; drafts: number }) {
  const views: [string, string][] = [
    ['list', wide ? T('案件', 'Cases') : T('列表', 'List')],
    ...(wide ? [] : [['map', T('地图', 'Map')] satisfies [string, string]]),
    ['drafts', drafts > 0 ? T(`草稿 ${drafts}`, `Drafts ${drafts}`) : T('草稿', 'Drafts')],
  ];
  const now = wide && query.view === 'map' ? 'list' : query.view;
  return (
    <fieldset class="choices case-views">
      <legend class="hidden-words">{T('怎样看', 'View')}</legend>
      {views.map(([view, name]) => (
        <label class="choice" key={view}>
          <input type="radio" name="case-view" checked={now === view} onChange={() => change(query, { view })} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

function Nothing({ query }: { query: Query }) {
  if (isNarrowed(query))
    return (
      <Empty icon="filter">
        {T('没有符合条件的。', 'Nothing fits.')}{' '}
        <Button icon="undo" onClick={() => change(NO_QUERY, { view: query.view })}>
          {T('看全部', 'Show all')}
        </Button>
      </Empty>
    );
  return (
    <Empty icon="list">
      {T('这里还没有案件。看到问题就上报一件；或先同步，取回别人交给您的。', 'No cases yet. Report what you see; or sync, to fetch what was given to you.')}{' '}
      <LinkButton href={address(['new', 'incident'])} icon="camera" look="main">
        {T('上报', 'Report')}
      </LinkButton>
    </Empty>
  );
}

function List({ query, wide, here }: { query: Query; wide: boolean; here: Place | null }) {
  const rows = useRows(callOf(query));
  const at = rows.indexOf(query.selected);
  useEffect(() => {
    if (query.selected) rows.seek(query.selected);
  }, [query.selected]);
  const pick = (id: string): void => change(query, { selected: id, view: wide ? query.view : 'map' });
  return (
    <>
      <FilterBar query={query} count={rows.count} />
      <Trouble of={rows.failure} again={rows.again} />
      {rows.news && (
        <Button
          icon="sync"
          class="case-news"
          onClick={() => {
            rows.renew();
            scrollTo(0, 0);
          }}
        >
          {T('有更新，回到顶部看', 'There is something new: to the top')}
        </Button>
      )}
      {rows.count === null && !rows.failure && <Busy />}
      {rows.count === 0 && <Nothing query={query} />}
      <LongList<Listed>
        key={JSON.stringify(callOf(query))}
        count={rows.count}
        row={rows.row}
        name={(row) => row.id ?? row.number ?? ''}
        want={rows.want}
        at={at < 0 ? undefined : at}
        label={T('案件', 'Cases')}
        show={(row) => <CaseRow row={row} selected={row.id === query.selected} here={here} onPick={pick} />}
      />
    </>
  );
}

export function Cases({ query: from }: PageProps) {
  const query = readQuery(from);
  const wide = useRoom('60rem');
  const here = useHere();
  const drafts = useDrafts().list?.length ?? 0;
  const conflicts = useCall<{ conflicts: number }>({ run: 'status' }).lines?.[0]?.conflicts ?? 0;
  const onlyDrafts = query.view === 'drafts';
  const mapped = !onlyDrafts && (wide || query.view === 'map');
  const listed = !onlyDrafts && (wide || query.view !== 'map');
  return (
    <Page title={T('案件', 'Cases')} root class={mapped && wide ? 'page-wide' : ''}>
      <Views query={query} wide={wide} drafts={drafts} />
      {conflicts > 0 && !onlyDrafts && (
        <LinkButton href={address(['conflicts'])} icon="fork">
          {N(conflicts, ' 件有冲突，等人决定', 'case has a conflict to decide', 'cases have conflicts to decide')}
        </LinkButton>
      )}
      {onlyDrafts && <Drafts />}
      <div class={mapped && listed ? 'case-pair' : ''}>
        {listed && (
          <div class="case-list">
            <List query={query} wide={wide} here={here} />
          </div>
        )}
        {mapped && (
          <div class={wide ? 'case-map case-map-beside' : 'case-map'}>
            {!wide && <FilterBar query={query} count={null} />}
            <CasesMap query={query} here={here} />
          </div>
        )}
      </div>
    </Page>
  );
}
