// One conflict: the versions, a choice among them or another value, and why. The choice stands in
// the address, so that turning the screen or reloading changes nothing.
import { useId, useState } from 'preact/hooks';
import { type Call, type Failure, failureOf } from '@page/api';
import { act } from '@page/actor';
import { kindNamed } from '@page/domain';
import { shift } from '@page/route';
import { refresh } from '@page/store';
import { label, T } from '@page/text';
import type { Conflict, Shown, Told } from '@page/entity';
import { fieldLabel } from '@page/value';
import { Button, Trouble } from '@page/ui/parts';
import { Versions } from '@page/ui/versions';
import { becauseText, DISMISS, OTHER, reasonText, ROWS, versionsOf } from '@page/conflict/sides';

/** What was decided here, and how to take that back. */
export interface Decided {
  field: string;
  text: string;
  undo: Call | null;
}

interface DecideProps {
  /** The address of the page that it is on. */
  at: string[];
  of: Conflict;
  shown: Shown;
  told: Told[];
  query: URLSearchParams;
  onDecided: (what: Decided) => void;
}

/** The record that puts back what held before. */
function undoing(of: Conflict, key: string): Call | null {
  const why = T('撤销刚才的决定', 'takes back the decision just made');
  if (of.reason === 'overtaken') return null;
  if (of.field === 'withdrawn') {
    const withdrew = of.sides.find((side) => side.hash === key)?.withdraws;
    return withdrew ? { run: 'resolve', words: [of.id, of.field], flags: { value: 'no', why } } : null;
  }
  const first = of.sides[0]?.hash;
  if (!first || first === key) return null;
  return { run: 'resolve', words: [of.id, of.field], flags: { take: first, why } };
}

export function Decide({ at, of, shown, told, query, onDecided }: DecideProps) {
  const kind = kindNamed(shown.kind);
  const field = kind?.fields.find((one) => one.name === of.field);
  const versions = versionsOf(of, shown, told);
  const asked = query.get(`take-${of.field}`);
  const other = asked === OTHER;
  const chosen = other || versions.some((one) => one.key === asked) ? asked : null;
  const lost = asked !== null && chosen === null;
  const [value, setValue] = useState('');
  const [why, setWhy] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | undefined>();
  const ids = { value: useId(), why: useId(), other: useId() };
  const name = fieldLabel(kind, of.field);
  const writable = of.reason === 'field' || (of.reason === 'again' && of.field !== 'withdrawn');

  const choose = (key: string): void =>
    shift(at, { ...Object.fromEntries(query), [`take-${of.field}`]: key });

  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!chosen) return;
    setBusy(true);
    setFailure(undefined);
    const flags: Record<string, string | true> = { why: why.trim() };
    const side = of.sides.find((one) => one.hash === chosen);
    if (other) flags.value = value;
    else if (chosen === DISMISS) flags.dismiss = true;
    else if (of.reason === 'again' && of.field === 'withdrawn') flags.value = side?.withdraws ? 'yes' : 'no';
    else flags.take = chosen;
    try {
      await act({ run: 'resolve', words: [of.id, of.field], flags });
      const said_text = other ? value : (versions.find((one) => one.key === chosen)?.texts.says ?? '');
      onDecided({ field: of.field, text: said_text, undo: undoing(of, chosen) });
      refresh();
    } catch (cause) {
      setFailure(failureOf(cause));
      setBusy(false);
    }
  };

  return (
    <form class="section decide" onSubmit={(event) => void save(event)}>
      <h2>{name}</h2>
      <p>
        {reasonText(of)} {becauseText(of)}
      </p>
      {lost && (
        <p class="remark" role="status">
          {T('刚才选的版本已经不在其中，请重新选。', 'The version that you chose is not among them any more; choose again.')}
        </p>
      )}
      <Versions rows={ROWS()} of={versions} chosen={chosen} onChoose={choose} label={T(`${name}的各个版本`, `Versions of ${name}`)} />
      {writable && (
        <label class="choice">
          <input type="radio" name={ids.other} checked={other} onChange={() => choose(OTHER)} />
          {T('都不对，另写一个', 'None is right: write another')}
        </label>
      )}
      {other && writable && (
        <div class="field">
          <label for={ids.value}>{name}</label>
          {field?.type === 'enum' ? (
            <select id={ids.value} value={value} onChange={(event) => setValue(event.currentTarget.value)}>
              <option value="">{T('请选择', 'choose')}</option>
              {(field.choices ?? []).map((one) => (
                <option key={one.name} value={one.name}>
                  {label(one, one.name)}
                </option>
              ))}
            </select>
          ) : (
            <textarea id={ids.value} autocomplete="off" value={value} onInput={(event) => setValue(event.currentTarget.value)} />
          )}
        </div>
      )}
      <div class="field">
        <label for={ids.why}>{T('理由（必填）', 'Reason (needed)')}</label>
        <textarea id={ids.why} autocomplete="off" value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
        <p class="hint">{T('写明依据，如“现场核对”。别人在经过里看得到。', 'Say what it rests on, as "checked on the spot". Others see it in the history.')}</p>
      </div>
      <Trouble of={failure} />
      <Button
        type="submit"
        look="main"
        icon="check"
        busy={busy}
        disabled={!chosen || why.trim() === '' || (other && value.trim() === '')}
      >
        {T('决定', 'Decide')}
      </Button>
    </form>
  );
}
