// The inbox: what is open, a list and beside it the case under the cursor, or the map. All of it by
// keys; what comes in waits in a bar.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { one } from '@page/api';
import { withFlags } from '@page/cases/rows';
import { CaseMap, pointsOf } from '@page/map/case_map';
import { useSignal } from '@page/signal';
import { useCall } from '@page/store';
import { T } from '@page/text';
import { Busy, Button, Page, Trouble } from '@page/ui/parts';
import { useRoom } from '@page/ui/room';
import { ActPanel } from '../case/act_panel';
import { proposed, type DeskCase } from '../case/facts_desk';
import { Beside } from '../case/beside';
import { CaseList, focusRow, hovered, listKeys, targetOf, useDesk, type Desk } from '../cases/list';
import { FilterBar } from '../cases/filters';
import { Address, listOf, type Query } from '../cases/query';
import type { PageProps } from '../routes';
import { useKeys } from '../shell/keys';
import { BulkBar, DispatchByCatalogue, moveKeys, type Acting } from './acting';
import '../cases/desk.css';
import '../case/case.css';

const INBOX = new Address([], { state: 'open' });

function DeskMap({ query, desk }: { query: Query; desk: Desk }) {
  const told = useCall(withFlags(listOf(query), { points: true }));
  const points = useMemo(() => pointsOf(told.lines), [told.lines]);
  const over = useSignal(hovered);
  return (
    <div class="desk-map">
      <Trouble of={told.failure} again={told.again} />
      <CaseMap
        points={points}
        selected={over ?? (desk.at || null)}
        onSelect={(ids) => {
          const at = ids.indexOf(desk.at);
          const next = ids[(at + 1) % ids.length];
          if (!next) return;
          desk.rows.seek(next);
          desk.setAt(next);
        }}
        remember="inbox"
      />
      {told.lines && points.length === 0 && <p class="quiet">{T('这些案件都没有记位置。', 'None of these has a position.')}</p>}
    </div>
  );
}

/** The form of a move; of a dispatch with what the catalogue proposes filled in. */
function Form({ acting, desk, close }: { acting: Acting; desk: Desk; close(): void }) {
  const [row] = acting.of;
  const single = acting.of.length === 1;
  const proposes = single && acting.move === 'dispatch';
  const [told, setTold] = useState<DeskCase | null | undefined>(proposes ? undefined : null);
  useEffect(() => {
    if (proposes && row?.id)
      one<DeskCase>({ run: 'show', words: [row.id] }).then(
        (of) => setTold(of ?? null),
        () => setTold(null),
      );
  }, []);
  if (told === undefined) return <Busy />;
  const to = told?.proposal;
  const done = (): void => {
    desk.rows.settle(acting.of.map((one_row) => one_row.id ?? ''));
    desk.clear();
    close();
    focusRow(desk.at);
  };
  return (
    <>
      {!single && acting.move === 'dispatch' && <DispatchByCatalogue of={acting.of} done={done} />}
      <ActPanel
        move={acting.move}
        kind={row?.kind ?? 'incident'}
        of={acting.of.map(targetOf)}
        values={proposed(to)}
        hint={to ? T(`建议派给${to.unit_name}：${to.why}`, `Proposed: ${to.unit_name}. ${to.why}`) : undefined}
        held
        done={done}
        left={() => {
          close();
          focusRow(desk.at);
        }}
      />
    </>
  );
}

export function Inbox({ query: from }: PageProps) {
  const query = INBOX.read(from);
  const desk = useDesk(query, INBOX);
  const [acting, setActing] = useState<Acting | null>(null);
  const [view, setView] = useState<'case' | 'map'>('case');
  const beside = useRoom('60rem');
  const three = useRoom('105rem');
  useKeys([
    ...listKeys(desk),
    ...moveKeys(desk, setActing),
    { keys: 'm', words: T('地图或案件', 'map or case'), run: () => setView(view === 'map' ? 'case' : 'map') },
    ...(acting ? [{ keys: 'Escape', words: T('不办了', 'leave the form'), run: () => setActing(null) }] : []),
  ]);
  const mapped = three || view === 'map';
  const shown = (three || view === 'case') && beside;
  return (
    <Page title={T('收件', 'Inbox')} root class="desk-page">
      <FilterBar query={query} address={INBOX} />
      <BulkBar desk={desk} open={setActing} />
      <div class={three ? 'desk-three' : beside ? 'desk-pair' : 'desk-single'}>
        <CaseList desk={desk} query={query} address={INBOX} />
        {(beside || acting || view === 'map') && (
          <div class="desk-pane">
            {!three && !acting && (
              <fieldset class="picks">
                <legend class="hidden-words">{T('旁边看什么', 'Beside the list')}</legend>
                {(['case', 'map'] as const).map((one_view) => (
                  <label class="tab" key={one_view}>
                    <input type="radio" class="hidden-words" name="pane" checked={view === one_view} onChange={() => setView(one_view)} />
                    {one_view === 'case' ? T('案件', 'Case') : T('地图 (m)', 'Map (m)')}
                  </label>
                ))}
              </fieldset>
            )}
            {acting && <Form key={acting.move + acting.of.map((row) => row.id).join()} acting={acting} desk={desk} close={() => setActing(null)} />}
            {mapped && !three && !acting && <DeskMap query={query} desk={desk} />}
            {(shown || (acting && beside)) && <Beside id={desk.at} quiet={acting !== null} />}
          </div>
        )}
        {three && (
          <div class="desk-pane">
            <DeskMap query={query} desk={desk} />
          </div>
        )}
      </div>
      {!beside && view === 'case' && (
        <Button icon="map" onClick={() => setView('map')}>
          {T('看地图', 'Map')}
        </Button>
      )}
    </Page>
  );
}
