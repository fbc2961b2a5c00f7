// What waits for me by when: visits of the three lists, tasks, stages of cases.
import { useCall } from '@page/store';
import { fieldNamed, kindNamed } from '@page/domain';
import { label, T } from '@page/text';
import { shift } from '@page/route';
import { Empty, Page, Section, Trouble } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { DueRow, type DueItem } from './row';
import './due.css';

const SPANS = [
  { days: '0', zh: '今天', en: 'today' },
  { days: '7', zh: '7 天内', en: '7 days' },
  { days: '30', zh: '30 天内', en: '30 days' },
];

interface Subject {
  id: string;
  fields: { list?: string };
}

/** 重点人, 重点场所, 重点事, 任务, 案件: each under its heading, in the order of pressure. */
function grouped(items: DueItem[], listOf: Map<string, string>): { key: string; items: DueItem[] }[] {
  const groups = new Map<string, DueItem[]>();
  for (const item of items) {
    const key = item.what === 'visit' ? (listOf.get(item.id) ?? 'visit') : item.what;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups].map(([key, members]) => ({ key, items: members }));
}

function groupName(key: string): string {
  if (key === 'task') return T('任务', 'Tasks');
  if (key === 'stage') return T('案件', 'Cases');
  const choice = fieldNamed(kindNamed('subject'), 'list')?.choices?.find((one) => one.name === key);
  const list = label(choice, T('走访', 'Visits'));
  return choice ? T(`走访：${list}`, `Visits: ${list}`) : list;
}

export function Due({ query }: PageProps) {
  const days = query.get('days') ?? '0';
  const due = useCall<DueItem>({ run: 'due', flags: { days } });
  const subjects = useCall<Subject>({ run: 'list', words: ['subject'] });
  const listOf = new Map(subjects.lines?.map((one) => [one.id, one.fields.list ?? 'visit']));
  return (
    <Page title={T('到期', 'Due')}>
      <fieldset class="field">
        <legend class="hidden-words">{T('看到什么时候', 'Until when')}</legend>
        <div class="choices">
          {SPANS.map((span) => (
            <label key={span.days} class="choice">
              <input type="radio" name="days" checked={span.days === days} onChange={() => shift(['due'], { days: span.days })} />
              {label(span)}
            </label>
          ))}
        </div>
      </fieldset>
      <Trouble of={due.failure} again={due.again} />
      {due.lines?.length === 0 && (
        <Empty icon="check">{T('这段时间没有到期的走访、任务和案件。', 'No visit, task or case is due in this time.')}</Empty>
      )}
      {grouped(due.lines ?? [], listOf).map((group) => (
        <Section key={group.key} title={`${groupName(group.key)} · ${group.items.length}`}>
          <ul class="due-list">
            {group.items.map((item) => (
              <DueRow key={item.what + item.id} of={item} />
            ))}
          </ul>
        </Section>
      ))}
    </Page>
  );
}
