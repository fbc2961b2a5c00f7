// One case: where it stands, what to do, what it holds, what happened. On a page of its own in two
// columns; beside the inbox in one.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { failureOf, type Failure } from '@page/api';
import { ActForm } from '@page/form/act_form';
import { Facts, InformantCard } from '@page/cases/facts';
import { Notes } from '@page/cases/notes';
import { typedValues } from '@page/cases/typed';
import { behind } from '@page/behind';
import { kindNamed } from '@page/domain';
import { numberOf, whenOf, whoOf, type Place, type Shown, type Told } from '@page/entity';
import { CaseMap } from '@page/map/case_map';
import { go } from '@page/route';
import { refresh } from '@page/store';
import { label, N, T } from '@page/text';
import { Busy, Button, Chip, LinkButton, Section, tell, Trouble } from '@page/ui/parts';
import { ConflictChip, DeadlineChip, StatusChip, type Clock } from '@page/ui/states';
import { Story } from '@page/ui/story';
import { Photos } from '@page/ui/viewer';
import { fieldLabel, titleOf } from '@page/value';
import '@page/cases/cases.css';
import { useKeys } from '../shell/keys';
import { once } from '../shell/once';
import { isWriter } from '../shell/session';
import { refocus } from '../parts/refocus';
import { unitNamed } from '../cases/row';
import { ActPanel } from './act_panel';
import { ClockTable, Holders, long, proposed, ProofPanel, ReportingIn, type DeskCase, type DeskClock } from './facts_desk';
import { Graph } from './graph';
import { MoveBar } from './moves';
import { SameDesk } from './same_desk';
import { answering, Waits } from './waits';
import { AskWhy, useReading } from './why';

const TONE = { red: 'bad', yellow: 'warn', green: 'ok' } as const;

/** The stage that runs: what the eye is to find first. */
function running(of: DeskCase): Clock | undefined {
  return of.clock ?? of.clocks?.find((one) => !one.ended);
}

function Head({ of }: { of: DeskCase }) {
  const holder = of.holders?.find((one) => !one.to);
  return (
    <div class="case-head">
      <p class="quiet">
        {[label(kindNamed(of.kind), of.kind), numberOf(of), whoOf(of.created), whenOf(of.created)].filter(Boolean).join(' · ')}
      </p>
      <span class="chips">
        {of.withdrawn ? (
          <Chip tone="quiet" icon="close">
            {T('已撤回', 'withdrawn')}
          </Chip>
        ) : (
          <StatusChip of={of.status} />
        )}
        <DeadlineChip of={of.withdrawn ? undefined : running(of)} />
        {holder && !of.withdrawn && (
          <Chip tone="quiet" icon="person">
            {T(`在${holder.name || unitNamed(holder.unit)}手里 ${long(holder.ms)}`, `with ${holder.name || unitNamed(holder.unit)} for ${long(holder.ms)}`)}
          </Chip>
        )}
        <ConflictChip count={of.conflicts} />
      </span>
      <Waits of={of} />
      {of.conflicts > 0 && (
        <LinkButton href={behind.conflicts(of.id)} icon="fork">
          {N(of.conflicts, ' 处冲突，去决定', 'conflict: decide', 'conflicts: decide')}
        </LinkButton>
      )}
      {of.without_effect.length > 0 && (
        <p class="remark">{N(of.without_effect.length, ' 条记录没有生效，原因在经过里', 'record took no effect; the history says why', 'records took no effect; the history says why')}</p>
      )}
    </div>
  );
}

function Informed({ of }: { of: DeskCase }) {
  const id = typeof of.fields.contact === 'string' ? of.fields.contact : null;
  const told = useReading<Shown>(id ? { run: 'show', words: [id] } : null, of.id);
  if (!id) return null;
  const contact = told.lines?.[0];
  return (
    <Section title={T('反映人', 'Who told of it')}>
      {told.wants ? <AskWhy about={of.id} what={T('姓名和电话', 'Name and phone')} /> : contact ? <InformantCard of={contact} /> : told.failure ? <p class="quiet">{told.failure.message}</p> : <Busy />}
    </Section>
  );
}

const SHORT = 8;

function History({ of }: { of: DeskCase }) {
  const told = useReading<Told>({ run: 'history', words: [of.id] }, of.id);
  const [all, setAll] = useState(false);
  const [graph, setGraph] = useState(false);
  const list = told.lines;
  const cut = list && !all && list.length > SHORT ? list.slice(-SHORT) : list;
  return (
    <Section
      title={T('经过', 'What happened')}
      tools={
        list && list.length > 1 ? (
          <Button look="quiet" icon="fork" aria-pressed={graph} onClick={() => setGraph(!graph)}>
            {T('看图', 'Graph')}
          </Button>
        ) : undefined
      }
    >
      {told.wants && <AskWhy about={of.id} what={T('经过', 'The history')} />}
      <Trouble of={told.failure} again={told.again} />
      {!list && !told.failure && !told.wants && <Busy />}
      {graph && list && <Graph of={list} />}
      {list && cut && cut.length < list.length && (
        <Button icon="back" look="quiet" onClick={() => setAll(true)}>
          {N(list.length - cut.length, ' 条更早的', 'earlier one', 'earlier ones')}
        </Button>
      )}
      {cut && <Story of={cut} kind={kindNamed(of.kind)} id={of.id} />}
    </Section>
  );
}

