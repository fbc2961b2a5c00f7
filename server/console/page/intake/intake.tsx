// Intake: a call or a visitor. Who speaks, recognised if she did before; what it is, where; whether it
// is known already; and then the number to give out, large.
import { useRef, useState } from 'preact/hooks';
import { failureOf, type Failure, type Row } from '@page/api';
import { act } from '@page/actor';
import { fieldNamed, kindNamed, type Kind } from '@page/domain';
import { Fields } from '@page/form/fields';
import { nothing } from '@page/form/filled';
import { useForm } from '@page/form/form';
import { InformantEdit } from '@page/form/informant';
import { KeptTrouble } from '@page/form/keeper_notice';
import { NearBox } from '@page/form/near';
import { address } from '@page/route';
import { refresh } from '@page/store';
import { label, T } from '@page/text';
import { Button, LinkButton, Page, tell, Trouble } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { useKeys } from '../shell/keys';
import { SheetImport } from './sheet';
import '@page/form/form.css';
import './intake.css';

/** How it came to the desk; the first is what is meant unless said otherwise. */
const CHANNELS = ['resident', 'hotline', 'window'];
const FIRST = ['contact', 'category', 'position', 'address', 'description', 'urgency', 'photo'];

function channels(kind: Kind): string[] {
  const known = fieldNamed(kind, 'channel')?.choices?.map(({ name }) => name) ?? [];
  const usual = CHANNELS.filter((name) => known.includes(name));
  return [...usual, ...known.filter((name) => !usual.includes(name))];
}

function Saved({ of, again }: { of: Row; again(): void }) {
  const number = String(of.number ?? '');
  const id = String(of.id ?? '');
  useKeys([{ keys: 'n', words: T('再接一件', 'another one'), run: again }]);
  return (
    <section class="card intake-saved" aria-labelledby="intake-number">
      <p>{T('已登记。请把这个编号告诉反映人：', 'It is recorded. Give this number to the person:')}</p>
      <p class="intake-number" id="intake-number" role="status">
        {number}
      </p>
      <div class="buttons">
        <Button look="main" icon="phone" onClick={again}>
          {T('再接一件', 'Another one')} <kbd>n</kbd>
        </Button>
        <LinkButton href={address(['case', id])}>{T('看这一件', 'See it')}</LinkButton>
      </div>
    </section>
  );
}

function Form({ kind, done }: { kind: Kind; done(answer: Row): void }) {
  const [first_channel = ''] = channels(kind);
  const form = useForm(kind, {}, () => ({ ...nothing(), values: { channel: [first_channel] } }), undefined);
  const [same, setSame] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Failure>();
  const box = useRef<HTMLFormElement>(null);
  const more = [...kind.first, ...kind.more].filter((name) => !FIRST.includes(name) && !['channel', 'visit', 'alarm', 'incident'].includes(name));
  const names = FIRST.filter((name) => fieldNamed(kind, name));

  const save = async (): Promise<void> => {
    setBusy(true);
    setTrouble(undefined);
    try {
      if (form.state.kept === 'empty') form.change(form.filled);
      if (!(await form.ready())) return;
      if (form.keeper.state.value.near.length > 0 && same === null) {
        document.getElementById('near')?.focus();
        tell({ tone: 'warn', text: T('附近报过相似的：请先说是不是同一件。', 'Something alike was reported near here: say whether it is the same.') });
        return;
      }
      const saved = await form.keeper.finish();
      if (same && same !== 'none')
        await act({ run: 'link', words: [String(saved.id), same] }).catch((cause: unknown) => tell({ tone: 'warn', text: failureOf(cause).message }));
      refresh();
      done(saved);
    } catch (cause) {
      setTrouble(failureOf(cause));
    } finally {
      setBusy(false);
    }
  };

  const shown = new Set([...names, ...more, 'channel', 'phone', 'consent', 'relation', 'contact']);
  const general = form.state.problems.filter((problem) => !shown.has(problem.field));
  return (
    <form
      class="intake"
      ref={box}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onKeyDown={(event) => {
        // Enter in a field goes on; Ctrl and Enter saves from anywhere.
        if (event.key !== 'Enter' || event.defaultPrevented) return;
        if (event.ctrlKey) void save();
        if (event.ctrlKey || (event.target instanceof HTMLInputElement && event.target.type !== 'submit')) event.preventDefault();
      }}
    >
      <KeptTrouble form={form} />
      <div class="form intake-form" ref={form.around.ref} onFocusIn={form.around.onFocusIn} onFocusOut={form.around.onFocusOut}>
        <fieldset class="field" data-field="channel">
          <legend>{label(fieldNamed(kind, 'channel'))}</legend>
          <div class="choices">
            {channels(kind).map((name) => (
              <label class="choice" key={name}>
                <input type="radio" name="channel" checked={form.filled.values.channel?.[0] === name} onChange={() => form.set('channel', [name])} />
                {label(fieldNamed(kind, 'channel')?.choices?.find((one) => one.name === name), name)}
              </label>
            ))}
          </div>
        </fieldset>
        <div class="intake-columns">
          <div class="form">
            <InformantEdit form={form} begun />
            <Fields form={form} names={names.filter((name) => ['description', 'urgency', 'photo'].includes(name))} forwarded />
          </div>
          <div class="form">
            <Fields form={form} names={names.filter((name) => ['category', 'position', 'address'].includes(name))} />
            <NearBox near={form.state.near} same={same} onSame={setSame} />
          </div>
        </div>
        {more.length > 0 && (
          <details class="more">
            <summary>{T('更多', 'More')}</summary>
            <div class="form">
              <Fields form={form} names={more} />
            </div>
          </details>
        )}
      </div>
      {general.map((problem) => (
        <p class="problem" role="alert" key={problem.text}>
          {problem.text}
        </p>
      ))}
      <Trouble of={trouble} />
      <div class="save-bar">
        <div class="buttons">
          <Button type="submit" look="main" icon="check" busy={busy}>
            {T('登记，给出编号（Ctrl+回车）', 'Record it, get its number (Ctrl+Enter)')}
          </Button>
        </div>
      </div>
    </form>
  );
}

export function Intake({ rest }: PageProps) {
  const kind = kindNamed('incident');
  const [saved, setSaved] = useState<Row | null>(null);
  const [round, setRound] = useState(0);
  const again = (): void => {
    setSaved(null);
    setRound(round + 1);
  };
  const sheet = rest[0] === 'sheet';
  return (
    <Page
      title={sheet ? T('导入热线工单', 'Import hotline orders') : T('接报', 'Intake')}
      root={!sheet}
      tools={
        sheet ? undefined : (
          <LinkButton look="quiet" icon="list" href={address(['intake', 'sheet'])}>
            {T('导入工单表', 'Import a sheet')}
          </LinkButton>
        )
      }
    >
      {sheet ? <SheetImport /> : saved ? <Saved of={saved} again={again} /> : kind ? <Form key={round} kind={kind} done={setSaved} /> : null}
    </Page>
  );
}
