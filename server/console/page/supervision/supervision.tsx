// What is late, and who has had it for how long (滞留环节): by holder, by level, by stage.
import { said, theDomain } from '@page/domain';
import { address } from '@page/route';
import { useCall } from '@page/store';
import { label, T } from '@page/text';
import { Empty, LinkButton, Page } from '@page/ui/parts';
import { DeadlineChip } from '@page/ui/states';
import type { Listed } from '@page/entity';
import { titleOf } from '@page/value';
import { NONE } from '../cases/query';
import type { PageProps } from '../routes';
import { Fetched } from '../parts/fetch';
import { spanText } from '../parts/span';
import { Table } from '../parts/table';
import { Tabs } from '../parts/tabs';

interface Dwell {
  key: string | null;
  name: string | null;
  level: string | null;
  open: number;
  red: number;
  yellow: number;
  oldest_due: string | null;
  dwell_ms: number;
  dwell_ms_median: number;
}

const BY: readonly { value: string; words(): string }[] = [
  { value: 'holder', words: () => T('按单位', 'by unit') },
  { value: 'level', words: () => T('按层级', 'by level') },
  { value: 'stage', words: () => T('按环节', 'by stage') },
];

function nameOf(of: Dwell, by: string): string {
  if (by === 'stage') return said('stages', of.key) || (of.key ?? T('不计时', 'no clock runs'));
  if (by === 'level') {
    const level = theDomain().site.levels.find((one) => one.code === of.key);
    return level ? label(level) : (of.name ?? of.key ?? T('没有层级', 'no level'));
  }
  return of.name ?? of.key ?? T('还没有派出', 'with nobody yet');
}

/** The list that a number stands for: exactly those. */
function listOf(of: Dwell, by: string, light?: string): string {
  return address(['cases'], { [by]: of.key ?? NONE, ...(by === 'holder' ? { alone: '1' } : {}), state: 'open', ...(light ? { light } : {}), by: 'due' });
}

const seconds = (ms: number): string => spanText(ms / 1000);

function Dwells({ by }: { by: string }) {
  const told = useCall<Dwell>({ run: 'overdue', flags: { by } });
  const count = (of: Dwell, number: number, light?: string) =>
    number === 0 ? (
      <span>0</span>
    ) : (
      <a href={listOf(of, by, light)} class={light === 'red' ? 'table-late' : undefined}>
        {number}
      </a>
    );
  return (
    <Fetched of={told}>
      {(lines) =>
        lines.length === 0 ? (
          <Empty icon="check">{T('没有在办的案件。', 'No case is open.')}</Empty>
        ) : (
          <Table
            caption={T('在办、超期和滞留', 'Open, overdue and dwelling')}
            rows={lines}
            keyOf={(row) => row.key ?? ''}
            columns={[
              { head: BY.find((one) => one.value === by)!.words(), cell: (row) => nameOf(row, by) },
              { head: T('在办', 'Open'), numeric: true, cell: (row) => count(row, row.open) },
              { head: T('超期', 'Overdue'), numeric: true, cell: (row) => count(row, row.red, 'red') },
              { head: T('将到期', 'Soon due'), numeric: true, cell: (row) => count(row, row.yellow, 'yellow') },
              { head: T('滞留中位', 'Median dwell'), numeric: true, cell: (row) => seconds(row.dwell_ms_median) },
              { head: T('滞留合计', 'Dwell in all'), numeric: true, cell: (row) => seconds(row.dwell_ms) },
            ]}
          />
        )
      }
    </Fetched>
  );
}

/** The ten that are longest overdue: where a leader begins. */
function Worst() {
  const told = useCall<Listed & { holder_name?: string | null }>({ run: 'list', flags: { case: true, open: true, light: 'red', by: 'due', limit: '10' } });
  return (
    <Fetched of={told}>
      {(lines) =>
        lines.length === 0 ? (
          <Empty icon="check">{T('没有超期的。', 'Nothing is overdue.')}</Empty>
        ) : (
          <Table
            caption={T('超期最久的', 'Longest overdue')}
            rows={lines}
            keyOf={(row) => row.id ?? ''}
            columns={[
              { head: T('案件', 'Case'), cell: (row) => <a href={address(['case', row.id ?? ''])}>{titleOf(row)}</a> },
              { head: T('状态', 'Status'), cell: (row) => said('statuses', row.status) },
              { head: T('在谁手里', 'With'), cell: (row) => row.holder_name ?? '' },
              { head: T('时限', 'Deadline'), cell: (row) => <DeadlineChip of={row.clock} /> },
              {
                head: T('督办', 'Supervise'),
                cell: (row) => (
                  <a href={address(['case', row.id ?? '', 'do', 'supervise'])}>{T('督办', 'supervise')}</a>
                ),
              },
            ]}
          />
        )
      }
    </Fetched>
  );
}

export function Supervision({ query }: PageProps) {
  const by = BY.find((one) => one.value === query.get('by'))?.value ?? 'holder';
  return (
    <Page
      title={T('督办', 'Supervision')}
      root
      tools={
        <LinkButton href="#/review" icon="note">
          {T('每日研判表', 'The day’s sheet')}
        </LinkButton>
      }
    >
      <h2>{T('超期最久的', 'Longest overdue')}</h2>
      <Worst />
      <h2>{T('滞留在哪里', 'Where cases dwell')}</h2>
      <Tabs
        label={T('怎么分', 'Divided how')}
        of={BY.map((one) => ({ href: address(['supervision'], { by: one.value }), words: one.words(), here: by === one.value }))}
      />
      <Dwells by={by} />
    </Page>
  );
}
