// A text with suggestions beneath: what was used before, what the site knows. Whatever is typed
// counts; picking only spares the typing.
import { useEffect, useRef, useState } from 'preact/hooks';
import { T } from '@page/text';
import type { Tied } from '@page/form/wrap';

export interface Option {
  value: string;
  name: string;
  note?: string | undefined;
}

interface ComboProps {
  tied: Tied;
  value: string;
  /** What a value is called; the value itself where it has no name. */
  nameOf?: (value: string) => string | undefined;
  options(text: string, signal: AbortSignal): Promise<Option[]>;
  onText(text: string): void;
  /** Else a picked option is taken as its value. */
  onPick?: (option: Option) => void;
  /** Enter, with nothing picked in the list. */
  onEnter?: () => void;
  tel?: boolean;
  label?: string;
}

const PAUSE_MS = 120;

export function Combo(props: ComboProps) {
  const { tied, value, nameOf, options, onText, onPick, onEnter, tel, label } = props;
  const [open, setOpen] = useState(false);
  const [found, setFound] = useState<Option[]>([]);
  const [at, setAt] = useState(-1);
  const asked = useRef<AbortController | null>(null);
  const list_id = `${tied.id}-list`;
  const shown = nameOf?.(value) ?? value;

  useEffect(() => () => asked.current?.abort(), []);
  useEffect(() => {
    if (at >= 0) document.getElementById(`${list_id}-${at}`)?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const look = (text: string, pause: number): void => {
    asked.current?.abort();
    const mine = new AbortController();
    asked.current = mine;
    setTimeout(() => {
      if (mine.signal.aborted) return;
      options(text, mine.signal).then(
        (some) => {
          if (mine.signal.aborted) return;
          setFound(some);
          setAt(-1);
          setOpen(true);
        },
        () => undefined,
      );
    }, pause);
  };
  const shut = (): void => {
    asked.current?.abort();
    setOpen(false);
    setAt(-1);
  };
  const pick = (option: Option): void => {
    shut();
    if (onPick) onPick(option);
    else onText(option.value);
  };
  const keys = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step) {
      event.preventDefault();
      if (!open) look(nameOf?.(value) ? '' : value, 0);
      else if (found.length) setAt((at + step + found.length + (at < 0 && step < 0 ? 1 : 0)) % found.length);
    } else if (event.key === 'Enter') {
      const option = open ? found[at] : undefined;
      if (option || onEnter) event.preventDefault();
      if (option) pick(option);
      else onEnter?.();
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      event.stopPropagation();
      shut();
    }
  };
  const visible = open && found.length > 0;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (visible) list.current?.scrollIntoView({ block: 'nearest' });
  }, [visible, found.length]);
  return (
    <div class="combo">
      <input
        type={tel ? 'tel' : 'text'}
        {...tied}
        aria-label={label}
        list={undefined}
        role="combobox"
        aria-expanded={visible}
        aria-controls={list_id}
        aria-autocomplete="list"
        aria-activedescendant={visible && at >= 0 ? `${list_id}-${at}` : undefined}
        value={shown}
        onInput={(event) => {
          onText(event.currentTarget.value);
          look(event.currentTarget.value, PAUSE_MS);
        }}
        onFocus={() => look(nameOf?.(value) ? '' : value, PAUSE_MS)}
        onBlur={shut}
        onKeyDown={keys}
      />
      <ul class="combo-list" role="listbox" ref={list} id={list_id} aria-label={T('可选的', 'Suggestions')} hidden={!visible}>
        {found.map((option, index) => (
          <li
            key={option.value + option.name}
            id={`${list_id}-${index}`}
            role="option"
            aria-selected={index === at}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => pick(option)}
          >
            <span>{option.name}</span>
            {option.note && <span class="quiet">{option.note}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
