// A later act on something that is recorded: a move of the loop, new values of fields, a note,
// photos. Kept as a draft like a new record is, and found again where it was left.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Failure, type Row } from '@page/api';
import { fieldNamed, kindNamed, said, theDomain, type Kind, type Way } from '@page/domain';
import { useTask } from '@page/task';
import { T } from '@page/text';
import { Busy, Button, Trouble } from '@page/ui/parts';
import { Fields } from '@page/form/fields';
import { nothing, type Values } from '@page/form/filled';
import { useForm } from '@page/form/form';
import { KeptMark, KeptTrouble } from '@page/form/keeper_notice';
import { filledOf, keeping } from '@page/form/keeper';
import '@page/form/form.css';

export interface ActFormProps {
  /** What it is about. */
  about: { id: string; kind: string; status: string | null; changed?: number };
  /** A move of the loop, by its name. */
  move?: string;
  /** Else these fields are set; with `values` as they are now. `note` adds one. */
  fields?: readonly string[];
  values?: Values;
  /** Photos may be added. */
  photos?: boolean;
  /** A part of a page: its button comes with the first thing that is done. */
  inline?: boolean;
  /** It was asked for by a key: what is typed next is meant for it. */
  focus?: boolean;
  /** On the button: 签收, 保存. */
  save: string;
  /** The command's answer: it is recorded. */
  done(answer: Row): void;
  /** The draft was thrown away. */
  left(): void;
}

/** What a move's form asks from where the thing stands; of several ways the one that is mine. */
function wayOf(move: string, status: string | null): Way | undefined {
  const ways = theDomain().moves.find((one) => one.name === move)?.ways ?? [];
  const here = ways.filter((way) => way.from.length === 0 || (status !== null && way.from.includes(status)));
  const role = theDomain().me.role;
  return here.find((way) => way.who.includes(role)) ?? here[0] ?? ways[0];
}

/** What a move asks of photos. */
const PAIR: readonly string[] = ['before', 'after'];

/** A draft of the same act that was begun before. */
function useBegun(props: ActFormProps): Row | null | undefined {
  const [begun, setBegun] = useState<Row | null>();
  const { about, move, fields, photos } = props;
  useEffect(() => {
    keeping.begun({ about: about.id, move, fields, photos }).then(setBegun, () => setBegun(null));
  }, []);
  return begun;
}

export function ActForm(props: ActFormProps) {
  const kind = kindNamed(props.about.kind);
  const begun = useBegun(props);
  if (!kind || begun === undefined) return <Busy />;
  return <Opened {...props} of={kind} begun={begun ?? undefined} />;
}

function Opened(props: ActFormProps & { of: Kind; begun: Row | undefined }) {
  const { about, move, begun, of: kind } = props;
  const way = move ? wayOf(move, about.status) : undefined;
  const asked = (way?.needs ?? []).filter((need) => PAIR.includes(need));
  const names = way
    ? way.fields.map((one) => one.field).filter((name) => fieldNamed(kind, name))
    : [...(props.fields ?? [])];
  const needed = way ? way.fields.filter((one) => one.needed).map((one) => one.field) : [];
  const photos = way ? way.photos : (props.photos ?? false);
  const seen = useRef(about.changed);
  seen.current = about.changed;
  const form = useForm(
    kind,
    { about: about.id, move, emptied: way ? [] : props.fields, photos, seen: () => seen.current },
    () => (begun ? filledOf(begun) : { ...nothing(), values: { ...props.values } }),
    begun,
    needed,
  );
  const { busy, trouble, run } = useTask();

  useEffect(() => {
    if (props.focus) form.around.ref.current?.querySelector<HTMLElement>('input:not([type=file]), textarea, select')?.focus();
  }, []);

  const finish = async (): Promise<void> => {
    await run(async () => {
      // A move that asks nothing has nothing to type: the touch itself is what is kept.
      if (form.state.kept === 'empty' && !move)
        throw new Failure('usage', 2, T('还没有改动。', 'Nothing was changed yet.'));
      if (form.state.kept === 'empty') form.change(form.filled);
      if (await form.ready()) props.done(await form.keeper.finish());
    });
  };
  const discard = async (): Promise<void> => {
    await form.keeper.discard().catch(() => undefined);
    props.left();
  };
  const shown = new Set([...names, 'photo']);
  const general = form.state.problems.filter((problem) => !shown.has(problem.field));
  const wanted = form.state.wanted.filter((need) => !asked.includes(need));
  return (
    <div class="form" ref={form.around.ref} onFocusIn={form.around.onFocusIn} onFocusOut={form.around.onFocusOut}>
      <KeptMark form={form} />
      <KeptTrouble form={form} />
      <Fields form={form} names={photos ? [...names, 'photo'] : names} needed={needed} {...(asked.length ? { asked } : {})} />
      {general.map((problem) => (
        <p class="problem" role="alert" key={problem.text}>
          {problem.text}
        </p>
      ))}
      {form.tried && wanted.length > 0 && (
        <p class="quiet">{T(`最好还有：${wanted.map(needName).join('、')}`, `Better with: ${wanted.map(needName).join(', ')}`)}</p>
      )}
      <Trouble of={trouble} />
      <div class={props.inline ? 'save-inline' : 'save-bar'} hidden={props.inline && form.state.kept === 'empty'}>
        <div class="buttons">
          {form.state.number && (
            <Button icon="trash" look="quiet" onClick={() => void discard()}>
              {T('不做了', 'Leave it')}
            </Button>
          )}
          <Button look="main" icon="check" busy={busy} onClick={() => void finish()}>
            {props.save}
          </Button>
        </div>
      </div>
    </div>
  );
}

function needName(need: string): string {
  return said('needs', need) || need;
}
