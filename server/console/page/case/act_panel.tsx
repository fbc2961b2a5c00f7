// The form of a move, for one case or for several at once: what it asks, judged while one types.
// Enter saves. What is saved is held for five seconds where the page says so, else sent at once.
import { useEffect, useRef } from 'preact/hooks';
import { Failure, type Row } from '@page/api';
import { fieldNamed, kindNamed, said, theDomain, type Kind, type Way } from '@page/domain';
import { Fields } from '@page/form/fields';
import { nothing, type Values } from '@page/form/filled';
import { useForm } from '@page/form/form';
import { refresh } from '@page/store';
import { useTask } from '@page/task';
import { N, T } from '@page/text';
import { Button, tell, Trouble } from '@page/ui/parts';
import { KeptTrouble } from '@page/form/keeper_notice';
import '@page/form/form.css';
import { commandOf } from '../form/trial_keeper';
import { once } from '../shell/once';
import { hold, idle, myWay, type Target } from './doing';

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
  /** These were done, whenever the server said so. */
  settle?(ids: readonly string[]): void;
  /** Open it again, as it was filled in: it was taken back. */
  again?(values: Values): void;
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
  if (!kind || !way) return <Overtaken {...props} />;
  return <Opened {...props} domain_kind={kind} way={way} />;
}

/** It was possible when she began; somebody was first. */
function Overtaken({ move, of, left }: PanelProps) {
  const button = useRef<HTMLDivElement>(null);
  useEffect(() => button.current?.querySelector('button')?.focus({ preventScroll: true }), []);
  const now = said('statuses', of[0]?.status);
  return (
    <div class="card act-panel">
      <p class="remark" role="alert">
        {T(`${of[0]?.number ?? ''} 现在是“${now}”，不能再“${said('moves', move)}”：刚才有人办了。是谁、怎么办的，见下面的经过。`, `${of[0]?.number ?? ''} is "${now}" by now, "${said('moves', move)}" is not possible any more: somebody was first. Who it was stands in what happened, below.`)}
      </p>
      <div class="buttons" ref={button}>
        <Button icon="close" onClick={left}>
          {T('知道了', 'Close')}
        </Button>
      </div>
    </div>
  );
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
      const { filled } = form;
      const { photos: brought } = form.keeper.state.value;
      const callOf = (id: string) => commandOf(kind.name, { about: id, move }, filled, brought);
      if (props.held) {
        hold(move, idle(of), callOf, {
          // Taken back or refused, it is as it was filled in when it is opened again.
          done: (ids) => {
            props.settle?.(ids);
            if (ids.length === of.length) form.keeper.recorded?.();
          },
          again: () => props.again?.(filled.values),
        });
        props.done();
        return;
      }
      let answer: Row | undefined;
      for (const { id } of of) answer = (await once<Row>(callOf(id))).lines[0];
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
