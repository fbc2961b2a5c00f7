// The inbox: what is open, a list and beside it the case under the cursor, or the map. All of it by
// keys; what comes in waits in a bar.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
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
import type { DeskRow } from '../cases/row';
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

/** The focus is here already: the next Enter is for the form, and not for the row. */
function Asking() {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  return (
    <div ref={box} tabIndex={-1}>
      <Busy />
    </div>
  );
}

interface FormProps {
  acting: Acting;
  desk: Desk;
  close(): void;
  again(what: Acting): void;
}

/** What the catalogue proposes for a dispatch of one; undefined: it is being asked. */
function useProposal(acting: Acting): DeskCase['proposal'] | undefined {
  const [row] = acting.of;
  const asks = acting.of.length === 1 && acting.move === 'dispatch';
  const [told, setTold] = useState<DeskCase['proposal'] | undefined>(asks ? undefined : null);
  useEffect(() => {
    if (asks && row?.id)
      one<DeskCase>({ run: 'show', words: [row.id] }).then(
        (of) => setTold(of?.proposal ?? null),
        () => setTold(null),
      );
  }, []);
  return told;
}

/** The form of a move; of a dispatch with what the catalogue proposes filled in. */
function Form({ acting, desk, close, again }: FormProps) {
  const to = useProposal(acting);
  const [by_form, setByForm] = useState(acting.of.length === 1 || acting.move !== 'dispatch' || acting.values !== undefined);
  const left = (): void => {
    close();
    focusRow(desk.current());
  };
  if (to === undefined) return <Asking />;
  if (!by_form)
    return (
      <DispatchByCatalogue
        of={acting.of}
        settle={desk.rows.settle}
        together={() => setByForm(true)}
        done={(rest) => {
          left();
          desk.select(rest);
        }}
        left={left}
      />
    );
  // Somebody else may have moved it since the form was opened.
  const now = acting.of.map((row) => (desk.rows.row(desk.rows.indexOf(row.id ?? '')) as DeskRow | undefined) ?? row);
  return (
    <ActPanel
      move={acting.move}
      kind={acting.of[0]?.kind ?? 'incident'}
      of={now.map(targetOf)}
      values={acting.values ?? proposed(to)}
      hint={to ? T(`建议派给${to.unit_name}：${to.why}`, `Proposed: ${to.unit_name}. ${to.why}`) : undefined}
      held
      settle={desk.rows.settle}
      again={(values) => again({ ...acting, values })}
      done={() => {
        left();
        desk.select([]);
      }}
      left={left}
    />
  );
}

export function Inbox({ query: from }: PageProps) {
  const query = INBOX.read(from);
  const desk = useDesk(query, INBOX);
  const [acting, setActing] = useState<Acting | null>(null);
  const [view, setView] = useState<'case' | 'map'>('case');
  const beside = useRoom('60rem');
  const three = useRoom('105rem');
  const leave = (): void => {
    setActing(null);
    focusRow(desk.current());
  };
  // Under a form the list stands still: what is typed is meant for the form.
  useKeys(
    acting
      ? [
          { keys: 'Escape', words: T('不办了', 'leave the form'), run: leave },
          { keys: 'Enter', words: T('办', 'do it'), run: () => undefined },
        ]
      : [...listKeys(desk), ...moveKeys(desk, setActing), { keys: 'm', words: T('地图或案件', 'map or case'), run: () => setView(view === 'map' ? 'case' : 'map') }],
  );
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
            {acting && <Form key={acting.move + acting.of.map((row) => row.id).join()} acting={acting} desk={desk} close={() => setActing(null)} again={(what) => setActing((now) => now ?? what)} />}
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
