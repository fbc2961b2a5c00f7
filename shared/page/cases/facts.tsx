// What a record holds: its fields, each with a way to change it; the people; its deadlines.
import type { Json } from '@page/api';
import { behind } from '@page/behind';
import { kindNamed, said } from '@page/domain';
import { address } from '@page/route';
import { useCall } from '@page/store';
import { N, T, when } from '@page/text';
import type { Shown } from '@page/entity';
import { fieldLabel, valueText } from '@page/value';
import { Chip, LinkButton } from '@page/ui/parts';
import { DeadlineChip, type Clock } from '@page/ui/states';
import { Icon } from '@page/ui/icon';

/** Sets that have a place of their own on the page, or that nobody reads. */
const ELSEWHERE = new Set(['photo', 'note', 'same_as', 'segment', 'gap']);

interface FactProps {
  of: Shown;
  name: string;
  value: Json;
}

function Fact({ of, name, value }: FactProps) {
  const kind = kindNamed(of.kind);
  const field = kind?.fields.find((one) => one.name === name);
  const text = valueText(field, value, of.names?.[name]);
  const text_of_label = fieldLabel(kind, name);
  const conflicts = name in of.conflicting;
  const refers = field?.type === 'entity' && typeof value === 'string';
  return (
    <div class="fact">
      <dt>{text_of_label}</dt>
      <dd>
        <span class="fact-value" dir="auto">
          {refers ? <a href={address(['case', value])}>{text}</a> : text}
        </span>
        {conflicts ? (
          <a class="button button-quiet" href={behind.conflicts(of.id)}>
            <Icon name="fork" />
            <span>{T('有冲突，去决定', 'decide')}</span>
          </a>
        ) : (
          field &&
          !field.by_move &&
          !refers &&
          !of.withdrawn && (
            <a
              class="button button-quiet"
              href={address(['case', of.id, 'set', name])}
              aria-label={T(`更改${text_of_label}`, `change ${text_of_label}`)}
            >
              <Icon name="draft" />
              <span>{T('更改', 'Change')}</span>
            </a>
          )
        )}
      </dd>
    </div>
  );
}

/** What a form would ask for and nobody said yet: an address, a position. */
function Lacking({ of }: { of: Shown }) {
  const kind = kindNamed(of.kind);
  if (!kind?.captured || of.withdrawn) return null;
  const empty = [...kind.first, ...kind.more].filter((name) => {
    const field = kind.fields.find((one) => one.name === name);
    if (!field || field.many || field.machine || field.by_move || field.refers || field.personal) return false;
    return field.type !== 'photo' && !(name in of.fields) && !(name in of.conflicting);
  });
  if (empty.length === 0) return null;
  return (
    <details>
      <summary>{T('补填没有写的', 'Fill in what is missing')}</summary>
      <div class="buttons">
        {empty.map((name) => (
          <LinkButton key={name} icon="plus" href={address(['case', of.id, 'set', name])}>
            {fieldLabel(kind, name)}
          </LinkButton>
        ))}
      </div>
    </details>
  );
}

export function Facts({ of }: { of: Shown }) {
  const kind = kindNamed(of.kind);
  const have = Object.keys(of.fields).filter((name) => name !== 'contact');
  // In the order of the table; what this version does not know comes last.
  const order = (name: string): number => {
    const at = kind?.fields.findIndex((field) => field.name === name) ?? -1;
    return at < 0 ? 1000 : at;
  };
  const rank = (name: string): number => (name === 'description' ? -2 : name === 'address' ? -1 : order(name));
  have.sort((a, b) => rank(a) - rank(b));
  const sets = Object.entries(of.sets).filter(([name, list]) => !ELSEWHERE.has(name) && list.length > 0);
  return (
    <>
      <dl class="case-facts">
        {have.map((name) => (
          <Fact key={name} of={of} name={name} value={of.fields[name] ?? null} />
        ))}
        {sets.map(([name, list]) => (
          <div class="fact" key={name}>
            <dt>{fieldLabel(kind, name)}</dt>
            <dd>
              <span class="fact-value" dir="auto">
                {list
                  .map((one) => valueText(kind?.fields.find((field) => field.name === name), one.value, one.name))
                  .join(T('；', '; '))}
              </span>
            </dd>
          </div>
        ))}
      </dl>
      <Lacking of={of} />
    </>
  );
}

