// Is it the same as another? What is near and alike is offered; a link can be taken back.
import { useState } from 'preact/hooks';
import { type Failure, failureOf } from '@page/api';
import { act } from '@page/actor';
import { said } from '@page/domain';
import { address } from '@page/route';
import { refresh, useCall } from '@page/store';
import { ago, metres, T } from '@page/text';
import { numberOf, type Member, type PhotoValue, type Shown } from '@page/entity';
import { titleOf } from '@page/value';
import { Button, tell, Trouble } from '@page/ui/parts';
import { Thumb } from '@page/ui/photo';
import { StatusChip } from '@page/ui/states';

export interface Report extends Omit<Shown, 'photos'> {
  photo: PhotoValue[];
}

export interface Pair {
  distance_m: number;
  reports: [Report, Report];
}

/** Link or unlink, with the other way offered at once. `why`: where it is asked for. */
export async function join(of: Shown, other: string, number: string, on: boolean, why?: string): Promise<void> {
  await act({ run: on ? 'link' : 'unlink', words: [of.id, other], ...(why ? { flags: { why } } : {}) });
  refresh();
  tell({
    text: on
      ? T(`已与 ${number} 关联为同一件；各自的办理不变`, `Linked with ${number}; each goes its own way as before`)
      : T(`已取消与 ${number} 的关联`, `No longer linked with ${number}`),
    undo: () => void join(of, other, number, !on, why && T('刚才的撤销', 'taken back at once')).catch((cause: unknown) => tell({ text: String((cause as Error).message), tone: 'bad' })),
  });
}

function Linked({ of, other, onDo }: { of: Shown; other: Member; onDo: (what: Promise<void>) => void }) {
  return (
    <li class="card">
      <p>
        <a href={address(['case', other.id])}>{numberOf(other)}</a>
        {other.status && ` · ${said('statuses', other.status)}`}
      </p>
      <Button icon="close" onClick={() => onDo(join(of, other.id, numberOf(other), false))}>
        {T('不是同一件，取消关联', 'Not the same: unlink')}
      </Button>
    </li>
  );
}

function Maybe({ of, other, distance_m, onDo }: { of: Shown; other: Report; distance_m: number; onDo: (what: Promise<void>) => void }) {
  return (
    <li class="card">
      <a class="case-link" href={address(['case', other.id])}>
        {other.photo[0] && <Thumb sha256={other.photo[0].sha256} alt="" />}
        <span class="case-words">
          <span class="case-title">{titleOf(other)}</span>
          <span class="case-place">
            {[typeof other.fields.address === 'string' ? other.fields.address : '', T(`相距 ${metres(distance_m)}`, `${metres(distance_m)} apart`)]
              .filter(Boolean)
              .join(' · ')}
          </span>
          <span class="quiet">
            {numberOf(other)} · {ago(other.created?.wall)}
          </span>
          <span class="chips">
            <StatusChip of={other.status} />
          </span>
        </span>
      </a>
      <Button icon="link" onClick={() => onDo(join(of, other.id, numberOf(other), true))}>
        {T('是同一件', 'It is the same')}
      </Button>
    </li>
  );
}

export function Same({ of }: { of: Shown }) {
  const pairs = useCall<Pair>(of.kind === 'incident' && !of.withdrawn ? { run: 'duplicates', words: [of.id] } : null);
  const [failure, setFailure] = useState<Failure | undefined>();
  const linked = of.group?.members.filter((member) => member.id !== of.id) ?? [];
  const maybe = (pairs.lines ?? []).map((pair) => ({
    distance_m: pair.distance_m,
    other: pair.reports.find((report) => report.id !== of.id)!,
  }));
  const go = (what: Promise<void>): void => {
    setFailure(undefined);
    what.catch((cause: unknown) => setFailure(failureOf(cause)));
  };
  if (linked.length + maybe.length === 0) return null;
  return (
    <section class="section">
      <h2>{linked.length > 0 ? T('同一件事', 'The same thing') : T('是不是同一件？', 'Is it the same?')}</h2>
      <Trouble of={failure} />
      {linked.length > 0 && (
        <ul class="case-drafts">
          {linked.map((other) => (
            <Linked key={other.id} of={of} other={other} onDo={go} />
          ))}
        </ul>
      )}
      {maybe.length > 0 && linked.length > 0 && <h3>{T('附近相似的', 'Alike, and near')}</h3>}
      <ul class="case-drafts">
        {maybe.map(({ other, distance_m }) => (
          <Maybe key={other.id} of={of} other={other} distance_m={distance_m} onDo={go} />
        ))}
      </ul>
    </section>
  );
}
