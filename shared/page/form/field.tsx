// One field of the one table: the control that fits its type, with its name, hint and problem.
import { useEffect, useState } from 'preact/hooks';
import { one, type Row } from '@page/api';
import type { Field } from '@page/domain';
import { label, T } from '@page/text';
import { Combo } from '@page/form/combo';
import { Choices, Count, Several, Time, YesNo } from '@page/form/inputs';
import { bytesIn } from '@page/form/filled';
import { codeName, entityName, offer, rememberName } from '@page/form/suggest';
import { Wrap, type Tied } from '@page/form/wrap';

/** Texts longer than this have room for several lines. */
const LONG_BYTES = 2000;

export interface FieldProps {
  kind: string;
  field: Field;
  texts: string[];
  onTexts(texts: string[]): void;
  problem?: string | undefined;
  needed?: boolean;
  /** Tells apart the same field in two parts of a page. */
  scope?: string;
}

/** Fields that no control of its own here can fill: photos, positions, what programs write. */
export function isTyped(field: Field): boolean {
  return (
    !field.machine &&
    ['text', 'texts', 'enum', 'bool', 'uint', 'time', 'code', 'entity', 'source'].includes(field.type)
  );
}

/** The name of a thing that a draft names by its id. */
function useEntityName(id: string, refers: string | null): (value: string) => string | undefined {
  const [, draw] = useState({});
  useEffect(() => {
    if (!refers || !/^[0-9a-f]{32}$/.test(id) || entityName(id)) return;
    one<Row>({ run: 'show', words: [id] }).then(
      (row) => {
        rememberName(id, String(row?.number ?? id));
        draw({});
      },
      () => undefined,
    );
  }, [id]);
  return entityName;
}

function hintOf(field: Field, text: string): string | undefined {
  if (field.personal)
    return T('个人信息：只有办理的人看得到。', 'Personal: only those who handle it can see this.');
  const most = field.most ?? 0;
  if (field.type === 'text' && most > 0 && bytesIn(text) > most * 0.8)
    return T(`还能写约 ${Math.max(0, Math.floor((most - bytesIn(text)) / 3))} 个字`, `room for ${Math.max(0, most - bytesIn(text))} more bytes`);
  return undefined;
}

export function FieldEdit(props: FieldProps) {
  const { kind, field, texts, onTexts, problem, needed, scope } = props;
  const id = `${scope ?? 'f'}-${field.name}`;
  const name = label(field, field.name);
  const value = texts[0] ?? '';
  const named = useEntityName(value, field.refers);
  const options = (text: string, signal: AbortSignal) => offer(kind, field, text, signal);
  const nameOf = field.refers
    ? named
    : field.code
      ? (code: string) => codeName(field, code)
      : undefined;
  const say = (text: string): void => onTexts(text === '' ? [] : [text, ...texts.slice(1)]);
  const few = (field.type === 'enum' && (field.choices?.length ?? 0) <= 6) || field.type === 'bool';
  const is_long = field.type === 'text' && (field.most ?? 0) >= LONG_BYTES;
  const several = field.type === 'texts' || (field.many && !is_long);

  const control = (tied: Tied) => {
    if (several)
      return (
        <Several tied={tied} name={name} texts={texts} onTexts={onTexts} options={options} {...(nameOf ? { nameOf } : {})} />
      );
    switch (field.type) {
      case 'enum':
        return <Choices tied={tied} value={value} onText={say} choices={field.choices ?? []} free={!needed} />;
      case 'bool':
        return <YesNo tied={tied} value={value} onText={say} free={!needed} />;
      case 'uint':
        return <Count tied={tied} name={name} value={value} onText={say} least={field.least} most={field.most} />;
      case 'time':
        return <Time tied={tied} value={value} onText={say} />;
      default:
        if (is_long)
          return <textarea {...tied} rows={3} value={value} onInput={(event) => say(event.currentTarget.value)} />;
        return (
          <Combo
            tied={tied}
            value={value}
            options={options}
            onText={say}
            {...(nameOf ? { nameOf } : {})}
            tel={field.name === 'phone'}
          />
        );
    }
  };
  return (
    <Wrap field={field.name} id={id} name={name} needed={needed ?? false} hint={hintOf(field, value)} problem={problem} group={few}>
      {control}
    </Wrap>
  );
}