const CONSENT: Record<string, 'ok' | 'bad' | 'quiet'> = { yes: 'ok', no: 'bad', unasked: 'quiet' };

/** Who told of it: to call in one touch, and whether they may be named. */
export function InformantCard({ of: contact }: { of: Shown }) {
  const kind = kindNamed('contact');
  const text = (name: string): string => (typeof contact.fields[name] === 'string' ? String(contact.fields[name]) : '');
  const phone = text('phone');
  const consent = text('consent') || 'unasked';
  const consent_field = kind?.fields.find((field) => field.name === 'consent');
  return (
    <div class="card informant">
      <p>
        <strong dir="auto">{text('name') || T('没有留姓名', 'left no name')}</strong>
        {text('relation') && <span class="quiet"> · {text('relation')}</span>}
      </p>
      <Chip tone={CONSENT[consent] ?? 'quiet'} icon={consent === 'yes' ? 'check' : 'lock'}>
        {`${fieldLabel(kind, 'consent')}${T('：', ': ')}${valueText(consent_field, consent)}`}
      </Chip>
      <div class="buttons">
        {phone && (
          <a class="button button-main" href={`tel:${phone.replace(/[^\d+*#]/g, '')}`}>
            <Icon name="phone" />
            <span dir="ltr">{T(`拨打 ${phone}`, `Call ${phone}`)}</span>
          </a>
        )}
        <a class="button" href={address(['case', contact.id])}>
          {T('查看、更改', 'See, change')}
        </a>
      </div>
    </div>
  );
}

export function Informant({ id }: { id: string }) {
  const told = useCall<Shown>({ run: 'show', words: [id] });
  const contact = told.lines?.[0];
  if (!contact) return told.failure ? <p class="quiet">{told.failure.message}</p> : null;
  return <InformantCard of={contact} />;
}

/** Each deadline, what of it is left, and what has moved it. */
function ClockLines({ of }: { of: Clock[] }) {
  return (
    <ul class="clocks">
      {of.map((clock) => (
        <li key={`${clock.stage}${clock.due}`}>
          {clock.text ? <DeadlineChip of={clock} /> : <strong>{said('stages', clock.stage)}</strong>}
          <span class="quiet">{clock.line ?? (clock.due ? T(`应于 ${when(clock.due)} 前`, `due ${when(clock.due)}`) : '')}</span>
          {clock.paused && (
            <Chip tone="quiet" icon="clock">
              {T('已暂停，不计时', 'paused: the clock stands')}
            </Chip>
          )}
          {clock.extended && (
            <Chip tone="info" icon="clock">
              {T('已延期', 'extended')}
            </Chip>
          )}
        </li>
      ))}
    </ul>
  );
}

/** What runs now; what is behind us, on demand. */
export function Clocks({ of }: { of: Clock[] }) {
  const known = of.filter((clock) => clock.text || clock.due);
  const past = known.filter((clock) => clock.ended);
  const late = past.filter((clock) => clock.overdue).length;
  return (
    <>
      {past.length < known.length && <ClockLines of={known.filter((clock) => !clock.ended)} />}
      {past.length > 0 && (
        <details>
          <summary>
            {late > 0
              ? T(`走完的环节 ${past.length} 个，其中超期 ${late} 个`, `${N(past.length, '', 'stage', 'stages')} done, ${late} of them late`)
              : T(`走完的环节 ${past.length} 个，都按时`, `${N(past.length, '', 'stage', 'stages')} done, in time`)}
          </summary>
          <ClockLines of={past} />
        </details>
      )}
    </>
  );
}
