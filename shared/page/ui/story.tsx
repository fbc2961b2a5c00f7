// The history of a record as a story: what happened, who did it, when, and whether it took effect.
// What exactly was changed unfolds. The console tells it the same way.
import type { ComponentChildren } from 'preact';
import { said, type Kind } from '@page/domain';
import { N, T } from '@page/text';
import { whenOf, whoOf, type Change, type Told } from '@page/entity';
import { fieldLabel, valueText } from '@page/value';
import { Icon, type IconName } from '@page/ui/icon';
import { Chip } from '@page/ui/parts';
import { DeliveryChip } from '@page/ui/states';

/** Kept for the program; nobody reads them. */
const MACHINE = new Set(['salt', 'serial', 'source', 'decided', 'segment']);

const joined = (parts: string[]): string => parts.join(T('，', ', '));

function happened(of: Told, kind: Kind | undefined, first: boolean): [IconName, string] {
  const set = (name: string): Change | undefined => of.changes.find((change) => change.field === name);
  const added = (name: string): Change[] => of.changes.filter((change) => change.field === name && change.how === 'add');
  const parts: string[] = [];
  let icon: IconName = first ? 'plus' : 'draft';
  const photos = added('photo').length;
  const changed = of.changes.filter(({ field, how }) => how === 'set' && !MACHINE.has(String(field)) && field !== 'withdrawn');
  const names = (list: Change[]): string => list.map(({ field }) => fieldLabel(kind, field)).join(T('、', ', '));

  if (first) parts.push(T('记录了这件事', 'recorded it'));
  if (of.move !== undefined) {
    icon = 'forward';
    parts.push(T(`办理：${said('moves', String(of.move))}`, said('moves', String(of.move))));
  }
  const decided = set('decided');
  if (decided) {
    icon = 'fork';
    parts.push(changed.length > 0 ? T(`决定了冲突：${names(changed)}`, `decided the conflict: ${names(changed)}`) : T('决定了冲突', 'decided the conflict'));
  } else if (!first && of.move === undefined && changed.length > 0) {
    parts.push(T(`更改了${names(changed)}`, `changed ${names(changed)}`));
  }
  const withdrawn = set('withdrawn');
  if (withdrawn) {
    icon = withdrawn.value === true ? 'close' : 'undo';
    parts.push(withdrawn.value === true ? T('撤回', 'withdrew it') : T('不撤回', 'let it stand'));
  }
  if (added('note').length > 0) {
    icon = parts.length > 0 ? icon : 'note';
    parts.push(T('写了备注', 'wrote a note'));
  }
  if (photos > 0) {
    icon = parts.length > 0 ? icon : 'photo';
    parts.push(N(photos, ' 张照片', 'photo', 'photos'));
  }
  if (added('same_as').length > 0) {
    icon = 'link';
    parts.push(T('与另一件关联为同一件', 'linked it with another'));
  }
  if (of.changes.some(({ field, how }) => field === 'same_as' && how === 'remove')) {
    icon = 'link';
    parts.push(T('取消了关联', 'unlinked it'));
  }
  if (parts.length === 0) parts.push(of.changes.length > 0 ? T(`更改了${names(of.changes)}`, `changed ${names(of.changes)}`) : T('一条记录', 'a record'));
  return [icon, joined(parts)];
}

/** Why a record does not count, or not yet, in plain words. */
function effectText(of: Told): string {
  switch (of.effect) {
    case 'full':
      return '';
    case 'overtaken':
      return T('晚了一步：别人先办了一步，状态已变，所以这一步没有生效。', 'Overtaken: somebody else was first and the status had changed, so this step had no effect.');
    case 'pending':
      return T('还缺它前面的记录；前面的到了就生效。', 'Records before it have not come yet; it takes effect when they do.');
    case 'no-right':
      return T('没有生效：此人当时没有这个权限。', 'No effect: this person had no right to it then.');
    case 'redacted':
      return T('内容已依法抹除；当时有过这条记录，仍可核验。', 'Its content was erased as the law asks; that there was a record can still be verified.');
    case 'lacking':
      return T('没有生效：还缺必需的内容。', 'No effect: something that is needed was missing.');
    default:
      return T('没有生效：记录本身有误。', 'No effect: the record itself is wrong.');
  }
}

