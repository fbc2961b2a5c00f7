// One case in a list at the desk: what, where, whose, how long; one line to read, one to act by.
import { theDomain } from '@page/domain';
import type { Listed, Wait } from '@page/entity';
import { numberOf } from '@page/entity';
import { Sign } from '@page/map/case_map';
import { address } from '@page/route';
import { ago, T } from '@page/text';
import { Chip, type Tone } from '@page/ui/parts';
import { Thumb } from '@page/ui/photo';
import { ConflictChip, DeadlineChip, StatusChip } from '@page/ui/states';
import { titleOf } from '@page/value';
import { WaitChips } from '../case/waits';
import { isHeld } from '../shell/held_acts';

/** What the centre says of a row beside what a device does. */
export interface DeskRow extends Listed {
  unit?: string | null;
  unit_name?: string | null;
  holder?: string | null;
  holder_name?: string | null;
  level?: string | null;
  source?: string | null;
  waiting?: Wait[];
  /** Where in the log it changed last. */
  changed?: number;
}

const TONE: Record<string, Tone> = { red: 'bad', yellow: 'warn', green: 'ok' };
const URGENT: Record<string, Tone> = { urgent: 'bad', priority: 'warn' };

function createdOf(row: Listed): string | undefined {
  return typeof row.created === 'string' ? row.created : row.created?.wall;
}

export function unitNamed(code: string | null | undefined): string {
  if (!code) return '';
  return theDomain().site.units.find((unit) => unit.code === code)?.name ?? code;
}

function Urgency({ of }: { of: Listed }) {
  const urgency = typeof of.fields.urgency === 'string' ? of.fields.urgency : '';
  const tone = URGENT[urgency];
  const field = theDomain().kinds.find((kind) => kind.name === of.kind)?.fields.find(({ name }) => name === 'urgency');
  const choice = field?.choices?.find((one) => one.name === urgency);
  if (!tone || !choice) return null;
  return (
    <Chip tone={tone} icon="alert">
      {T(choice.zh, choice.en)}
    </Chip>
  );
}

export interface RowProps {
  row: DeskRow;
  current: boolean;
  selected: boolean;
  gone: boolean;
  /** It was not there when she came. */
  onSelect(on: boolean, range: boolean): void;
  onCursor(): void;
  onHover?(on: boolean): void;
}

export function CaseLine({ row, current, selected, gone, onSelect, onCursor, onHover }: RowProps) {
  const id = row.id ?? '';
  const number = numberOf(row);
  const waits = isHeld(number);
  const held_by = row.holder_name ?? unitNamed(row.holder);
  const classes = ['desk-row', current && 'desk-row-at', selected && 'desk-row-selected', gone && 'desk-row-gone'];
  return (
    <div class={classes.filter(Boolean).join(' ')} data-id={id} onMouseEnter={() => onHover?.(true)} onMouseLeave={() => onHover?.(false)}>
      <label class="desk-pick">
        <input
          type="checkbox"
          checked={selected}
          aria-label={T(`选中 ${number}`, `select ${number}`)}
          onClick={(event) => onSelect(!selected, event.shiftKey)}
        />
      </label>
      <a
        class="desk-link"
        href={address(['case', id])}
        aria-current={current ? 'true' : undefined}
        onFocus={onCursor}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey || event.detail === 0 || innerWidth < 960) return;
          // One click shows it beside, a second one opens it.
          if (!current || event.detail < 2) {
            event.preventDefault();
            onCursor();
          }
        }}
        onDblClick={() => (location.hash = address(['case', id]))}
      >
        <span class="desk-sign">
          <Sign tone={TONE[row.clock?.light ?? ''] ?? 'quiet'} />
        </span>
        {row.thumb ? <Thumb sha256={row.thumb} alt="" /> : null}
        <span class="desk-words">
          <span class="desk-title">{titleOf(row)}</span>
          <span class="quiet desk-meta">{[number, row.unit_name ?? unitNamed(row.unit), ago(createdOf(row)), row.short].filter(Boolean).join(' · ')}</span>
        </span>
        <span class="chips desk-chips">
          {waits && (
            <Chip tone="info" icon="clock">
              {T('等待办理', 'about to be done')}
            </Chip>
          )}
          {gone && (
            <Chip tone="quiet" icon="info">
              {T('已不在此列', 'no longer in this list')}
            </Chip>
          )}
          <Urgency of={row} />
          <ConflictChip count={row.conflicts} />
          <WaitChips of={row.waiting} />
          <DeadlineChip of={row.withdrawn ? null : row.clock} />
          {row.withdrawn ? (
            <Chip tone="quiet" icon="close">
              {T('已撤回', 'withdrawn')}
            </Chip>
          ) : (
            <StatusChip of={row.status} />
          )}
          {held_by && row.holder !== row.unit && row.status !== 'reported' && <span class="quiet desk-holder">{held_by}</span>}
        </span>
      </a>
    </div>
  );
}
