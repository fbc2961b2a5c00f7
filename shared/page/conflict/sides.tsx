// The sides of a conflict as versions: what each says, who said it and when, and what its author
// had before them.
import type { Json } from '@page/api';
import { kindNamed, said, type Kind } from '@page/domain';
import { T } from '@page/text';
import { whenOf, whoOf, type Change, type Conflict, type Shown, type Side, type Told } from '@page/entity';
import { fieldLabel, valueText } from '@page/value';
import { Thumb } from '@page/ui/photo';
import type { Version } from '@page/ui/versions';

/** Not a side, but a way to decide. */
export const DISMISS = 'dismiss';
export const OTHER = 'other';

const QUIET = new Set(['salt', 'serial', 'source', 'decided', 'why']);

export const ROWS = (): [string, string][] => [
  ['says', T('内容', 'Says')],
  ['who', T('谁', 'Who')],
  ['when', T('时间', 'When')],
  ['base', T('当时看到的', 'Had before them')],
  ['why', T('理由', 'Reason')],
  ['photos', T('照片', 'Photos')],
];

/** All that the author of a record had seen. */
function before(hash: string, history: Map<string, Told>): Set<string> {
  const seen = new Set<string>();
  const walk = [...(history.get(hash)?.after ?? [])];
  for (let one = walk.pop(); one !== undefined; one = walk.pop()) {
    if (seen.has(one)) continue;
    seen.add(one);
    walk.push(...(history.get(one)?.after ?? []));
  }
  return seen;
}

function setting(of: Told, field: string): Change | undefined {
  return of.changes.find((change) => change.field === field && change.how === 'set');
}

/** What the field held for its author: the newest that they had seen. */
function baseText(side: Side, field: string, kind: Kind | undefined, told: Told[], history: Map<string, Told>): string {
  const seen = before(side.hash, history);
  const last = told.filter((one) => seen.has(one.hash) && one.effect === 'full' && setting(one, field)).pop();
  if (!last) return T('还没有值', 'no value yet');
  const change = setting(last, field)!;
  const text = valueText(kind?.fields.find((one) => one.name === field), change.value, change.name);
  return T(`“${text}”（${whoOf(last)}，${whenOf(last)}）`, `"${text}" (${whoOf(last)}, ${whenOf(last)})`);
}

function whyOf(hash: string, history: Map<string, Told>): string {
  const why = history.get(hash)?.changes.find((change) => change.field === 'why');
  return why ? valueText(undefined, why.value) : '';
}

function changesText(of: Told | undefined, kind: Kind | undefined): string {
  const changes = of?.changes.filter(({ field }) => !QUIET.has(String(field))) ?? [];
  return changes
    .map((change) => {
      const field = kind?.fields.find((one) => one.name === change.field);
      return `${fieldLabel(kind, change.field)}${T('：', ': ')}${valueText(field, change.value, change.name)}`;
    })
    .join(T('；', '; '));
}

function version(of: Side, says: string, rest: { title: string; shown: boolean; key: string; base: string; why: string }): Version {
  const texts: Record<string, string> = {
    says,
    who: whoOf(of),
    when: whenOf(of),
    base: rest.base,
    why: rest.why,
    photos: of.photos.join(' '),
  };
  const cells: Version['cells'] = { ...texts, says: <strong class="version-says">{says}</strong> };
  cells.photos = of.photos.length > 0 ? <span class="version-photos">{of.photos.map((sha256) => <Thumb key={sha256} sha256={sha256} alt={T('照片', 'photo')} />)}</span> : '';
  return { key: rest.key, title: rest.title, shown: rest.shown, texts, cells };
}

const letter = (at: number): string => String.fromCharCode(0x41 + (at % 26));

/** The move that came first, where one came too late. */
function overtaker(of: Conflict, told: Told[], history: Map<string, Told>): Told | undefined {
  const late = of.sides[0];
  if (!late) return undefined;
  const seen = before(late.hash, history);
  return told.filter((one) => one.move !== undefined && one.effect === 'full' && !seen.has(one.hash) && !before(one.hash, history).has(late.hash)).pop();
}