function ChangeLine({ of, kind }: { of: Change; kind: Kind | undefined }) {
  const field = kind?.fields.find((one) => one.name === of.field);
  const gone = of.how === 'remove';
  return (
    <>
      <dt>
        {fieldLabel(kind, of.field)}
        {of.how === 'add' && T('（加）', ' (added)')}
        {gone && T('（去掉）', ' (taken out)')}
      </dt>
      <dd class="story-value" dir="auto">
        {gone ? '' : valueText(field, of.value, of.name)}
      </dd>
    </>
  );
}

function Happening(props: { of: Told; kind: Kind | undefined; first: boolean; tools?: ComponentChildren }) {
  const { of, kind, first } = props;
  const [icon, text] = happened(of, kind, first);
  const effect = effectText(of);
  const shown = of.changes.filter(({ field }) => !MACHINE.has(String(field)));
  const why = shown.find(({ field }) => field === 'why');
  const note = shown.find(({ field, how }) => field === 'note' && how === 'add');
  // What the sentence has told in full need not unfold.
  const rule = shown.find(({ field }) => field === 'rule');
  const rest = shown.filter((change) => change !== why && change !== note && change !== rule && change.field !== 'photo');
  return (
    <li class={effect ? 'story-step story-void' : 'story-step'} id={`record-${of.hash.slice(0, 12)}`}>
      <span class="story-mark">
        <Icon name={effect ? 'close' : icon} />
      </span>
      <div class="story-words">
        <p>
          <strong>{whoOf(of)}</strong> {text}
        </p>
        {note && (
          <p class="story-quote" dir="auto">
            {valueText(undefined, note.value)}
          </p>
        )}
        {rule && (
          <p class="story-quote" dir="auto">
            {T('依据：', 'By: ')}
            {valueText(kind?.fields.find((one) => one.name === 'rule'), rule.value, rule.name)}
          </p>
        )}
        {why && (
          <p class="story-quote" dir="auto">
            {T('理由：', 'Why: ')}
            {valueText(undefined, why.value)}
          </p>
        )}
        <p class="quiet">{whenOf(of)}</p>
        {effect && (
          <p class="story-effect">
            <Icon name="info" />
            <span>
              {effect}
              {of.reason && ` ${T('原因：', 'Reason: ')}${of.reason}`}
            </span>
          </p>
        )}
        <span class="chips">
          {of.delivery && of.delivery !== 'received' && <DeliveryChip of={of.delivery} />}
          {of.labels.includes('conflict') && (
            <Chip tone="warn" icon="fork">
              {T('与别人同时改，值不同', 'at odds with another who did not see it')}
            </Chip>
          )}
          {of.labels.includes('parallel') && !of.labels.includes('conflict') && (
            <Chip tone="quiet" icon="fork">
              {T('与别人同时', 'at the same time as another')}
            </Chip>
          )}
          {of.kept_apart && (
            <Chip tone="warn" icon="fork">
              {T('这台设备的数据被复制或恢复过；两侧都算数，由中心认定', 'the device was copied or put back; both sides count, the centre finds out')}
            </Chip>
          )}
        </span>
        {rest.length > 0 && (
          <details class="story-changes">
            <summary>{T('看改动', 'What was changed')}</summary>
            <dl class="facts">
              {of.from !== undefined && (
                <>
                  <dt>{T('当时状态', 'status then')}</dt>
                  <dd>{said('statuses', String(of.from))}</dd>
                </>
              )}
              {rest.map((change, at) => (
                <ChangeLine key={at} of={change} kind={kind} />
              ))}
            </dl>
          </details>
        )}
        {props.tools}
      </div>
    </li>
  );
}

export function Story(props: { of: Told[]; kind: Kind | undefined; id: string; tools?: (of: Told) => ComponentChildren }) {
  return (
    <ol class="story">
      {props.of.map((one) => (
        <Happening key={one.hash} of={one} kind={props.kind} first={one.hash.startsWith(props.id)} tools={props.tools?.(one)} />
      ))}
    </ol>
  );
}
