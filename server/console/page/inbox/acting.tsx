// What is done to the rows that are selected, or to the one under the cursor: at once, or by a form
// beside the list; what cannot be done to one of them is said, and the others go on.
import { useEffect, useRef, useState } from 'preact/hooks';
import { failureOf, one as first, type Failure } from '@page/api';
import { said } from '@page/domain';
import { numberOf } from '@page/entity';
import { N, T } from '@page/text';
import type { Values } from '@page/form/filled';
import { Bar, Button, tell } from '@page/ui/parts';
import { useTask } from '@page/task';
import type { DeskCase, Proposal } from '../case/facts_desk';
import { asksNothing, hold, MOVE_KEYS, myWay, plainCall, actWords } from '../case/doing';
import { MOST_SELECTED, targetOf, type Desk } from '../cases/list';
import type { DeskRow } from '../cases/row';
import { refocus } from '../parts/refocus';
import { holdActs, isHeld } from '../shell/held_acts';
import type { Key } from '../shell/keys';

export interface Acting {
  move: string;
  of: DeskRow[];
  /** As it was filled in before it was taken back. */
  values?: Values;
}

/** Moves that work on several at once, in the order of the way. */
const BULK = ['accept', 'file', 'dispatch', 'void', 'remind', 'supervise', 'escalate', 'close'];
/** Rarer: behind “more”. */
const BESIDE = ['hand_down', 'inspect', 'rework', 'answer'];

function startMove(desk: Desk, move: string, open: (what: Acting) => void): void {
  const targets = desk.targets();
  const fit = targets.filter((row) => !row.withdrawn && myWay(move, row.status));
  // A key that is pressed twice does it once.
  const able = fit.filter((row) => !isHeld(numberOf(row)));
  const name = said('moves', move);
  const [only] = targets;
  const left = targets.length - able.length;
  if (able.length === 0) {
    tell({
      tone: 'warn',
      text:
        targets.length === 0
          ? T('没有选中的案件。', 'Nothing is selected.')
          : fit.length > 0
            ? T('正在等待办理；按 Z 撤销。', 'About to be done; Z takes it back.')
            : only && targets.length === 1
              ? T(`${numberOf(only)} 现在是“${said('statuses', only.status)}”，不能“${name}”。`, `${numberOf(only)} is "${said('statuses', only.status)}" now: "${name}" is not possible.`)
              : T(`选中的现在都不能“${name}”。`, `"${name}" is not possible for any of them now.`),
    });
    return;
  }
  if (left > 0) tell({ tone: 'warn', text: T(`${left} 件现在不能${name}，没有算在内。`, `${N(left, '', 'case', 'cases')} left out: "${name}" is not possible for them now.`) });
  const way = myWay(move, able[0]!.status)!;
  if (!asksNothing(move, way)) {
    open({ move, of: able });
    return;
  }
  hold(move, able.map(targetOf), plainCall(move), { done: desk.rows.settle });
  desk.select([]);
  refocus();
}

export function moveKeys(desk: Desk, open: (what: Acting) => void): Key[] {
  return BULK.map((move) => ({ keys: MOVE_KEYS[move]!, words: said('moves', move), run: () => startMove(desk, move, open) }));
}

/** How much of the screen the bar takes, for what stands beneath it; `--bulk`. */
function useRoomTaken(shown: boolean): { current: HTMLDivElement | null } {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const root = document.documentElement.style;
    const bar = box.current;
    if (!shown || !bar) return undefined;
    const seen = new ResizeObserver(() => root.setProperty('--bulk', `${bar.offsetHeight + 8}px`));
    seen.observe(bar);
    return () => {
      seen.disconnect();
      root.removeProperty('--bulk');
    };
  }, [shown]);
  return box;
}

/** What may be done with the selection; how many of it each fits. */
export function BulkBar({ desk, open }: { desk: Desk; open(what: Acting): void }) {
  const { busy, run } = useTask();
  const [more, setMore] = useState(false);
  const box = useRoomTaken(desk.selected.size > 0);
  if (desk.selected.size === 0) return null;
  const targets = desk.targets();
  const fitting = (moves: string[]) => moves.map((move) => ({ move, count: targets.filter((row) => !row.withdrawn && myWay(move, row.status)).length })).filter(({ count }) => count > 0);
  const beside = fitting(BESIDE);
  const all = Math.min(desk.rows.count ?? 0, MOST_SELECTED);
  return (
    <div class="bulk" ref={box} role="region" aria-label={T('选中的案件', 'Selected cases')}>
      <strong role="status">{T(`已选 ${desk.selected.size} 件`, `${N(desk.selected.size, '', 'case', 'cases')} selected`)}</strong>
      {[...fitting(BULK), ...(more ? beside : [])].map(({ move, count }) => (
        <Button key={move} onClick={() => startMove(desk, move, open)}>
          {said('moves', move)}
          {count < desk.selected.size ? ` ${count}` : ''} {MOVE_KEYS[move] && <kbd>{MOVE_KEYS[move]}</kbd>}
        </Button>
      ))}
      {beside.length > 0 && (
        <Button look="quiet" aria-expanded={more} onClick={() => setMore(!more)}>
          {more ? T('少些', 'Fewer') : T('更多', 'More')}
        </Button>
      )}
      {desk.selected.size < all && (
        <Button look="quiet" busy={busy} onClick={() => void run(desk.selectAll)}>
          {all < (desk.rows.count ?? 0) ? T(`选前 ${all} 件`, `The first ${all}`) : T(`全选 ${all} 件`, `All ${all}`)} <kbd>A</kbd>
        </Button>
      )}
      <Button
        look="quiet"
        icon="close"
        onClick={() => {
          desk.select([]);
          refocus();
        }}
      >
        {T('都不选 (Esc)', 'None (Esc)')}
      </Button>
    </div>
  );
}