function Where({ of }: { of: DeskCase }) {
  const at = of.position ?? (of.fields.position as Place | undefined) ?? null;
  const light = running(of)?.light ?? '';
  const points = useMemo(
    () => (at ? [{ id: of.id, lat: at.lat, lon: at.lon, tone: TONE[light as keyof typeof TONE] ?? ('quiet' as const) }] : []),
    [of.id, at?.lat, at?.lon, light],
  );
  if (!at) return null;
  return (
    <Section title={T('位置', 'Where')}>
      <div class="case-map-small">
        <CaseMap points={points} selected={of.id} onSelect={() => undefined} label={T('这一件的位置', 'where it is')} />
      </div>
    </Section>
  );
}

/** Has the field become another one since the form was opened? */
function useChanged(of: DeskCase, field: string): string | null {
  const first = useRef(JSON.stringify(typedValues(of, field)));
  const now = typedValues(of, field);
  return JSON.stringify(now) === first.current ? null : now.join(T('、', ', ')) || T('（空）', '(nothing)');
}

/** A note, or photos: small things that are written beneath, without a page of their own. */
function Adding({ of, what, onClose }: { of: DeskCase; what: 'note' | 'photo'; onClose(): void }) {
  return (
    <div class="card act-panel">
      <ActForm
        about={{ id: of.id, kind: of.kind, status: of.status }}
        fields={['note']}
        focus
        photos={what === 'photo'}
        save={T('保存', 'Save')}
        done={() => {
          refresh();
          tell({ text: T('已记录', 'Recorded') });
          onClose();
        }}
        left={onClose}
      />
      <Button look="quiet" icon="close" onClick={onClose}>
        {T('不写了', 'Leave it')}
      </Button>
    </div>
  );
}

function SetField({ of, field, onClose }: { of: DeskCase; field: string; onClose(): void }) {
  const name = fieldLabel(kindNamed(of.kind), field);
  const changed = useChanged(of, field);
  return (
    <div class="card act-panel">
      <h2>{T(`更改${name}`, `Change ${name}`)}</h2>
      {changed !== null && (
        <p class="remark" role="alert">
          {T(`您打开后，有人已把${name}改成“${changed}”。保存会用您的代替它。`, `Since you opened this, somebody has changed it to "${changed}". Saving puts yours in its place.`)}
        </p>
      )}
      <ActForm
        about={of}
        fields={[field]}
        focus
        values={{ [field]: typedValues(of, field) }}
        save={T('保存', 'Save')}
        done={() => {
          refresh();
          tell({ text: T(`已改${name}`, `${name} is changed`) });
          onClose();
        }}
        left={onClose}
      />
      <Button look="quiet" icon="close" onClick={onClose}>
        {T('不改了', 'Leave it')}
      </Button>
    </div>
  );
}

function Withdraw({ of, onClose }: { of: DeskCase; onClose(): void }) {
  const [why, setWhy] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await once({ run: 'withdraw', words: [of.id], flags: { why: why.trim() } });
      refresh();
      tell({ text: T(`${numberOf(of)} 已撤回`, `${numberOf(of)} is withdrawn`) });
      onClose();
    } catch (cause) {
      setFailure(failureOf(cause));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="card act-panel" onSubmit={(event) => void save(event)}>
      <h2>{T('撤回误报', 'Withdraw a mistaken report')}</h2>
      <div class="field">
        <label for="withdraw-why">{T('理由（必填）', 'Reason (needed)')}</label>
        <input id="withdraw-why" value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
      </div>
      <Trouble of={failure} />
      <div class="buttons">
        <Button look="quiet" icon="close" onClick={onClose}>
          {T('不撤回', 'Leave it')}
        </Button>
        <Button type="submit" look="danger" busy={busy} disabled={why.trim() === ''}>
          {T('撤回', 'Withdraw')}
        </Button>
      </div>
    </form>
  );
}

export type Opened = { move: string } | { field: string } | 'note' | 'photo' | 'withdraw' | null;

interface WholeProps {
  of: DeskCase;
  opened: Opened;
  setOpened(what: Opened): void;
  /** Beside a list: one column, moves are held. */
  beside: boolean;
}

interface DoingProps {
  of: DeskCase;
  opened: Exclude<Opened, null>;
  close(): void;
  beside: boolean;
}

