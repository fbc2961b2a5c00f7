// The controls that fields are made of, one a way of saying something.
import { useState } from 'preact/hooks';
import type { Choice } from '@page/domain';
import { label, T } from '@page/text';
import { Button } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { Combo, type Option } from '@page/form/combo';
import type { Tied } from '@page/form/wrap';

interface One {
  tied: Tied;
  value: string;
  onText(text: string): void;
}

/** Among few: each a whole target; among many: a list. `free`: none of them may be said. */
export function Choices({ tied, value, onText, choices, free }: One & { choices: Choice[]; free: boolean }) {
  if (choices.length > 6)
    return (
      <select {...tied} value={value} onChange={(event) => onText(event.currentTarget.value)}>
        <option value="">{T('未选', 'none chosen')}</option>
        {choices.map((choice) => (
          <option key={choice.name} value={choice.name}>
            {label(choice)}
          </option>
        ))}
      </select>
    );
  const known = value === '' || choices.some((choice) => choice.name === value);
  return (
    <div class="choices">
      {choices.map((choice) => (
        <label class="choice" key={choice.name}>
          <input
            type="radio"
            name={tied.id}
            aria-invalid={tied['aria-invalid']}
            aria-describedby={tied['aria-describedby']}
            checked={choice.name === value}
            onChange={() => onText(choice.name)}
          />
          {label(choice)}
        </label>
      ))}
      {!known && <span class="quiet">{value}</span>}
      {free && value !== '' && (
        <Button look="quiet" icon="close" onClick={() => onText('')}>
          {T('不填', 'None')}
        </Button>
      )}
    </div>
  );
}

export function YesNo({ tied, value, onText, free }: One & { free: boolean }) {
  return (
    <Choices
      tied={tied}
      value={value}
      onText={onText}
      free={free}
      choices={[
        { name: 'yes', zh: '是', en: 'yes' },
        { name: 'no', zh: '否', en: 'no' },
      ]}
    />
  );
}

/** A count, with a step down and up: what is typed stays as it is, right or wrong. */
export function Count(props: One & { name: string; least?: number | null; most?: number | null }) {
  const { tied, value, onText, name } = props;
  const least = props.least ?? 0;
  const most = props.most ?? Number.MAX_SAFE_INTEGER;
  const number = /^\s*-?\d+\s*$/.test(value) ? Number(value) : null;
  const step = (by: number): void =>
    onText(String(Math.min(most, Math.max(least, number === null ? (by > 0 ? Math.max(least, by) : least) : number + by))));
  return (
    <div class="count">
      <button type="button" class="button" onClick={() => step(-1)} disabled={number !== null && number <= least} aria-label={T(`${name} 减一`, `${name}: one less`)}>
        −
      </button>
      <input
        {...tied}
        inputMode="numeric"
        value={value}
        onInput={(event) => onText(event.currentTarget.value)}
      />
      <button type="button" class="button" onClick={() => step(1)} disabled={number !== null && number >= most} aria-label={T(`${name} 加一`, `${name}: one more`)}>
        <Icon name="plus" />
      </button>
    </div>
  );
}

const CHINA = '+08:00';
const CHINA_MS = 8 * 3600 * 1000;

/** A time as the native control takes it, in China's time; null: it is none that it could show. */
function localTime(value: string): string | null {
  if (value === '') return '';
  const bare = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(\.\d+)?)?(\+08:00)?$/.exec(value);
  if (bare) return `${bare[1]}T${bare[2]}`;
  const date = new Date(value);
  if (!/^\d{4}-.*(Z|[+-]\d\d:\d\d)$/.test(value) || Number.isNaN(date.getTime())) return null;
  return new Date(date.getTime() + CHINA_MS).toISOString().slice(0, 16);
}

export function Time({ tied, value, onText }: One) {
  const local = localTime(value);
  const now = (): string => new Date(Date.now() + CHINA_MS).toISOString().slice(0, 16) + CHINA;
  return (
    <div class="beside">
      {local === null ? (
        <input {...tied} value={value} onInput={(event) => onText(event.currentTarget.value)} />
      ) : (
        <input
          {...tied}
          type="datetime-local"
          value={local}
          onInput={(event) => onText(event.currentTarget.value && event.currentTarget.value + CHINA)}
        />
      )}
      <Button icon="clock" onClick={() => onText(now())}>
        {T('现在', 'Now')}
      </Button>
    </div>
  );
}

/** Several short texts. */
export function Several(props: {
  tied: Tied;
  name: string;
  texts: string[];
  onTexts(texts: string[]): void;
  options(text: string, signal: AbortSignal): Promise<Option[]>;
  nameOf?: (value: string) => string | undefined;
}) {
  const { tied, name, texts, onTexts, options, nameOf } = props;
  // The last one is being typed: kept with the others, so that a draft has it as well.
  const [typing, setTyping] = useState(false);
  const done = typing ? texts.slice(0, -1) : texts;
  const now = typing ? (texts[texts.length - 1] ?? '') : '';
  const write = (text: string): void => {
    setTyping(text !== '');
    onTexts(text === '' ? done : [...done, text]);
  };
  const add = (text: string): void => {
    setTyping(false);
    onTexts(text.trim() === '' || done.includes(text) ? done : [...done, text]);
  };
  return (
    <div class="several">
      {done.length > 0 && (
        <ul class="picked">
          {done.map((text, index) => (
            <li key={text}>
              <span>{nameOf?.(text) ?? text}</span>
              <button
                type="button"
                class="button button-quiet"
                aria-label={T(`去掉${nameOf?.(text) ?? text}`, `Remove ${nameOf?.(text) ?? text}`)}
                onClick={() => onTexts(texts.filter((_, other) => other !== index))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="beside">
        <Combo
          tied={tied}
          value={now}
          options={options}
          onText={write}
          onPick={(option) => add(option.value)}
          onEnter={() => add(now)}
        />
        <Button icon="plus" onClick={() => add(now)} disabled={now.trim() === ''} aria-label={T(`添加到${name}`, `Add to ${name}`)}>
          {T('添加', 'Add')}
        </Button>
      </div>
    </div>
  );
}
