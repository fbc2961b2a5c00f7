// A field for a passphrase or a PIN: shown on demand, and warned of what a Chinese keyboard does.
import { useState } from 'preact/hooks';
import { T } from '@page/text';
import { Button } from '@page/ui/parts';
import { plainDigits } from '@page/ui/pin';

/** Full-width letters and Chinese signs: rarely what was meant, and never the same bytes. */
const WIDE = /[\u3000-\u303f\uff01-\uff5e\u4e00-\u9fff]/;

export function SecretField(props: {
  id: string;
  label: string;
  value: string;
  change: (value: string) => void;
  pin?: boolean;
  hint?: string;
  problem?: string | undefined;
  fresh?: boolean;
}) {
  const [shown, setShown] = useState(false);
  const wide = !props.pin && WIDE.test(props.value);
  const described = [props.hint && `${props.id}-hint`, props.problem && `${props.id}-problem`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      <div class="secret">
        <input
          id={props.id}
          type={(shown ? 'text' : 'password') as 'text'}
          inputMode={props.pin ? 'numeric' : 'text'}
          autocomplete={props.fresh ? 'new-password' : 'off'}
          autocapitalize="none"
          spellcheck={false}
          value={props.value}
          aria-invalid={props.problem ? 'true' : undefined}
          aria-describedby={described || undefined}
          onInput={(event) => props.change(props.pin ? plainDigits(event.currentTarget.value) : event.currentTarget.value)}
        />
        <Button aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? T('遮住', 'Hide') : T('显示', 'Show')}
        </Button>
      </div>
      {props.hint && (
        <p id={`${props.id}-hint`} class="hint">
          {props.hint}
        </p>
      )}
      {wide && (
        <p class="hint" role="status">
          {T('里面有汉字或全角符号：若不是有意的，请切到英文输入。', 'It holds Chinese or full-width signs: if that is not meant, switch the keyboard to English.')}
        </p>
      )}
      {props.problem && (
        <p id={`${props.id}-problem`} class="problem" role="alert">
          {props.problem}
        </p>
      )}
    </div>
  );
}