function OpenForm({ of, opened, close, beside }: DoingProps) {
  if (opened === 'note' || opened === 'photo') return <Adding of={of} what={opened} onClose={close} />;
  if (opened === 'withdraw') return <Withdraw of={of} onClose={close} />;
  if ('field' in opened) return <SetField key={opened.field} of={of} field={opened.field} onClose={close} />;
  const proposal = ['dispatch', 'designate', 'hand_down'].includes(opened.move) ? of.proposal : null;
  const asked = answering(opened.move, of);
  return (
    <ActPanel
      key={opened.move}
      move={opened.move}
      kind={of.kind}
      of={[{ id: of.id, number: numberOf(of), status: of.status }]}
      values={asked?.values ?? proposed(proposal)}
      hint={asked ? asked.hint : proposal ? T(`建议派给${proposal.unit_name}：${proposal.why}`, `Proposed: ${proposal.unit_name}: ${proposal.why}`) : undefined}
      held={beside}
      done={close}
      left={close}
    />
  );
}

/** What is being done to it; Escape leaves it, wherever the focus is. */
function Doing({ of, opened, setOpened, beside }: WholeProps) {
  const close = (): void => {
    setOpened(null);
    refocus();
  };
  useKeys(opened ? [{ keys: 'Escape', words: T('不办了', 'leave the form'), run: close }] : [], 'form');
  if (!opened) return null;
  return (
    <div
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        close();
      }}
    >
      <OpenForm of={of} opened={opened} close={close} beside={beside} />
    </div>
  );
}

function Tools({ of, setOpened }: { of: DeskCase; setOpened(what: Opened): void }) {
  if (!isWriter() || of.withdrawn) return null;
  return (
    <div class="buttons case-tools">
      <Button look="quiet" icon="note" onClick={() => setOpened('note')}>
        {T('备注', 'Note')} <kbd>n</kbd>
      </Button>
      <Button look="quiet" icon="photo" onClick={() => setOpened('photo')}>
        {T('照片', 'Photo')}
      </Button>
      {of.status !== null && (
        <LinkButton look="quiet" icon="print" href={`#/print/order/${of.id}`}>
          {T('交办单', 'Order')}
        </LinkButton>
      )}
      {of.status !== null && (
        <LinkButton look="quiet" icon="print" href={`#/print/supervise/${of.id}`}>
          {T('督办单', 'Supervision')}
        </LinkButton>
      )}
      <Button look="quiet" icon="close" onClick={() => setOpened('withdraw')}>
        {T('撤回误报', 'Withdraw')}
      </Button>
    </div>
  );
}

/** All of it; the hand's things first, what is looked up after. */
export function Whole(props: WholeProps) {
  const { of, opened, setOpened, beside } = props;
  const photos = of.sets.photo ?? [];
  const kind = kindNamed(of.kind);
  const moves = kind?.statuses && !of.withdrawn;
  const acting = (
    <>
      <Head of={of} />
      {moves && <MoveBar of={of} open={opened && typeof opened === 'object' && 'move' in opened ? opened.move : null} onOpen={(move) => setOpened({ move })} />}
      <Doing {...props} />
      <Tools of={of} setOpened={setOpened} />
    </>
  );
  const pictures = photos.length > 0 && (
    <Section title={T('照片', 'Photos')}>
      <Photos of={photos} />
    </Section>
  );
  const content = (
    <Section title={T('内容', 'What it holds')}>
      <Facts of={of} />
    </Section>
  );
  const late = (
    <>
      <ClockTable of={(of.clocks ?? []) as DeskClock[]} />
      <Holders of={of.holders ?? []} />
      <ProofPanel of={of} />
    </>
  );
  if (beside)
    return (
      <div class="case-one">
        {acting}
        {pictures}
        <ReportingIn of={of} />
        {content}
        <Informed of={of} />
        <SameDesk of={of} acts={false} />
        <Notes of={of.sets.note ?? []} />
        <History of={of} />
        {late}
      </div>
    );
  return (
    <div class="case-two">
      <div class="case-column">
        {acting}
        <ReportingIn of={of} />
        {content}
        <Informed of={of} />
        <Notes of={of.sets.note ?? []} />
        <History of={of} />
      </div>
      <div class="case-column">
        {pictures}
        <Where of={of} />
        <SameDesk of={of} acts={isWriter()} />
        {late}
      </div>
    </div>
  );
}

/** `show`, with the reason where it holds what is personal. */
export function useCase(id: string): { of: DeskCase | undefined; body: preact.ComponentChildren } {
  const told = useReading<DeskCase>(id ? { run: 'show', words: [id] } : null, id);
  const of = told.lines?.[0];
  const body = of ? null : told.wants ? (
    <AskWhy about={id} what={T('这一条', 'It')} />
  ) : told.failure ? (
    <Trouble of={told.failure} again={told.again} />
  ) : (
    <Busy />
  );
  return { of, body };
}

export const caseTitle = (of: DeskCase | undefined): string => (of ? titleOf(of) : T('案件', 'Case'));

/** Leave for the page of the case itself. */
export const openCase = (id: string): void => go(['case', id]);

/** When the one that is looked at becomes another, what was open is closed. */
export function useOpened(id: string, first: Opened = null): [Opened, (what: Opened) => void] {
  const [opened, setOpened] = useState<Opened>(first);
  useEffect(() => () => setOpened(null), [id]);
  return [opened, setOpened];
}
