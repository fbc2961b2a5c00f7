// What is done to the rows that are selected, or to the one under the cursor: at once, or by a form
// beside the list; what cannot be done to one of them is said, and the others go on.
import { useState } from 'preact/hooks';
import { one as first } from '@page/api';
import { said } from '@page/domain';
import { N, T } from '@page/text';
import { Button, tell } from '@page/ui/parts';
import { useTask } from '@page/task';
import type { DeskCase, Proposal } from '../case/facts_desk';
import { asksNothing, hold, MOVE_KEYS, myWay, plainCall, actWords } from '../case/doing';
import { targetOf, type Desk } from '../cases/list';
import type { DeskRow } from '../cases/row';
import { holdActs } from '../shell/held';
import type { Key } from '../shell/keys';

export interface Acting {
  move: string;
  of: DeskRow[];
}

/** Moves that work on several at once, in the order of the way. */
const BULK = ['accept', 'file', 'dispatch', 'void', 'remind', 'supervise', 'escalate', 'close'];

function startMove(desk: Desk, move: string, open: (what: Acting) => void): void {
  const targets = desk.targets();
  const able = targets.filter((row) => !row.withdrawn && myWay(move, row.status));
  const name = said('moves', move);
  const left = targets.length - able.length;
  if (able.length === 0) {
    tell({
      tone: 'warn',
      text: targets.length === 0 ? T('没有选中的案件。', 'Nothing is selected.') : T(`现在不能${name}。`, `"${name}" is not possible now.`),
    });
    return;
  }
  if (left > 0) tell({ tone: 'warn', text: T(`${left} 件现在不能${name}，没有算在内。`, `${N(left, '', 'case', 'cases')} left out: "${name}" is not possible for them now.`) });
  const way = myWay(move, able[0]!.status)!;
  if (!asksNothing(move, way)) {
    open({ move, of: able });
    return;
  }
  hold(move, able.map(targetOf), plainCall(move), () => desk.rows.settle(able.map((row) => row.id ?? '')));
  desk.clear();
}

export function moveKeys(desk: Desk, open: (what: Acting) => void): Key[] {
  return BULK.map((move) => ({ keys: MOVE_KEYS[move]!, words: said('moves', move), run: () => startMove(desk, move, open) }));
}

/** What may be done with the selection; how many of it each fits. */
export function BulkBar({ desk, open }: { desk: Desk; open(what: Acting): void }) {
  if (desk.selected.size === 0) return null;
  const targets = desk.targets();
  const fits = BULK.map((move) => ({ move, count: targets.filter((row) => !row.withdrawn && myWay(move, row.status)).length })).filter(({ count }) => count > 0);
  return (
    <div class="bulk" role="region" aria-label={T('选中的案件', 'Selected cases')}>
      <strong role="status">{T(`已选 ${desk.selected.size} 件`, `${N(desk.selected.size, '', 'case', 'cases')} selected`)}</strong>
      {fits.map(({ move, count }) => (
        <Button key={move} onClick={() => startMove(desk, move, open)}>
          {said('moves', move)}
          {count < desk.selected.size ? ` ${count}` : ''} <kbd>{MOVE_KEYS[move]}</kbd>
        </Button>
      ))}
      <Button look="quiet" icon="close" onClick={desk.clear}>
        {T('不选', 'None')}
      </Button>
    </div>
  );
}

/** Several at once, each to whom the catalogue says. */
export function DispatchByCatalogue({ of, done }: { of: DeskRow[]; done(): void }) {
  const [plan, setPlan] = useState<{ row: DeskRow; to: Proposal }[] | null>(null);
  const { busy, trouble, run } = useTask();
  const look = (): Promise<boolean> =>
    run(async () => {
      const found: { row: DeskRow; to: Proposal }[] = [];
      for (const row of of) {
        const told = await first<DeskCase>({ run: 'show', words: [row.id ?? ''] });
        if (told?.proposal?.unit) found.push({ row, to: told.proposal });
      }
      setPlan(found);
    });
  const go = (): void => {
    const some = plan ?? [];
    const targets = some.map(({ row }) => targetOf(row));
    holdActs({
      words: actWords('dispatch', targets),
      calls: some.map(({ row, to }) => ({
        about: targetOf(row).number,
        call: {
          run: 'do',
          words: [row.id ?? '', 'dispatch', `unit=${to.unit}`, ...(to.board ? [`board=${to.board}`] : []), ...(to.post ? [`post=${to.post}`] : [])],
        },
      })),
    });
    done();
  };
  const by_unit = new Map<string, number>();
  for (const { to } of plan ?? []) by_unit.set(to.unit_name, (by_unit.get(to.unit_name) ?? 0) + 1);
  return (
    <div class="card act-panel">
      <h2>{T(`按目录分别派遣 · ${of.length} 件`, `Dispatch by the catalogue · ${N(of.length, '', 'case', 'cases')}`)}</h2>
      {trouble && <p class="problem">{trouble.message}</p>}
      {plan === null ? (
        <Button busy={busy} onClick={() => void look()}>
          {T('看各派给谁', 'See to whom')}
        </Button>
      ) : (
        <>
          <ul>
            {[...by_unit].map(([unit, count]) => (
              <li key={unit}>
                {unit}: {N(count, ' 件', 'case', 'cases')}
              </li>
            ))}
            {plan.length < of.length && <li>{T(`${of.length - plan.length} 件目录里没有写派给谁，请单独派。`, `${of.length - plan.length} without a proposal: dispatch them one by one.`)}</li>}
          </ul>
          <Button look="main" disabled={plan.length === 0} onClick={go}>
            {T(`派遣 ${plan.length} 件`, `Dispatch ${plan.length}`)}
          </Button>
        </>
      )}
    </div>
  );
}

