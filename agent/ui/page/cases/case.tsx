// One case: where it stands and whether it is received, what to do now, photos, what it holds, who
// is behind it, what happened.
import { useState } from 'preact/hooks';
import { kindNamed, said } from '@page/domain';
import { address } from '@page/route';
import { useCall } from '@page/store';
import { label, N, T } from '@page/text';
import { numberOf, whenOf, whoOf, type Shown, type Told } from '@page/entity';
import { fieldLabel, titleOf, valueText } from '@page/value';
import { Busy, Button, LinkButton, Page, Section, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { Proof } from '@page/ui/proof';
import { ConflictChip, DeliveryChip, PhotosChip, StatusChip } from '@page/ui/states';
import { Story } from '@page/ui/story';
import { Photos } from '@page/ui/viewer';
import type { PageProps } from '../routes';
import { Act } from './act';
import { Clocks, Facts, Informant } from '@page/cases/facts';
import { NoteSheet, PhotoSheet, WithdrawSheet } from './later';
import { Moves } from './moves';
import { Notes } from '@page/cases/notes';
import { Same } from '@page/cases/same';
import '@page/cases/cases.css';
import './cases.css';

function Head({ of }: { of: Shown }) {
  const kind = kindNamed(of.kind);
  return (
    <div class="case-head">
      <p class="quiet">
        {label(kind, of.kind)} · {numberOf(of)} · {whoOf(of.created)} · {whenOf(of.created)}
      </p>
      <span class="chips">
        {!of.withdrawn && <StatusChip of={of.status} />}
        <DeliveryChip of={of.delivery} />
        <PhotosChip of={of.photos} />
        <ConflictChip count={of.conflicts} />
      </span>
      <Clocks of={of.withdrawn ? [] : (of.clocks ?? [])} />
      <Proof of={of} />
      {of.withdrawn && (
        <p class="remark">{T('已撤回：不再办理。为什么，见下面的经过。', 'Withdrawn: nobody works on it any more. Why is told below.')}</p>
      )}
      {of.conflicts > 0 && (
        <LinkButton href={address(['conflicts', of.id])} icon="fork" look="main">
          {N(of.conflicts, ' 处冲突，去决定', 'conflict: decide', 'conflicts: decide')}
        </LinkButton>
      )}
      {of.without_effect.length > 0 && (
        <p class="remark">
          {N(of.without_effect.length, ' 条记录没有生效，原因在经过里', 'record took no effect; the history says why', 'records took no effect; the history says why')}
        </p>
      )}
    </div>
  );
}

function History({ of }: { of: Shown }) {
  const told = useCall<Told>({ run: 'history', words: [of.id] });
  const [all, setAll] = useState(false);
  const list = told.lines;
  const SHORT = 12;
  const cut = list && !all && list.length > SHORT ? list.slice(-SHORT) : list;
  return (
    <Section title={T('经过', 'What happened')}>
      <Trouble of={told.failure} again={told.again} />
      {!list && !told.failure && <Busy />}
      {list && cut && cut.length < list.length && (
        <Button icon="back" onClick={() => setAll(true)}>
          {N(list.length - cut.length, ' 条更早的', 'earlier one', 'earlier ones')}
        </Button>
      )}
      {cut && (
        <Story
          of={cut}
          kind={kindNamed(of.kind)}
          id={of.id}
          tools={(one) => {
            const field = one.changes.find(({ field: name, how }) => how === 'set' && name !== 'why');
            if (!one.labels.includes('resolves') || !field) return null;
            return (
              <a class="button button-quiet" href={address(['conflicts', of.id], { field: String(field.field) })}>
                {T('改这个决定', 'Decide otherwise')}
              </a>
            );
          }}
        />
      )}
    </Section>
  );
}

type Open = 'note' | 'photo' | 'withdraw' | null;

function Whole({ of }: { of: Shown }) {
  const [open, setOpen] = useState<Open>(null);
  const [kept] = useState({ text: '' });
  const close = (): void => setOpen(null);
  const photos = of.sets.photo ?? [];
  const contact = of.fields.contact;
  const kind = kindNamed(of.kind);
  const moves = kind?.statuses && !of.withdrawn;
  return (
    <>
      <Head of={of} />
      {moves && (
        <Section title={T('现在可以做', 'What to do now')}>
          <Moves id={of.id} kind={of.kind} />
        </Section>
      )}
      <div class="buttons">
        <Button icon="note" onClick={() => setOpen('note')}>
          {T('写备注', 'Write a note')}
        </Button>
        {!of.withdrawn && (
          <Button icon="camera" onClick={() => setOpen('photo')}>
            {T('加照片', 'Add a photo')}
          </Button>
        )}
      </div>
      {photos.length > 0 && (
        <Section title={T('照片', 'Photos')}>
          <Photos of={photos} />
        </Section>
      )}
      <Section title={T('内容', 'What it holds')}>
        <Facts of={of} />
      </Section>
      {typeof contact === 'string' && (
        <Section title={T('反映人', 'Who told of it')}>
          <Informant id={contact} />
        </Section>
      )}
      <Notes of={of.sets.note ?? []} />
      <Same of={of} />
      <History of={of} />
      {!of.withdrawn && kind?.captured && (
        <Button icon="close" look="danger" onClick={() => setOpen('withdraw')}>
          {T('撤回误报', 'Withdraw a mistaken report')}
        </Button>
      )}
      {open === 'note' && <NoteSheet of={of} onClose={close} kept={kept} />}
      {open === 'photo' && <PhotoSheet of={of} onClose={close} />}
      {open === 'withdraw' && <WithdrawSheet of={of} onClose={close} />}
    </>
  );
}

/** What was changed, with what it says now. */
function Changed({ of, field }: { of: Shown; field: string }) {
  const known = kindNamed(of.kind);
  const name = fieldLabel(known, field);
  const value = of.fields[field];
  if (value === undefined) return null;
  const text = valueText(known?.fields.find((one) => one.name === field), value, of.names?.[field]);
  return (
    <p class="case-saved" role="status">
      <Icon name="check" />
      {T(`已保存。${name}现在是“${text}”；改错了，在“内容”里再改。`, `Saved. Its ${name} is now "${text}"; if that is wrong, change it again below.`)}
    </p>
  );
}

/** `now`: the status that an act led to, said once more where it is come from; `set`: the field. */
function Look({ id, now, set }: { id: string; now: string | null; set: string | null }) {
  const told = useCall<Shown>({ run: 'show', words: [id] });
  const of = told.lines?.[0];
  return (
    <Page title={of ? titleOf(of) : T('案件', 'Case')} history={T('案件', 'Case')}>
      <Trouble of={told.failure} again={told.again} />
      {of && now !== null && now === of.status && (
        <p class="case-saved" role="status">
          <Icon name="check" />
          {T(`已保存。现在是“${said('statuses', of.status)}”；这一步已成定局，有误请办下一步或写备注。`, `Saved. It is now "${said('statuses', of.status)}"; the step stands; if it was wrong, take the next one or write a note.`)}
        </p>
      )}
      {of && set !== null && <Changed of={of} field={set} />}
      {of ? <Whole of={of} /> : !told.failure && <Busy />}
    </Page>
  );
}

export function Case({ rest, query }: PageProps) {
  const [id, act, what] = rest;
  if (id && act && what) return <Act id={id} act={act} what={what} />;
  return <Look id={id ?? ''} now={query.get('now')} set={query.get('set')} />;
}
