// The fields of a form in their order, each with the control that it takes.
import { fieldNamed, kindNamed } from '@page/domain';
import { T } from '@page/text';
import { Button } from '@page/ui/parts';
import { CategoryPick } from '@page/form/category';
import { FieldEdit, isTyped } from '@page/form/field';
import type { Form } from '@page/form/form';
import { InformantEdit } from '@page/form/informant';
import { Photos } from '@page/form/photos';
import { Place } from '@page/form/place';

interface FieldsProps {
  form: Form;
  names: readonly string[];
  /** Those that the table does not need, but this form does. */
  needed?: readonly string[];
  /** Find the position at once. */
  auto?: boolean;
  /** Photos are what the page begins with. */
  photos_first?: boolean;
  /** The camera opens at once. */
  take?: boolean;
  /** Photos that are asked for, by role. */
  asked?: readonly string[];
  /** Photos come from somebody else, until said otherwise. */
  forwarded?: boolean;
}

/** The incident that an abnormal visit opens: only what it needs. */
const OPENED = ['category', 'urgency', 'address', 'description'];

function Opened({ form }: { form: Form }) {
  const incident = kindNamed('incident');
  const { opens, values } = form.filled;
  const set = (name: string) => (texts: string[]) =>
    form.change({ ...form.filled, opens: { ...opens, [name]: texts } });
  if (!incident || values.result?.[0] !== 'abnormal') return null;
  const some = Object.keys(opens).length > 0;
  if (!some)
    return (
      <Button
        icon="flag"
        onClick={() => form.change({ ...form.filled, opens: { category: values.category ?? [] } })}
      >
        {T('把异常报成事件', 'Report what is wrong as an incident')}
      </Button>
    );
  return (
    <section class="section opened" data-field="incident">
      <h2>{T('同时报一件事件', 'The incident that is reported with it')}</h2>
      {OPENED.map((name) => {
        const field = fieldNamed(incident, name);
        if (!field) return null;
        const problem = form.problem(`incident:${name}`) ?? (name === 'category' ? form.problem('incident') : undefined);
        return field.code === 'category' ? (
          <CategoryPick
            key={name}
            kind="incident"
            field={field}
            value={opens[name]?.[0] ?? ''}
            onText={(text) => set(name)(text ? [text] : [])}
            problem={problem}
            needed
            scope="incident"
          />
        ) : (
          <FieldEdit
            key={name}
            kind="incident"
            field={field}
            texts={opens[name] ?? []}
            onTexts={set(name)}
            problem={problem}
            scope="incident"
          />
        );
      })}
      <Button look="quiet" icon="close" onClick={() => form.change({ ...form.filled, opens: {} })}>
        {T('不报事件', 'No incident')}
      </Button>
    </section>
  );
}

export function Fields({ form, names, needed, auto, photos_first, take, asked, forwarded }: FieldsProps) {
  return (
    <>
      {names.map((name) => {
        const field = fieldNamed(form.kind, name);
        if (!field) return null;
        if (field.type === 'photo')
          return <Photos key={name} form={form} main={photos_first ?? false} take={take ?? false} forwarded={forwarded ?? false} problem={form.problem(name)} {...(asked ? { asked } : {})} />;
        if (field.type === 'position')
          return (
            <Place
              key={name}
              field={field}
              value={form.filled.values[name]?.[0] ?? ''}
              problem={form.problem(name)}
              auto={auto ?? false}
              onText={(text, by_person) => (by_person ? form.set : form.seed)(name, text ? [text] : [])}
            />
          );
        if (name === 'contact' && form.kind.name === 'incident') return <InformantEdit key={name} form={form} />;
        const must = field.needed || (needed?.includes(name) ?? false);
        if (field.code === 'category' && name === 'category' && field.needed)
          return (
            <CategoryPick
              key={name}
              kind={form.kind.name}
              field={field}
              value={form.filled.values[name]?.[0] ?? ''}
              onText={(text) => form.set(name, text ? [text] : [])}
              problem={form.problem(name)}
              needed={must}
            />
          );
        if (!isTyped(field)) return null;
        const edit = (
          <FieldEdit
            key={name}
            kind={form.kind.name}
            field={field}
            texts={form.filled.values[name] ?? []}
            onTexts={(texts) => form.set(name, texts)}
            problem={form.problem(name)}
            needed={must}
          />
        );
        return name === 'result' && form.kind.name === 'visit' ? (
          <div class="section" key={name}>
            {edit}
            <Opened form={form} />
          </div>
        ) : (
          edit
        );
      })}
    </>
  );
}
