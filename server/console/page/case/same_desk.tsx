// Is it the same as another? What is alike and near stands beside it, photo by photo; one button
// links, one takes it back.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { type Failure, failureOf } from '@page/api';
import { join, type Pair, type Report } from '@page/cases/same';
import { said } from '@page/domain';
import { numberOf, whenOf, whoOf, type Member, type PhotoValue, type Shown } from '@page/entity';
import { address } from '@page/route';
import { useCall } from '@page/store';
import { metres, N, T } from '@page/text';
import { Button, Section, Trouble } from '@page/ui/parts';
import { Thumb } from '@page/ui/photo';
import { titleOf } from '@page/value';
import { isWriter } from '../shell/session';

function text(of: { fields: Shown['fields'] }, name: string): string {
  const value = of.fields[name];
  return typeof value === 'string' ? value : '';
}

function photosOf(of: Shown): PhotoValue[] {
  return (of.sets.photo ?? []).map((one) => one.value as unknown as PhotoValue);
}

function Pictures({ of }: { of: PhotoValue[] }) {
  if (of.length === 0) return <span class="quiet">{T('没有照片', 'no photo')}</span>;
  return (
    <span class="version-photos">
      {of.slice(0, 4).map((photo) => (
        <Thumb key={photo.sha256} sha256={photo.sha256} alt={said('photo_roles', photo.role) || T('照片', 'photo')} />
      ))}
    </span>
  );
}

function Beside({ of, other, distance_m }: { of: Shown; other: Report; distance_m: number }) {
  const rows: [string, preact.ComponentChildren, preact.ComponentChildren][] = [
    [T('照片', 'Photos'), <Pictures of={photosOf(of)} />, <Pictures of={other.photo} />],
    [T('地址', 'Address'), text(of, 'address'), text(other, 'address')],
    [T('内容', 'What'), text(of, 'description'), text(other, 'description')],
    [T('谁报的', 'Reported by'), of.created && whoOf(of.created), other.created && whoOf(other.created)],
    [T('时间', 'When'), of.created && whenOf(of.created), other.created && whenOf(other.created)],
    [T('状态', 'Status'), said('statuses', of.status), said('statuses', other.status)],
  ];
  return (
    <div class="versions-box">
      <table class="versions">
        <caption>{T(`相距 ${metres(distance_m)}`, `${metres(distance_m)} apart`)}</caption>
        <thead>
          <tr>
            <td />
            <th scope="col">
              {numberOf(of)} {titleOf(of)}
            </th>
            <th scope="col">
              <a href={address(['case', other.id])}>{numberOf(other)}</a> {titleOf(other)}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, mine, its]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td dir="auto">{mine || '—'}</td>
              <td dir="auto">{its || '—'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Maybe({ of, pair, onDo }: { of: Shown; pair: Pair; onDo(what: Promise<void>): void }) {
  const other = pair.reports.find((report) => report.id !== of.id)!;
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  return (
    <li class="card">
      <p>
        <a href={address(['case', other.id])}>{numberOf(other)}</a> {titleOf(other)}
        <span class="quiet">
          {' · '}
          {T(`相距 ${metres(pair.distance_m)}`, `${metres(pair.distance_m)} apart`)}
          {other.status && ` · ${said('statuses', other.status)}`}
        </span>
      </p>
      {open && <Beside of={of} other={other} distance_m={pair.distance_m} />}
      <div class="buttons">
        <Button aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? T('收起', 'Close') : T('并排看', 'Side by side')}
        </Button>
        {isWriter() && (
          <Button
            icon="link"
            busy={busy}
            onClick={() => {
              setBusy(true);
              onDo(join(of, other.id, numberOf(other), true, T('是同一件', 'it is the same')).finally(() => setBusy(false)));
            }}
          >
            {T('是同一件', 'It is the same')}
          </Button>
        )}
      </div>
    </li>
  );
}

function Unlink({ of, other, onDo, left }: { of: Shown; other: Member; onDo(what: Promise<void>): void; left(): void }) {
  const [why, setWhy] = useState('');
  const box = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <form
      class="controls"
      onSubmit={(event) => {
        event.preventDefault();
        if (why.trim()) onDo(join(of, other.id, numberOf(other), false, why.trim()));
      }}
    >
      <div class="field">
        <label for={box}>{T('为什么不是同一件（必填）', 'Why it is not the same (needed)')}</label>
        <input id={box} ref={input} value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
      </div>
      <Button type="submit" disabled={why.trim() === ''}>
        {T('取消关联', 'Unlink')}
      </Button>
      <Button look="quiet" onClick={left}>
        {T('不取消', 'Leave it')}
      </Button>
    </form>
  );
}

function Linked({ of, other, acts, onDo }: { of: Shown; other: Member; acts: boolean; onDo(what: Promise<void>): void }) {
  const [open, setOpen] = useState(false);
  return (
    <li class="linked">
      <a href={address(['case', other.id])}>{numberOf(other)}</a>
      {other.status && <span class="quiet">{said('statuses', other.status)}</span>}
      {acts && !open && (
        <Button look="quiet" icon="close" onClick={() => setOpen(true)}>
          {T('不是同一件…', 'Not the same…')}
        </Button>
      )}
      {open && <Unlink of={of} other={other} onDo={onDo} left={() => setOpen(false)} />}
    </li>
  );
}

export function SameDesk({ of, acts }: { of: Shown; acts: boolean }) {
  const pairs = useCall<Pair>(of.kind === 'incident' && !of.withdrawn ? { run: 'duplicates', words: [of.id] } : null);
  const [failure, setFailure] = useState<Failure>();
  const linked = of.group?.members.filter((member) => member.id !== of.id) ?? [];
  const maybe = (pairs.lines ?? []).filter((pair) => pair.reports.some((one) => one.id !== of.id));
  const run = (what: Promise<void>): void => {
    setFailure(undefined);
    what.catch((cause: unknown) => setFailure(failureOf(cause)));
  };
  if (linked.length + maybe.length === 0) return null;
  return (
    <Section title={linked.length > 0 ? T('同一件事', 'The same thing') : T('可能重复', 'Perhaps the same')}>
      <Trouble of={failure} />
      {linked.length > 0 && (
        <ul class="linked-list">
          {linked.map((other) => (
            <Linked key={other.id} of={of} other={other} acts={isWriter()} onDo={run} />
          ))}
        </ul>
      )}
      {maybe.length > 0 && (
        <details open={maybe.length <= 2 && acts}>
          <summary>{N(maybe.length, ' 件在附近、同类', 'alike and near', 'alike and near')}</summary>
          <ul class="case-drafts">
            {maybe.map((pair) => (
              <Maybe key={pair.reports.map((one) => one.id).join()} of={of} pair={pair} onDo={run} />
            ))}
          </ul>
        </details>
      )}
    </Section>
  );
}
