// One form: what is filled in, what is kept of it, what is wrong with it, and where the person is.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Row } from '@page/api';
import { fieldNamed, kindNamed, type Kind } from '@page/domain';
import { useSignal } from '@page/signal';
import { label, T, type Labelled } from '@page/text';
import { withValues, type Filled } from '@page/form/filled';
import { filledOf, keeping, type Act, type DraftState, type Keeper } from '@page/form/keeper';

export interface Form {
  kind: Kind;
  filled: Filled;
  keeper: Keeper;
  state: DraftState;
  /** Save was asked for: now what is missing is said, too. */
  tried: boolean;
  change(next: Filled): void;
  set(field: string, texts: string[]): void;
  /** Filled in by itself: no draft comes of this alone. */
  seed(field: string, texts: string[]): void;
  /** Begin anew: what was left here before is let go. */
  restart(): void;
  problem(field: string): string | undefined;
  /** The heading box of the form: put on the element around all fields. */
  around: {
    ref: { current: HTMLDivElement | null };
    onFocusIn(event: FocusEvent): void;
    onFocusOut(event: FocusEvent): void;
  };
  /** Keep all, and say whether it can be saved; else the first fault has the focus. */
  ready(needed?: readonly string[]): Promise<boolean>;
}

/** As `draft write` names what a visit's incident lacks. */
const OPENED_CATEGORY = 'incident:category';

/** The name of the field that an element belongs to. */
function fieldAt(target: EventTarget | null): string {
  const box = target instanceof Element ? target.closest<HTMLElement>('[data-field]') : null;
  return box?.dataset.field ?? '';
}

export function missingText(field: Labelled | undefined): string {
  const name = label(field);
  return T(`请填写${name}。`, `Please give: ${name}.`);
}

export function useForm(
  kind: Kind,
  act: Act,
  first: () => Filled,
  begun: Row | undefined,
  neededMore: readonly string[] = [],
): Form {
  const left = useMemo(() => begun ?? keeping.left(kind.name, act), []);
  const [filled, setFilled] = useState<Filled>(() => (left && !begun ? filledOf(left) : first()));
  const newest = useRef(filled);
  const keeper = useMemo(() => keeping.open(kind.name, act, filled, left), []);
  const state = useSignal(keeper.state);
  const [tried, setTried] = useState(false);
  const [focused, setFocused] = useState('');
  const around = useRef<HTMLDivElement | null>(null);
  useEffect(() => () => keeper.close(), [keeper]);

  const change = (next: Filled): void => {
    newest.current = next;
    setFilled(next);
    keeper.change(next);
  };

  const empty = (name: string): boolean =>
    !(newest.current.values[name] ?? []).some((text) => text.trim() !== '');
  const needed = [
    ...(act.about ? [] : kind.fields.filter((field) => field.needed).map((field) => field.name)),
    ...neededMore,
  ];

  /** An incident is to be opened, and it is not said what. */
  const opensNothing = (): boolean => {
    const { opens } = newest.current;
    return Object.keys(opens).length > 0 && !opens.category?.[0]?.trim();
  };

  const problem = (name: string): string | undefined => {
    if (name === focused && !tried) return undefined;
    const judged = state.problems.find((one) => one.field === name);
    if (judged) return judged.text;
    if (!tried) return undefined;
    if (name === OPENED_CATEGORY && opensNothing()) return missingText(fieldNamed(kindNamed('incident'), 'category'));
    const field = fieldNamed(kind, name);
    const lacks = state.missing.includes(name) || needed.includes(name);
    return field && lacks && empty(name) ? missingText(field) : undefined;
  };

  const ready = async (): Promise<boolean> => {
    setTried(true);
    const from = document.activeElement;
    const now = keeper.state.value.kept === 'empty' ? keeper.state.value : await keeper.settle();
    const lacks = needed.some(empty) || opensNothing() || now.missing.length > 0 || now.kept === 'empty';
    if (now.kept !== 'empty' && now.kept !== 'kept' && now.kept !== 'judged') return false;
    if (!lacks && now.problems.length === 0) return true;
    // After the problems were drawn.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const first_bad = around.current?.querySelector<HTMLElement>('.problem');
    const box = first_bad?.closest<HTMLElement>('[data-field]');
    // She went on to write meanwhile: nothing is taken out of her hands.
    if (document.activeElement !== from && document.activeElement?.matches('input, textarea, select')) return false;
    const target = box?.querySelector<HTMLElement>(
      '[aria-invalid], input:not([type=file]), textarea, select, button',
    );
    first_bad?.scrollIntoView({ block: 'center' });
    target?.focus({ preventScroll: true });
    return false;
  };

  return {
    kind,
    filled,
    keeper,
    state,
    tried,
    change,
    set: (field, texts) => change(withValues(newest.current, field, texts)),
    seed: (field, texts) => {
      newest.current = withValues(newest.current, field, texts);
      setFilled(newest.current);
      keeper.seed(newest.current);
    },
    restart: () => {
      newest.current = first();
      setFilled(newest.current);
      setTried(false);
      keeper.restart?.(newest.current);
    },
    problem,
    around: {
      ref: around,
      onFocusIn: (event) => setFocused(fieldAt(event.target)),
      onFocusOut: (event) => {
        if (fieldAt(event.relatedTarget) !== fieldAt(event.target)) setFocused('');
      },
    },
    ready,
  };
}
