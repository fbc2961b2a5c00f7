// "A resident called": who told of it. Known callers are found again by name or number, so that one
// person stays one record; who is new is written here and becomes a record of its own.
import { useState } from 'preact/hooks';
import { behind } from '@page/behind';
import { fieldNamed, kindNamed } from '@page/domain';
import { T } from '@page/text';
import { Button } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { Combo, type Option } from '@page/form/combo';
import { FieldEdit } from '@page/form/field';
import { NOBODY, type Informant } from '@page/form/filled';
import type { Form } from '@page/form/form';
import { entityName, rememberName, used, type Used } from '@page/form/suggest';
import { Wrap } from '@page/form/wrap';

type Caller = Option & { caller: Used };

async function callers(field: 'name' | 'phone', text: string, signal: AbortSignal): Promise<Caller[]> {
  const why = behind.caller_why();
  // Each look with a reason is recorded: not before enough is typed to mean one person.
  if (why && text.trim().length < (field === 'phone' ? 7 : 2)) return [];
  const found = await used('contact', field, text, signal, why ? { why } : {});
  return found.map((caller) => ({
    value: caller.value,
    name: caller.name || caller.value,
    note: caller.phone ?? undefined,
    caller,
  }));
}

/** `begun`: somebody is speaking already, at the desk. */
export function InformantEdit({ form, begun }: { form: Form; begun?: boolean }) {
  const { informant, values } = form.filled;
  const known = values.contact?.[0] ?? '';
  const some = known !== '' || Object.values(informant).some((text: string) => text !== '');
  const [open, setOpen] = useState(some || (begun ?? false));
  const contact = kindNamed('contact');
  const consent = fieldNamed(contact, 'consent');
  const relation = fieldNamed(contact, 'relation');

  const tell = (more: Partial<Informant>): void =>
    form.change({ ...form.filled, informant: { ...informant, ...more } });
  const same = (option: Option): void => {
    const { caller } = option as Caller;
    if (!caller.id) {
      tell({ contact: caller.name || caller.value, ...(caller.phone ? { phone: caller.phone } : {}) });
      return;
    }
    rememberName(caller.id, [caller.name, caller.phone].filter(Boolean).join(' '));
    form.change({
      ...form.filled,
      informant: { ...NOBODY },
      values: { ...values, contact: [caller.id] },
    });
  };
  const nobody = (): void => {
    form.change({ ...form.filled, informant: { ...NOBODY }, values: { ...values, contact: [] } });
  };

  if (!open)
    return (
      <Button
        icon="phone"
        onClick={() => {
          setOpen(true);
          if (!values.channel?.length) form.set('channel', ['resident']);
          setTimeout(() => document.getElementById('f-contact')?.focus());
        }}
      >
        {T('有居民反映', 'A resident told of it')}
      </Button>
    );
  if (known)
    return (
      <div class="field" data-field="contact">
        <span class="field-label">{T('反映人', 'Reported by')}</span>
        <div class="beside">
          <span class="known-caller">
            <Icon name="person" />
            {entityName(known) ?? T('以前反映过的人', 'somebody known')}
          </span>
          <Button onClick={nobody}>{T('换一个人', 'Somebody else')}</Button>
        </div>
      </div>
    );
  return (
    <section class="section informant">
      <h2>{T('谁反映的', 'Who told of it')}</h2>
      <Wrap
        field="contact"
        id="f-contact"
        name={T('姓名', 'Name')}
        hint={T('个人信息单独保存，只有办理的人看得到。', 'Kept as a record of its own, seen by those who handle it.')}
        problem={form.problem('contact')}
      >
        {(tied) => (
          <Combo
            tied={tied}
            value={informant.contact}
            options={(text, signal) => callers('name', text, signal)}
            onText={(text) => tell({ contact: text })}
            onPick={same}
          />
        )}
      </Wrap>
      <Wrap field="phone" id="f-phone" name={T('电话', 'Phone')} problem={form.problem('phone')}>
        {(tied) => (
          <Combo
            tied={tied}
            value={informant.phone}
            options={(text, signal) => callers('phone', text, signal)}
            onText={(text) => tell({ phone: text })}
            onPick={same}
            tel
          />
        )}
      </Wrap>
      {consent && (
        <FieldEdit
          kind="contact"
          field={consent}
          texts={informant.consent ? [informant.consent] : []}
          onTexts={(texts) => tell({ consent: texts[0] ?? '' })}
          problem={form.problem('consent')}
          scope="informant"
        />
      )}
      {relation && (
        <FieldEdit
          kind="contact"
          field={relation}
          texts={informant.relation ? [informant.relation] : []}
          onTexts={(texts) => tell({ relation: texts[0] ?? '' })}
          problem={form.problem('relation')}
          scope="informant"
        />
      )}
      <Button
        look="quiet"
        icon="close"
        onClick={() => {
          nobody();
          setOpen(false);
        }}
      >
        {T('不记反映人', 'Nobody told of it')}
      </Button>
    </section>
  );
}
