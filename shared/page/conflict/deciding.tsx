// One case with all that a person has to decide in it: the versions side by side, what was decided
// here, and the way back.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Failure, failureOf } from '@page/api';
import { act } from '@page/actor';
import { kindNamed } from '@page/domain';
import { address, go } from '@page/route';
import { refresh, useCall } from '@page/store';
import { T } from '@page/text';
import { numberOf, whenOf, whoOf, type Conflict, type Shown, type Told } from '@page/entity';
import { fieldLabel, titleOf } from '@page/value';
import { Busy, Button, Empty, Page, tell, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { Decide, type Decided } from '@page/conflict/decide';
import { decisionOf, reopened } from '@page/conflict/sides';
import '@page/conflict/conflict.css';

export interface DecidingProps {
  id: string;
  query: URLSearchParams;
  /** The address that this page has. */
  at: string[];
  /** What is said of a decision once it is recorded. */
  saved: string;
  /** Why personal fields are looked at, where that is asked. */
  why?: string | undefined;
}

/** Somebody else decided it while it was looked at here. */
function Meanwhile({ field, shown, told }: { field: string; shown: Shown; told: Told[] }) {
  const by = decisionOf(field, told);
  const name = fieldLabel(kindNamed(shown.kind), field);
  return (
    <p class="remark" role="status">
      <Icon name="info" />
      {by
        ? T(`这期间${whoOf(by)}已决定“${name}”（${whenOf(by)}）；现在不用您再决定。`, `Meanwhile ${whoOf(by)} decided "${name}" (${whenOf(by)}); there is nothing left for you to decide.`)
        : T(`“${name}”已经没有冲突了。`, `"${name}" is not in conflict any more.`)}
    </p>
  );
}

function Done({ of, at, saved, onUndone }: { of: Decided; at: string[]; saved: string; onUndone: () => void }) {
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
      <p class="quiet">{saved}</p>
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
              go(at, { field: of.field });
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

export function Deciding({ id, query, at, saved, why }: DecidingProps) {
  const flags: Record<string, string> = why ? { why } : {};
  const found = useCall<Conflict>({ run: 'conflicts', words: [id], flags });
  const shown = useCall<Shown>({ run: 'show', words: [id], flags });
  const history = useCall<Told>({ run: 'history', words: [id], flags });
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
        <Done key={one.field} of={one} at={at} saved={saved} onUndone={() => setDone((all) => all.filter((other) => other !== one))} />
      ))}
      {ready && meanwhile.map((field) => <Meanwhile key={field} field={field} shown={of} told={told} />)}
      {ready &&
        open
          .filter((one) => !done.some((decided) => decided.field === one.field))
          .map((one) => (
            <Decide
              key={`${one.field}${one.reason === 'overtaken' ? one.sides[0]?.hash : ''}`}
              at={at}
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
