// What stands around a field: its name, a hint, and what is wrong with it, tied to the control.
import type { ComponentChildren } from 'preact';
import { T } from '@page/text';
import { Icon } from '@page/ui/icon';

export interface Tied {
  id: string;
  /** What was typed of one case is not offered, nor put back, in another's form. */
  autocomplete: 'off';
  'aria-describedby'?: string;
  'aria-invalid'?: true;
}

interface WrapProps {
  /** Its name in the table; the form finds it by this. */
  field: string;
  id: string;
  name: string;
  needed?: boolean;
  hint?: string | undefined;
  problem?: string | undefined;
  /** Several controls under one name. */
  group?: boolean;
  children: (tied: Tied) => ComponentChildren;
}

export function Wrap({ field, id, name, needed, hint, problem, group, children }: WrapProps) {
  const said = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ');
  const tied: Tied = {
    id,
    autocomplete: 'off',
    ...(said ? { 'aria-describedby': said } : {}),
    ...(problem ? { 'aria-invalid': true } : {}),
  };
  const title = (
    <>
      {name}
      {needed && <span class="needed">{T('必填', 'needed')}</span>}
    </>
  );
  const fault = problem && (
    <p class="problem" id={`${id}-problem`}>
      <Icon name="alert" />
      {problem}
    </p>
  );
  // Of many controls the fault stands above: below them it would be off the screen.
  const rest = (
    <>
      {group && fault}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children(tied)}
      {!group && fault}
    </>
  );
  if (group)
    return (
      <fieldset class="field" data-field={field} aria-describedby={said || undefined}>
        <legend>{title}</legend>
        {rest}
      </fieldset>
    );
  return (
    <div class="field" data-field={field}>
      <label for={id}>{title}</label>
      {rest}
    </div>
  );
}
