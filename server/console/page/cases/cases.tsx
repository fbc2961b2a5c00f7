// All cases: whatever is looked for, open and settled; the ledger of them to print or to take along.
import { said } from '@page/domain';
import { numberOf } from '@page/entity';
import { fileName, saveFile } from '@page/save';
import { address } from '@page/route';
import { useTask } from '@page/task';
import { N, T } from '@page/text';
import { Button, LinkButton, Page, Trouble } from '@page/ui/parts';
import { titleOf } from '@page/value';
import { everyRow } from '../print/ledger';
import type { PageProps } from '../routes';
import { useKeys } from '../shell/keys';
import { FilterBar } from './filters';
import { CaseList, listKeys, useDesk } from './list';
import { Address, flagsOf, type Query } from './query';
import type { DeskRow } from './row';
import './desk.css';

const CASES = new Address(['cases']);

/** What `#/print/ledger` reads again: the filters as the command takes them. */
function ledgerAddress(query: Query): string {
  const kept: Record<string, string> = { by: query.by };
  for (const [name, value] of Object.entries(flagsOf(query))) kept[name] = value === true ? '1' : value;
  return address(['print', 'ledger'], kept);
}

/** What a table of a spreadsheet may hold at most, kept well below. */
const EXPORT_MOST = 20000;

/** A cell as text: what a spreadsheet would take for a formula is not one. */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
}

function csvOf(rows: readonly DeskRow[]): Blob {
  const head = [T('编号', 'Number'), T('事项', 'Matter'), T('区域', 'Area'), T('上报时间', 'Reported'), T('承办单位', 'With'), T('状态', 'Status'), T('时限', 'Deadline')];
  const lines = rows.map((row) => [
    numberOf(row),
    titleOf(row),
    row.unit_name ?? '',
    typeof row.created === 'string' ? row.created : (row.created?.wall ?? ''),
    row.holder_name ?? '',
    row.withdrawn ? T('已撤回', 'withdrawn') : said('statuses', row.status),
    row.clock?.text ?? '',
  ]);
  const text = [head, ...lines].map((line) => line.map(cell).join(',')).join('\r\n');
  return new Blob([`\ufeff${text}\r\n`], { type: 'text/csv' });
}

function Export({ query }: { query: Query }) {
  const { busy, trouble, run } = useTask();
  const get = (): Promise<boolean> =>
    run(async () => saveFile(csvOf(await everyRow({ ...flagsOf(query), by: query.by }, EXPORT_MOST, new AbortController().signal)), fileName('ledger', 'cases', 'csv')));
  return (
    <>
      <Button icon="down" look="quiet" busy={busy} onClick={() => void get()}>
        CSV
      </Button>
      <Trouble of={trouble} />
    </>
  );
}

export function Cases({ query: from }: PageProps) {
  const query = CASES.read(from);
  const desk = useDesk(query, CASES);
  useKeys(listKeys(desk));
  return (
    <Page
      title={T('案件', 'Cases')}
      root
      class="desk-page"
      tools={
        <div class="page-tools">
          <span class="quiet" role="status">
            {desk.rows.count === null ? '' : N(desk.rows.count, ' 件', 'case', 'cases')}
          </span>
          <LinkButton look="quiet" icon="list" href={ledgerAddress(query)}>
            {T('打印台账', 'Print the ledger')}
          </LinkButton>
          <Export query={query} />
        </div>
      }
    >
      <FilterBar query={query} address={CASES} states />
      <CaseList desk={desk} query={query} address={CASES} />
    </Page>
  );
}
