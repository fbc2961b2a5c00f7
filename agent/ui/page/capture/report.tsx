// A new record of any kind: for an incident a photo, a category and Save are all it takes; the rest
// stands beneath. What the table and the site's forms ask, nothing more.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, Failure, failureOf, type Row } from '@page/api';
import { act } from '@page/actor';
import { fieldNamed, type Kind } from '@page/domain';
import { go, restate, shift } from '@page/route';
import { label, T } from '@page/text';
import { useCall } from '@page/store';
import { Button, Page, tell, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { carried, carry } from '@page/form/carry';
import { Fields } from '@page/form/fields';
import { nothing, type Filled, type Values } from '@page/form/filled';
import { useForm, type Form } from '@page/form/form';
import { filledOf } from '@page/form/keeper';
import { KeptMark, KeptTrouble } from '@page/form/keeper_notice';
import { NearBox } from '@page/form/near';
import { Questions, unanswered } from '@page/form/questions';
import { KindsSheet } from './kinds';
import '@page/form/form.css';

interface ReportProps {
  kind: Kind;
  /** Values that the address brings: a place of a list, a subject. */
  given: Values;
  /** A draft that is opened again. */
  begun?: Row | undefined;
  /** The camera opens by itself: Home's button was touched. */
  take?: boolean;
  /** The patrol that runs, or none. */
  patrol: string | null;
}

/** What a report of an incident begins with; the other kinds go by the table's order. */
const QUICK = ['photo', 'category', 'position'];

function firstOf(kind: Kind): string[] {
  if (kind.name !== 'incident') return kind.first;
  return [...QUICK, ...kind.first.filter((name) => !QUICK.includes(name))];
}

/** These are recorded where they are; the others as often at a desk. */
const HERE = new Set(['incident', 'visit']);

/** Not asked of a person: it follows from what she does. */
const HIDDEN = new Set(['visit', 'alarm', 'incident', 'tally', 'released']);

function begin(props: ReportProps): Filled {
  if (props.begun) return filledOf(props.begun);
  const values = { ...carried(props.kind.name, props.patrol), ...props.given };
  return { ...nothing(), values };
}

/** The address says which draft it is as soon as there is one, so that a reload finds it. */
function useDraftAddress(form: Form): void {
  const { number } = form.state;
  useEffect(() => {
    if (number) restate(['draft', number]);
  }, [number]);
}

function MoreFields({ form, names }: { form: Form; names: string[] }) {
  const full = names.some((name) => form.filled.values[name]?.length);
  const faulty = names.some((name) => form.problem(name));
  const [open, setOpen] = useState(full);
  if (names.length === 0) return null;
  return (
    <details class="more" open={open || faulty} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {T('更多：', 'More: ')}
        <span class="quiet">
          {names.map((name) => label(fieldNamed(form.kind, name))).join(T('、', ', '))}
        </span>
      </summary>
      <div class="form">
        <Fields form={form} names={names} />
      </div>
    </details>
  );
}

/** After an answer that never came: was it saved? The newest of ours, no older than the question. */
async function savedMeanwhile(kind: string, asked_at: number): Promise<Row | undefined> {
  const { lines } = await call<Row>({ run: 'list', words: [kind], flags: { mine: true, limit: '1' } });
  const newest = lines[0];
  const created = typeof newest?.created === 'string' ? Date.parse(newest.created) : NaN;
  return created >= asked_at - 2000 ? newest : undefined;
}

export function Report(props: ReportProps) {
  const { kind, begun, patrol } = props;
  const form = useForm(kind, {}, () => begin(props), begun);
  const { state } = form;
  useDraftAddress(form);
  // Once: whoever comes back or loads the page again did not ask for the camera.
  useEffect(() => {
    if (props.take) restate(['new', kind.name]);
  }, []);
  const [same, setSame] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Failure>();
  const [kinds, setKinds] = useState(false);
  const asked_at = useRef(0);

  const record = async (): Promise<Row> => {
    const before = asked_at.current;
    asked_at.current ||= Date.now();
    try {
      return await form.keeper.finish();
    } catch (cause) {
      const gone = cause instanceof Failure && cause.code === 'not-found' && before > 0;
      const saved = gone ? await savedMeanwhile(kind.name, before) : undefined;
      if (saved) return saved;
      throw cause;
    }
  };

  const save = async (): Promise<void> => {
    setBusy(true);
    setTrouble(undefined);
    try {
      if (!(await form.ready())) return;
      if (unanswered(form).length > 0) {
        const fault = form.around.ref.current?.querySelector<HTMLElement>('.problem');
        fault?.closest<HTMLElement>('[data-field]')?.querySelector<HTMLElement>('input, textarea, select, button')?.focus();
        return;
      }
      if (form.keeper.state.value.near.length > 0 && same === null) {
        document.getElementById('near')?.focus();
        return;
      }
      const saved = await record();
      carry(kind.name, patrol, form.filled.values);
      if (same && same !== 'none')
        await act({ run: 'link', words: [String(saved.id), same] }).catch((cause: unknown) =>
          tell({ tone: 'warn', text: cause instanceof Error ? cause.message : String(cause) }),
        );
      shift(['new', kind.name], { saved: String(saved.id) });
    } catch (cause) {
      setTrouble(failureOf(cause));
    } finally {
      setBusy(false);
    }
  };

  const keep = async (): Promise<void> => {
    if (state.kept === 'empty') form.change(form.filled);
    const now = await form.keeper.settle();
    if (now.kept !== 'kept') return;
    tell({ text: T(`草稿已存：${now.number}`, `Draft kept: ${now.number}`) });
    go([]);
  };
  const discard = async (): Promise<void> => {
    try {
      await form.keeper.discard();
      tell({ tone: 'quiet', text: T('草稿已丢弃', 'The draft is thrown away') });
      go([]);
    } catch (cause) {
      setTrouble(failureOf(cause));
    }
  };

  const first = firstOf(kind).filter((name) => !HIDDEN.has(name));
  const more = kind.more.filter((name) => !HIDDEN.has(name) && !(kind.name === 'incident' && name === 'contact'));
  const shown = new Set([...first, ...more, 'photo', 'form', 'item', 'contact', 'phone', 'consent', 'relation', 'incident']);
  const general = state.problems.filter((problem) => !shown.has(problem.field));
  const title = begun
    ? T(`${label(kind)}草稿 ${state.number}`, `${label(kind)}: ${state.number}`)
    : T(`新的${label(kind)}`, `New ${label(kind)}`);
  return (
    <Page title={title} tools={<KeptMark form={form} />}>
      <KeptTrouble form={form} />
      <div
        class={kind.name === 'incident' ? 'form form-quick' : 'form'}
        ref={form.around.ref}
        onFocusIn={form.around.onFocusIn}
        onFocusOut={form.around.onFocusOut}
      >
        <Fields form={form} names={first} auto={!begun && !props.given.position && HERE.has(kind.name)} photos_first={kind.name === 'incident'} take={props.take ?? false} />
        {kind.name === 'incident' && <Fields form={form} names={['contact']} />}
        <Questions form={form} />
        <MoreFields form={form} names={more} />
        {general.map((problem) => (
          <p class="problem" role="alert" key={problem.text}>
            <Icon name="alert" />
            {problem.text}
          </p>
        ))}
        <NearBox near={state.near} same={same} onSame={setSame} />
        <div class="buttons">
          {!begun && (
            <Button look="quiet" icon="list" onClick={() => setKinds(true)}>
              {T('记别的种类', 'Another kind')}
            </Button>
          )}
          {state.number && (
            <Button look="quiet" icon="trash" onClick={() => void discard()}>
              {T('丢弃草稿', 'Throw the draft away')}
            </Button>
          )}
        </div>
      </div>
      <div class="save-bar">
        <Trouble of={trouble} />
        {form.tried && state.near.length > 0 && same === null && (
          <p class="save-hint" role="status">
            {T('先看一下：附近报过的是不是同一件？', 'First: is it one of those reported near here?')}
          </p>
        )}
        <div class="buttons">
          <Button icon="draft" onClick={() => void keep()} disabled={busy}>
            {T('存草稿', 'Keep as draft')}
          </Button>
          <Button look="main" icon="check" class="save" busy={busy} onClick={() => void save()}>
            {T('保存并待传', 'Save, to be sent')}
          </Button>
        </div>
      </div>
      {kinds && <KindsSheet onClose={() => setKinds(false)} />}
    </Page>
  );
}

/** Until it is known whether a patrol runs, nothing is drawn: its values come first. */
export function ReportPage(props: Omit<ReportProps, 'patrol'>) {
  const status = useCall<Row>({ run: 'status' });
  const [patrol, setPatrol] = useState<string | null>();
  const told = status.lines?.[0];
  useEffect(() => {
    if (patrol === undefined && (told || status.failure)) setPatrol(patrolOf(told));
  }, [told, status.failure]);
  return patrol === undefined ? null : <Report {...props} patrol={patrol} />;
}

function patrolOf(status: Row | undefined): string | null {
  const patrol = status?.patrol;
  if (!patrol || typeof patrol !== 'object' || Array.isArray(patrol)) return typeof patrol === 'string' ? patrol : null;
  return String(patrol.number ?? patrol.id ?? 'open');
}