interface Planned {
  row: DeskRow;
  /** None: the catalogue does not say. */
  to: Proposal | null;
  /** It could not be asked: what is personal is not looked at by the dozen. */
  failure?: Failure;
}

/** At once: a list of a hundred is looked up in a few seconds. */
const LANES = 4;

/** To whom the catalogue sends each of them, as it is found out. */
function usePlan(of: readonly DeskRow[]): Planned[] {
  const [plan, setPlan] = useState<Planned[]>([]);
  useEffect(() => {
    const asked = new AbortController();
    const found: Planned[] = [];
    const left = [...of];
    const lane = async (): Promise<void> => {
      for (let row = left.shift(); row && !asked.signal.aborted; row = left.shift()) {
        try {
          const told = await first<DeskCase>({ run: 'show', words: [row.id ?? ''] }, asked.signal);
          found.push({ row, to: told?.proposal?.unit ? told.proposal : null });
        } catch (cause) {
          found.push({ row, to: null, failure: failureOf(cause) });
        }
        if (!asked.signal.aborted) setPlan([...found]);
      }
    };
    for (let at = 0; at < LANES; at++) void lane();
    return () => asked.abort();
  }, []);
  return plan;
}

function holdPlan(plan: readonly Planned[], done: (ids: readonly string[]) => void): void {
  const targets = plan.map(({ row }) => targetOf(row));
  holdActs({
    words: actWords('dispatch', targets),
    calls: plan.flatMap(({ row, to }) =>
      to
        ? {
            about: targetOf(row).number,
            id: row.id ?? '',
            call: {
              run: 'do',
              words: [row.id ?? '', 'dispatch', `unit=${to.unit}`, ...(to.board ? [`board=${to.board}`] : []), ...(to.post ? [`post=${to.post}`] : [])],
            },
          }
        : [],
    ),
    done,
  });
}

interface SeveralProps {
  of: DeskRow[];
  /** All to one unit: by a form. */
  together(): void;
  /** Begun; `rest` the catalogue says nothing about. */
  done(rest: DeskRow[]): void;
  left(): void;
  settle(ids: readonly string[]): void;
}

/** Several at once, each to whom the catalogue says. */
export function DispatchByCatalogue({ of, together, done, left, settle }: SeveralProps) {
  const plan = usePlan(of);
  const box = useRef<HTMLDivElement>(null);
  const ready = plan.length === of.length;
  const name = said('moves', 'dispatch');
  useEffect(() => {
    box.current?.querySelector<HTMLElement>(ready ? 'button' : 'h2')?.focus({ preventScroll: true });
    box.current?.scrollIntoView({ block: 'nearest' });
  }, [ready]);
  const able = plan.filter(({ to }) => to !== null);
  const rest = plan.filter(({ to }) => to === null);
  const silent = rest.filter(({ failure }) => !failure);
  const failed = rest.filter(({ failure }) => failure);
  const numbers = (some: Planned[]): string => some.map(({ row }) => numberOf(row)).join(T('、', ', '));
  const by_unit = new Map<string, number>();
  for (const { to } of able) by_unit.set(to!.unit_name, (by_unit.get(to!.unit_name) ?? 0) + 1);
  return (
    <div class="card act-panel" ref={box}>
      <h2 tabIndex={-1}>{T(`${name} · ${of.length} 件，各按目录`, `${name} · ${N(of.length, '', 'case', 'cases')}, each by the catalogue`)}</h2>
      {!ready && (
        <p role="status">
          {T('正在查各派给谁…', 'Looking up to whom each goes…')} <Bar share={plan.length / of.length} label={T('查了多少', 'how far it is')} />
        </p>
      )}
      <ul>
        {[...by_unit].map(([unit, count]) => (
          <li key={unit}>
            {unit}: {N(count, ' 件', 'case', 'cases')}
          </li>
        ))}
        {ready && silent.length > 0 && <li>{T(`目录里没有写派给谁：${numbers(silent)}`, `The catalogue does not say to whom: ${numbers(silent)}`)}</li>}
        {ready && failed.length > 0 && <li>{T(`要逐件打开再派（有个人信息，或没有读到）：${numbers(failed)}`, `To be opened and dispatched one by one (personal, or not to be read): ${numbers(failed)}`)}</li>}
        {ready && rest.length > 0 && <li>{T('这些留在选中里。', 'These stay selected.')}</li>}
      </ul>
      <div class="buttons">
        <Button
          look="main"
          icon="check"
          disabled={!ready || able.length === 0}
          onClick={() => {
            holdPlan(able, settle);
            done(rest.map(({ row }) => row));
          }}
        >
          {T(`${name} ${able.length} 件`, `${name}: ${N(able.length, '', 'case', 'cases')}`)}
        </Button>
        <Button onClick={together}>{T('都派给同一家…', 'All to one unit…')}</Button>
        <Button look="quiet" icon="close" onClick={left}>
          {T('不办了 (Esc)', 'Leave it (Esc)')}
        </Button>
      </div>
    </div>
  );
}
