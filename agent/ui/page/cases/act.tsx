// A move of the loop, or another value of a field: its form; and then what now holds.
import { useState } from 'preact/hooks';
import type { Row } from '@page/api';
import { act } from '@page/actor';
import { kindNamed, said } from '@page/domain';
import { address, go } from '@page/route';
import { refresh, useCall } from '@page/store';
import { T } from '@page/text';
import type { Shown } from '@page/entity';
import { typedValues } from '@page/cases/typed';
import { fieldLabel, titleOf } from '@page/value';
import { ActForm } from '@page/form/act_form';
import { Busy, Empty, LinkButton, Page, tell, Trouble } from '@page/ui/parts';
import { ConflictChip, StatusChip } from '@page/ui/states';

/** What was saved, and what holds now; it stands, or can be set back. */
function saved(answer: Row, id: string, undo?: () => void, field?: string): void {
  refresh();
  tell({
    text: T('已保存在本机，待传', 'Saved on this device, waiting to go'),
    ...(undo ? { undo } : {}),
  });
  const status = typeof answer.status === 'string' ? answer.status : '';
  go(['case', id], field ? { set: field } : status ? { now: status } : undefined);
}

function SetField({ of, field }: { of: Shown; field: string }) {
  const before = typedValues(of, field);
  // The list of a set is not set back by one value, and what was empty by none.
  const many = kindNamed(of.kind)?.fields.find((one) => one.name === field)?.many;
  const back = many || !before[0]
    ? undefined
    : (): void =>
        void act({ run: 'set', words: [of.id, `${field}=${before[0]}`] }).then(
          () => {
            refresh();
            tell({ text: T('已改回，作为新的一条记录', 'Set back, as a new record') });
          },
          (cause: unknown) => tell({ text: (cause as Error).message, tone: 'bad' }),
        );
  return (
    <ActForm
      about={{ id: of.id, kind: of.kind, status: of.status }}
      fields={[field]}
      values={{ [field]: before }}
      save={T('保存并待传', 'Save, to be sent')}
      done={(answer) => saved(answer, of.id, back, field)}
      left={() => go(['case', of.id])}
    />
  );
}

function Move({ of, move }: { of: Shown; move: string }) {
  return (
    <ActForm
      about={{ id: of.id, kind: of.kind, status: of.status }}
      move={move}
      save={said('moves', move)}
      done={(answer) => saved(answer, of.id)}
      left={() => go(['case', of.id])}
    />
  );
}

/** Where the case stands, so that nobody acts on another one. */
function About({ of }: { of: Shown }) {
  const address_text = typeof of.fields.address === 'string' ? of.fields.address : '';
  return (
    <div class="case-head">
      <p>
        <a href={address(['case', of.id])}>{titleOf(of)}</a>
        {address_text && !titleOf(of).includes(address_text) && <span class="quiet"> · {address_text}</span>}
      </p>
      <span class="chips">
        <StatusChip of={of.status} />
        <ConflictChip count={of.conflicts} />
      </span>
    </div>
  );
}

export function Act({ id, act: kind_of_act, what }: { id: string; act: string; what: string }) {
  const told = useCall<Shown>({ run: 'show', words: [id] });
  // What it was when the form was opened: news must not turn a form about another status.
  const [first, setFirst] = useState<Shown | undefined>();
  const now = told.lines?.[0];
  if (now && !first) setFirst(now);
  const of = first ?? now;
  const moves = kind_of_act === 'do';
  const known = of && (moves ? said('moves', what) : fieldLabel(kindNamed(of.kind), what));
  const changed = of && now && moves && of.status !== now.status;
  return (
    <Page title={known ? (moves ? known : T(`更改${known}`, `Change ${known}`)) : T('办理', 'Act')}>
      <Trouble of={told.failure} again={told.again} />
      {!of && !told.failure && <Busy />}
      {of && <About of={now ?? of} />}
      {changed && (
        <p class="remark" role="status">
          {T(
            `这期间状态已变为“${said('statuses', now.status)}”，这一步可能不再能办。`,
            `Meanwhile the status became "${said('statuses', now.status)}"; this step may not be possible any more.`,
          )}
        </p>
      )}
      {of?.withdrawn && (
        <Empty icon="close">
          {T('已撤回，不再办理。', 'It is withdrawn.')} <LinkButton href={address(['case', id])}>{T('看这一件', 'See it')}</LinkButton>
        </Empty>
      )}
      {of && !of.withdrawn && (moves ? <Move of={of} move={what} /> : <SetField of={of} field={what} />)}
    </Page>
  );
}
