// What a person has to decide: the list, and one case with all its conflicts.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Failure, failureOf } from '@page/api';
import { act } from '@page/actor';
import { kindNamed } from '@page/domain';
import { address, go } from '@page/route';
import { refresh, useCall } from '@page/store';
import { ago, T } from '@page/text';
import { numberOf, whenOf, whoOf, type Conflict, type Shown, type Told } from '@page/entity';
import { fieldLabel, titleOf, valueText } from '@page/value';
import { Busy, Button, Chip, Empty, Page, tell, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import type { PageProps } from '../routes';
import { Decide, type Decided } from './decide';
import { decisionOf, reasonText, reopened } from './sides';
import './conflicts.css';

/** Since when they are at odds: since the later of them. */
function since(of: Conflict): string {
  const times = of.sides.map((side) => side.wall ?? '').sort();
  return times[times.length - 1] ?? '';
}

/** 乙路1号 ↔ 丙路2号 */
function short(of: Conflict): string {
  const values = of.sides.map((side) => (side.value === undefined ? '' : valueText(undefined, side.value, side.name))).filter(Boolean);
  return values.map((text) => (text.length > 24 ? `${text.slice(0, 24)}…` : text)).join(' ↔ ');
}

function List() {
  const told = useCall<Conflict>({ run: 'conflicts' });
  const cases = new Map<string, Conflict[]>();
  for (const one of told.lines ?? []) cases.set(one.id, [...(cases.get(one.id) ?? []), one]);
  return (
    <Page title={T('等人决定的冲突', 'Conflicts to decide')}>
      <Trouble of={told.failure} again={told.again} />
      {!told.lines && !told.failure && <Busy />}
      {told.lines?.length === 0 && (
        <Empty icon="check">
          {T('没有要决定的。两人同时改了同一处、又互相没看到时，会列在这里。', 'Nothing to decide. Where two changed one thing without seeing each other, it is listed here.')}
        </Empty>
      )}
      <ul class="case-drafts">
        {[...cases].map(([id, list]) => (
          <li key={id}>
            <a class="card" href={address(['conflicts', id])}>
              <strong>{numberOf(list[0]!)}</strong>
              {list.map((one) => (
                <span key={`${one.field}${one.sides[0]?.hash ?? ''}`} class="conflict-line">
                  <span class="chips">
                    <Chip tone="warn" icon="fork">
                      {fieldLabel(kindNamed('incident'), one.field)}
                    </Chip>
                    <span class="quiet">{ago(since(one))}</span>
                  </span>
                  <span dir="auto">{short(one)}</span>
                  <span class="quiet">{reasonText(one)}</span>
                </span>
              ))}
            </a>
          </li>
        ))}
      </ul>
    </Page>
  );
}

/** Somebody else decided it while it was looked at here. */
function Meanwhile({ field, shown, told }: { field: string; shown: Shown; told: Told[] }) {
  const by = decisionOf(field, told);
  const name = fieldLabel(kindNamed(shown.kind), field);
  return (
    <p class="case-remark" role="status">
      <Icon name="info" />
      {by
        ? T(`这期间${whoOf(by)}已决定“${name}”（${whenOf(by)}）；现在不用您再决定。`, `Meanwhile ${whoOf(by)} decided "${name}" (${whenOf(by)}); there is nothing left for you to decide.`)
        : T(`“${name}”已经没有冲突了。`, `"${name}" is not in conflict any more.`)}
    </p>
  );
}

function Done({ of, id, onUndone }: { of: Decided; id: string; onUndone: () => void }) {
  const [failure, setFailure] = useState<Failure | undefined>();
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const undo = async (): Promise<void> => {
    if (!of.undo) return;
    setBusy(true);
    try {
      await act(of.undo);
      tell({ text: T('决定已撤销，作为新的一条记录', 'The decision was taken back, as a new record') });
      onUndone();
      refresh();
    } catch (cause) {
      setFailure(failureOf(cause));
      setBusy(false);
    }
  };
  return (
    <div class="card decided" tabIndex={-1} ref={box}>
      <p>
        <Icon name="check" /> <strong>{T('已决定', 'Decided')}</strong>
        {T('：', ': ')}
        <span dir="auto">{of.text}</span>
      </p>
      <p class="quiet">{T('已签名保存，待传；经过里能看到。', 'Signed and saved, waiting to go; the history shows it.')}</p>
      <div class="buttons">
        {of.undo ? (
          <Button icon="undo" busy={busy} onClick={() => void undo()}>
            {T('撤销这个决定', 'Take the decision back')}
          </Button>
        ) : of.field !== 'status' ? (
          <Button
            icon="fork"
            onClick={() => {
              onUndone();
              go(['conflicts', id], { field: of.field });
            }}
          >
            {T('改这个决定', 'Decide otherwise')}
          </Button>
        ) : (
          <p class="quiet">{T('办理的步骤不能收回，只能再办下一步。', 'A step of the loop stands; only another step can follow it.')}</p>
        )}
      </div>
      <Trouble of={failure} />
    </div>
  );
}

function One({ id, query }: { id: string; query: URLSearchParams }) {
  const found = useCall<Conflict>({ run: 'conflicts', words: [id] });
  const shown = useCall<Shown>({ run: 'show', words: [id] });
  const history = useCall<Told>({ run: 'history', words: [id] });
  const [done, setDone] = useState<Decided[]>([]);
  const seen = useRef(new Set<string>());
  const of = shown.lines?.[0];
  const told = history.lines;
  const again_field = query.get('field');
  const list = found.lines ?? [];
  for (const one of list) seen.current.add(one.field);
  const meanwhile = [...seen.current].filter(
    (field) => !list.some((one) => one.field === field) && !done.some((one) => one.field === field),
  );
  const again = of && told && again_field && !list.some((one) => one.field === again_field) ? reopened(again_field, of, told) : undefined;
  const open = again && !done.some((one) => one.field === again.field) ? [...list, again] : list;
  const ready = of && told && found.lines;
  return (
    <Page title={of ? T(`决定：${titleOf(of)}`, `Decide: ${titleOf(of)}`) : T('决定冲突', 'Decide')} history={T('决定冲突', 'Decide')} class="page-versions">
      <Trouble of={shown.failure ?? found.failure ?? history.failure} again={found.again} />
      {!ready && !found.failure && !shown.failure && <Busy />}
      {of && (
        <p>
          <a href={address(['case', of.id])}>{T(`看这一件 ${numberOf(of)}`, `See the case ${numberOf(of)}`)}</a>
        </p>
      )}
      {done.map((one) => (
        <Done key={one.field} of={one} id={id} onUndone={() => setDone((all) => all.filter((other) => other !== one))} />
      ))}
      {ready && meanwhile.map((field) => <Meanwhile key={field} field={field} shown={of} told={told} />)}
      {ready &&
        open
          .filter((one) => !done.some((decided) => decided.field === one.field))
          .map((one) => (
            <Decide
              key={`${one.field}${one.reason === 'overtaken' ? one.sides[0]?.hash : ''}`}
              of={one}
              shown={of}
              told={told}
              query={query}
              onDecided={(what) => setDone((all) => [...all, what])}
            />
          ))}
      {ready && open.length === 0 && done.length === 0 && meanwhile.length === 0 && (
        <Empty icon="check">{T('这一件没有要决定的。', 'There is nothing to decide here.')}</Empty>
      )}
    </Page>
  );
}

export function Conflicts({ rest, query }: PageProps) {
  return rest[0] ? <One id={rest[0]} query={query} /> : <List />;
}
