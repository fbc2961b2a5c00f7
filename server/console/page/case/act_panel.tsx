// The form of a move, for one case or for several at once: what it asks, judged while one types.
// Enter saves. What is saved is held for five seconds where the page says so, else sent at once.
import { useEffect, useRef } from 'preact/hooks';
import { call, Failure, type Row } from '@page/api';
import { fieldNamed, kindNamed, said, theDomain, type Kind, type Way } from '@page/domain';
import { Fields } from '@page/form/fields';
import { nothing, type Values } from '@page/form/filled';
import { useForm } from '@page/form/form';
import { refresh } from '@page/store';
import { useTask } from '@page/task';
import { N, T } from '@page/text';
import { Button, tell, Trouble } from '@page/ui/parts';
import { KeptTrouble } from '@page/form/kept';
import '@page/form/form.css';
import { commandOf } from '../form/trial';
import { hold, myWay, type Target } from './doing';

export interface PanelProps {
  move: string;
  kind: string;
  of: readonly Target[];
  /** What the catalogue says, filled in. */
  values?: Values;
  /** Beside the heading: why these values. */
  hint?: string | undefined;
  /** Wait five seconds, so that it can be taken back. */
  held: boolean;
  done(): void;
  left(): void;
}

const PAIR: readonly string[] = ['before', 'after'];

/** Fields that a move of this kind asks, in its order. */
function asked(kind: Kind, way: Way): { names: string[]; needed: string[] } {
  return {
    names: way.fields.map((one) => one.field).filter((name) => fieldNamed(kind, name)),
    needed: way.fields.filter((one) => one.needed).map((one) => one.field),
  };
}

export function ActPanel(props: PanelProps) {
  const kind = kindNamed(props.kind);
  const way = myWay(props.move, props.of[0]?.status);
  if (!kind || !way)
    return (
      <p class="remark" role="status">
        {T('现在不能办这一步。', 'This step is not possible now.')}
      </p>
    );
  return <Opened {...props} domain_kind={kind} way={way} />;
}

function Opened(props: PanelProps & { domain_kind: Kind; way: Way }) {
  const { move, of, way, domain_kind: kind } = props;
  const { names, needed } = asked(kind, way);
  const first = of[0]!;
  const photos = way.photos && of.length === 1;
  const pair = way.needs.filter((need) => PAIR.includes(need));
  const form = useForm(kind, { about: first.id, move, photos, several: of.length > 1 }, () => ({ ...nothing(), values: { ...props.values } }), undefined, needed);
  const { busy, trouble, run } = useTask();
  const box = useRef<HTMLFormElement>(null);
  // What is filled in already is to be looked at; else the first thing that is asked.
  useEffect(() => {
    const filled = !form.state.resumed && needed.every((name) => props.values?.[name]?.[0]);
    const empty = box.current?.querySelector<HTMLElement>('[data-field] :is(input:not([type=file]), textarea, select)');
    const save = box.current?.querySelector<HTMLElement>('button[type=submit]');
    (filled ? save : (empty ?? save))?.focus({ preventScroll: true });
    box.current?.scrollIntoView({ block: 'nearest' });
  }, []);

  const save = (): Promise<boolean> =>
    run(async () => {
      if (form.state.kept === 'empty') form.change(form.filled);
      if (!(await form.ready())) return;
      const callOf = (id: string) => commandOf(kind.name, { about: id, move }, form.filled, form.keeper.state.value.photos);
      form.keeper.close();
      if (props.held) {
        hold(move, of, callOf, (refused) => refused === 0 && form.keeper.recorded?.());
        props.done();
        return;
      }
      let answer: Row | undefined;
      for (const { id } of of) answer = (await call<Row>(callOf(id))).lines[0];
      if (!answer) throw new Failure('page', 1, '');
      form.keeper.recorded?.();
      refresh();
      tell({ text: T(`已办：${said('moves', move)}。现在是“${said('statuses', String(answer.status ?? ''))}”`, `Done: ${said('moves', move)}. It is now "${said('statuses', String(answer.status ?? ''))}"`) });
      props.done();
    });

  const shown = new Set([...names, 'photo']);
  const general = form.state.problems.filter((problem) => !shown.has(problem.field));
  const wanted = form.state.wanted.filter((need) => !pair.includes(need));
  const title = of.length === 1 ? `${said('moves', move)} · ${first.number}` : T(`${said('moves', move)} · ${of.length} 件`, `${said('moves', move)} · ${N(of.length, '', 'case', 'cases')}`);
  return (
    <form
      class="act-panel card"
      ref={box}
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) {
          event.preventDefault();
          event.stopPropagation();
          props.left();
        }
        if (event.key === 'Enter' && event.ctrlKey) void save();
      }}
    >
      <h2>{title}</h2>
      {props.hint && <p class="quiet">{props.hint}</p>}
      <KeptTrouble form={form} />
      <div class="form" ref={form.around.ref} onFocusIn={form.around.onFocusIn} onFocusOut={form.around.onFocusOut}>
        <Fields form={form} names={photos ? [...names, 'photo'] : names} needed={needed} {...(pair.length ? { asked: pair } : {})} />
      </div>
      {general.map((problem) => (
        <p class="problem" role="alert" key={problem.text}>
          {problem.text}
        </p>
      ))}
      {wanted.length > 0 && <p class="quiet">{T(`最好还有：${wanted.map(needName).join('、')}`, `Better with: ${wanted.map(needName).join(', ')}`)}</p>}
      <Trouble of={trouble} />
      <div class="buttons">
        <Button icon="close" look="quiet" onClick={props.left}>
          {T('不办了 (Esc)', 'Leave it (Esc)')}
        </Button>
        <Button type="submit" look="main" icon="check" busy={busy}>
          {said('moves', move)}
        </Button>
      </div>
    </form>
  );
}

const needName = (need: string): string => {
  const known = theDomain().needs.find(({ name }) => name === need);
  return known ? said('needs', need) : need;
};
