// 一日一研判: what one day brought, on one sheet; to be read together, printed, or kept as a table.
import { said } from '@page/domain';
import { address, shift } from '@page/route';
import type { Json, Row } from '@page/api';
import { useCall } from '@page/store';
import { T, weekday, when } from '@page/text';
import { Button, Page } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { Download } from '../parts/download';
import { Fetched } from '../parts/fetch';
import { chinaDay } from '../parts/span';
import './review.css';

const rows = (value: Json | undefined): Row[] => (Array.isArray(value) ? (value as Row[]) : []);
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');

/** One section of the sheet: how many, and which. `each`: what is counted, where it is no case. */
function Lines({ title, each, of, more }: { title: string; each?: string; of: Row[]; more?: (row: Row) => string }) {
  return (
    <section class="review-part">
      <h2>
        {title}
        <span class="quiet"> {T(`${of.length} ${each ?? '件'}`, String(of.length))}</span>
      </h2>
      {of.length > 0 && (
        <ol class="review-lines">
          {of.map((row, at) => (
            <li key={`${text(row.id)}${at}`}>
              {row.id ? <a href={address(['case', text(row.id)])}>{text(row.title) || text(row.number)}</a> : text(row.title) || text(row.name)}
              <span class="quiet">
                {' '}
                {[text(row.number), text(row.status) && said('statuses', text(row.status)), text(row.holder_name), more?.(row)].filter(Boolean).join(' · ')}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** As of when each part is: what is open is so when the day ended. */
function AsOf({ sheet }: { sheet: Row }) {
  const past = sheet.open_at !== sheet.time;
  return (
    <p class="quiet">
      {past && T('超期和待决定的冲突，是当日 24 时的，状态和承办单位也是那时的；', 'What is overdue and to be decided, its status and who has it are those of the end of that day; ')}
      {past ? T('其余', 'the rest ') : ''}
      {T(`截至 ${when(text(sheet.time))}。`, `${past ? 'is as of' : 'As of'} ${when(text(sheet.time))}.`)}
      {sheet.conflicts_whole === false && T('冲突不含此后已经决定的。', ' Of the conflicts those decided since are not listed.')}
      {sheet.whose === 'hands' && T('按在手和经手过的案件算。', ' Of the cases that are or were in this department’s hands.')}
    </p>
  );
}

const PARTS: readonly { key: string; title(): string; each?: string; more?: (row: Row) => string }[] = [
  { key: 'received', title: () => T('收到', 'Received') },
  { key: 'filed', title: () => T('立案', 'Filed') },
  { key: 'closed', title: () => T('办结', 'Closed') },
  { key: 'overdue', title: () => T('超期未了', 'Overdue'), more: (row) => text(row.text) },
  { key: 'reminders', title: () => T('催办', 'Reminders'), each: '次', more: (row) => text(row.time) && when(text(row.time)) },
  { key: 'climbs', title: () => T('提级', 'Climbs'), each: '次', more: (row) => text(row.level) },
  { key: 'returned', title: () => T('退单', 'Returned'), more: (row) => text(row.why) },
  { key: 'whistles', title: () => T('吹哨', 'Whistles'), each: '次', more: (row) => text(row.text) },
  { key: 'conflicts', title: () => T('待决定的冲突', 'Conflicts to decide') },
  { key: 'patrols', title: () => T('巡查', 'Patrols'), each: '次', more: (row) => text(row.text) },
];

export function Review({ query }: PageProps) {
  const day = query.get('date') ?? chinaDay();
  const told = useCall({ run: 'review', words: [day], flags: { format: 'json' } });
  return (
    <Page
      title={T(`每日研判 ${day} ${weekday(day)}`, `The day’s review, ${weekday(day)} ${day}`)}
      class="review"
      tools={
        <span class="buttons review-tools">
          <Button icon="print" onClick={() => print()}>
            {T('打印', 'Print')}
          </Button>
          <Download of={{ run: 'review', words: [day], flags: { format: 'xlsx' } }} name={`review-${day}.xlsx`}>
            XLSX
          </Download>
        </span>
      }
    >
      <div class="controls review-tools">
        <div class="field">
          <label for="day">{T('哪一天', 'Which day')}</label>
          <input id="day" type="date" max={chinaDay()} value={day} onChange={(event) => event.currentTarget.value && shift(['review'], { date: event.currentTarget.value })} />
        </div>
      </div>
      <Fetched of={told}>
        {([sheet]) =>
          sheet && (
            <>
              <AsOf sheet={sheet} />
              {PARTS.filter((part) => sheet[part.key] !== undefined).map(({ key, title, ...part }) => (
                <Lines key={key} title={title()} of={rows(sheet[key])} {...part} />
              ))}
            </>
          )
        }
      </Fetched>
    </Page>
  );
}
