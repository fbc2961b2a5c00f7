// What may be done now, a button a move with its key; what cannot be done yet says why.
import { said } from '@page/domain';
import { T } from '@page/text';
import { Button, tell } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { numberOf } from '@page/entity';
import { isHeld } from '../shell/held_acts';
import { useHeld } from '../shell/held_bar';
import type { DeskCase, PossibleMove } from './facts_desk';
import { asksNothing, hold, MOVE_KEYS, myWay, plainCall } from './doing';

/** The labels name the option of the command, too; here it is a form. */
const bare = (text: string): string => text.replace(/[，,]?\s*[a-z_]+=$/, '').replace(/\s*[a-z_]+=(?=（)/, '');

const words = (needs: PossibleMove['needs']): string => needs.map(({ label }) => bare(label)).join(T('、', ', '));

interface MovesProps {
  of: DeskCase;
  /** The form of this one is open. */
  open: string | null;
  onOpen(move: string): void;
}

/** Do it at once if it asks nothing, else open its form. */
export function begin(of: DeskCase, move: string, onOpen: (move: string) => void): void {
  const way = myWay(move, of.status);
  const number = numberOf(of);
  if (isHeld(number)) {
    tell({ tone: 'warn', text: T(`${number} 正在等待办理；按 Z 撤销。`, `${number} is about to be done; Z takes it back.`) });
    return;
  }
  if (way && asksNothing(move, way)) hold(move, [{ id: of.id, number, status: of.status }], plainCall(move));
  else onOpen(move);
}

/** On the way of a case; all else is beside it, and there most of the time. */
const WAY: readonly string[] = ['accept', 'file', 'dispatch', 'sign', 'finish', 'close', 'self_handle', 'designate', 'resume', 'inspect', 'triage', 'report_in', 'confirm'];
/** These answer it otherwise than one would wish, as often. */
const NEXT: readonly string[] = ['return', 'rework', 'hand_down', 'reply', 'review', 'ask_extend', 'ask_shelve', 'ask_defer'];
/** They are possible only while somebody waits for them. */
const ANSWERS: readonly string[] = ['extend', 'shelve', 'defer', 'refuse'];
const ORDER = [...ANSWERS, ...WAY, ...NEXT];

export function MoveBar({ of, open, onOpen }: MovesProps) {
  useHeld();
  const all = of.moves ?? [];
  const free = all.filter((move) => !move.blocked);
  const blocked = all.filter((move) => move.blocked);
  const waits = isHeld(numberOf(of));
  const line = free.filter(({ move }) => ORDER.includes(move)).sort((a, b) => ORDER.indexOf(a.move) - ORDER.indexOf(b.move));
  const beside = free.filter(({ move }) => !ORDER.includes(move));
  const button = (one: PossibleMove, main: boolean) => (
    <Button
      key={one.move}
      look={main ? 'main' : undefined}
      disabled={waits}
      aria-expanded={open === one.move ? true : undefined}
      title={one.to ? T(`之后：${said('statuses', one.to)}`, `then: ${said('statuses', one.to)}`) : undefined}
      onClick={() => begin(of, one.move, onOpen)}
    >
      {one.label}
      {MOVE_KEYS[one.move] && <kbd>{MOVE_KEYS[one.move]}</kbd>}
    </Button>
  );
  return (
    <div class="move-bar">
      {of.no_right && <p class="quiet">{of.no_right}</p>}
      {free.length === 0 && !of.no_right && <p class="quiet">{T('现在没有您要办的步骤。', 'There is no step for you now.')}</p>}
      {line.length > 0 && (
        <div class="buttons move-line" role="group" aria-label={T('下一步', 'Next step')}>
          {line.map((one, at) => button(one, at === 0 && (WAY.includes(one.move) || ANSWERS.includes(one.move))))}
        </div>
      )}
      {beside.length > 0 && (
        <div class="buttons move-beside" role="group" aria-label={T('其他', 'Beside it')}>
          {beside.map((one) => button(one, false))}
        </div>
      )}
      {waits && (
        <p class="quiet" role="status">
          {T('正在等待办理；按 Z 撤销。', 'About to be done; Z takes it back.')}
        </p>
      )}
      {blocked.length > 0 && (
        <details class="moves-blocked">
          <summary>{T(`还不能办的 ${blocked.length} 步`, `${blocked.length} that cannot be done yet`)}</summary>
          <ul>
            {blocked.map((one) => (
              <li key={one.move}>
                <Icon name="lock" />
                <span>
                  <strong>{one.label}</strong> <span class="quiet">{words(one.needs.filter((need) => !need.met && !need.wanted))}</span>
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