export function versionsOf(of: Conflict, shown: Shown, told: Told[]): Version[] {
  const kind = kindNamed(shown.kind);
  const history = new Map(told.map((one) => [one.hash, one]));
  const title = (at: number): string => T(`版本 ${letter(at)}`, `Version ${letter(at)}`);
  if (of.reason === 'overtaken') {
    const first = overtaker(of, told, history);
    const late = of.sides[0]!;
    const now = said('statuses', shown.status);
    const kept: Side = first ? { ...first, photos: [] } : { hash: DISMISS, author: '', photos: [] };
    const status = (one: Told | undefined): string => (one?.from === undefined ? '' : said('statuses', String(one.from)));
    return [
      version(kept, first ? T(`${said('moves', String(first.move))} → ${now}`, `${said('moves', String(first.move))} → ${now}`) : now, {
        key: DISMISS,
        title: T('保持现状', 'Keep it as it is'),
        shown: true,
        base: status(first),
        why: first ? whyOf(first.hash, history) : '',
      }),
      version(late, said('moves', String(late.move)), {
        key: late.hash,
        title: T('改为生效', 'Let this one count'),
        shown: false,
        base: status(history.get(late.hash)),
        why: whyOf(late.hash, history),
      }),
    ];
  }
  if (of.reason === 'withdraw-edit')
    return of.sides.map((side, at) =>
      version(side, side.withdraws ? T('撤回', 'withdraws it') : changesText(history.get(side.hash), kind) || T('修改', 'edits it'), {
        key: side.hash,
        title: side.withdraws ? T('撤回', 'Withdraw') : T('不撤回', 'Let it stand'),
        shown: !side.withdraws && at === of.sides.findIndex((one) => !one.withdraws),
        base: '',
        why: whyOf(side.hash, history),
      }),
    );
  const field = kind?.fields.find((one) => one.name === of.field);
  return of.sides.map((side, at) =>
    version(side, valueText(field, side.value, side.name), {
      key: side.hash,
      title: title(at),
      shown: at === 0,
      base: baseText(side, of.field, kind, told, history),
      why: whyOf(side.hash, history),
    }),
  );
}

/** What was decided once, to be decided otherwise: every value that the field had is a side. */
export function reopened(field: string, shown: Shown, told: Told[]): Conflict | undefined {
  const sides: Side[] = [];
  const values = new Set<string>();
  for (const one of [...told].reverse()) {
    const change = one.effect === 'full' ? setting(one, field) : undefined;
    const key = JSON.stringify(change?.value);
    if (!change || values.has(key)) continue;
    values.add(key);
    sides.push({
      ...one,
      value: change.value as Json,
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(field === 'withdrawn' ? { withdraws: change.value === true } : {}),
      photos: [],
    });
  }
  if (sides.length === 0) return undefined;
  return {
    id: shown.id,
    number: shown.number,
    reason: 'again',
    field,
    shown: sides[0]!.value ?? null,
    shown_because: 'decided',
    sides,
  };
}

/** The record that decided a field last. */
export function decisionOf(field: string, told: Told[]): Told | undefined {
  return told.filter((one) => one.labels.includes('resolves') && (field === 'status' ? one.move !== undefined || true : setting(one, field))).pop();
}

export function reasonText(of: Conflict): string {
  switch (of.reason) {
    case 'field':
      return T('两边填的不一样，填的时候互相没看到。', 'They filled in different values, and had not seen each other.');
    case 'withdraw-edit':
      return T('一方撤回，一方同时还在修改。', 'One withdrew it while another was changing it.');
    case 'overtaken':
      return T('晚了一步：别人先办了，状态已变，所以后办的没有生效。', 'Overtaken: somebody else was first, the status had changed, so the later step had no effect.');
    case 'again':
      return T('已经决定过；可以另作决定，作为新的一条记录。', 'It was decided; you can decide otherwise, as a new record.');
    default:
      return T('还有记录没有收全，先同步。', 'Some records have not come yet: sync first.');
  }
}

export function becauseText(of: Conflict): string {
  switch (of.shown_because) {
    case 'role':
      return T('在决定之前，暂时显示级别高的一方。', 'Until it is decided, what the higher role said is shown.');
    case 'hash':
      return T('在决定之前，暂时显示其中一方（级别相同，按记录码取，没有对错）。', 'Until it is decided, one of them is shown (roles are equal; it says nothing about who is right).');
    case 'not-withdrawn':
      return T('在决定之前，按未撤回处理。', 'Until it is decided, it counts as not withdrawn.');
    case 'status-kept':
      return T('在决定之前，状态不变。', 'Until it is decided, the status stays.');
    default:
      return '';
  }
}
