// 台账: what was looked for, a line each, numbered, with who has it and how it stands.
import { useEffect, useState } from 'preact/hooks';
import { call, failureOf, known, type Failure } from '@page/api';
import { said } from '@page/domain';
import { numberOf } from '@page/entity';
import { dated, N, T, when } from '@page/text';
import { Busy, Trouble } from '@page/ui/parts';
import { titleOf } from '@page/value';
import { unitNamed, type DeskRow } from '../cases/row';
import { operator } from '../shell/session';
import { Paper } from './print';

/** What was searched for, which may be a name, is in no address: addresses stay in the browser. */
let searched = '';
export const searchFor = (text: string): void => void (searched = text);
known.watch(() => void (known.value || searchFor('')));

const MOST = 2000;
const PAGE = 500;

interface Listed {
  rows: DeskRow[];
  behind: number;
}

type LedgerFlags = Record<string, string | true>;

function flagsFrom(query: URLSearchParams): LedgerFlags {
  const flags: LedgerFlags = {};
  for (const [name, value] of query)
    if (name === 'searched') flags.text = searched;
    else flags[name] = value === '1' && ['case', 'open', 'settled', 'conflict', 'alone'].includes(name) ? true : value;
  return flags;
}

/** While the board lags what is printed is short of something: it is asked again. */
const CATCH_UP_MS = 3000;

/** All rows that fit, up to `most`; and how many the board lacked of them. */
async function everyRow(flags: LedgerFlags, most: number, ended: AbortSignal): Promise<Listed> {
  const rows: DeskRow[] = [];
  let behind = 0;
  while (rows.length < most) {
    const end = rows[rows.length - 1];
    const last = end?.after ?? end?.id;
    const answer = await call<DeskRow>({ run: 'list', flags: { ...flags, limit: String(PAGE), ...(last ? { after: last } : {}) } }, ended);
    rows.push(...answer.lines);
    behind = Math.max(behind, answer.behind ?? 0);
    if (answer.lines.length < PAGE) break;
  }
  return { rows, behind };
}

const created = (row: DeskRow): string => (typeof row.created === 'string' ? row.created : (row.created?.wall ?? ''));

export function Ledger({ query }: { query: URLSearchParams }) {
  const [listed, setListed] = useState<Listed>();
  const [failure, setFailure] = useState<Failure>();
  const key = query.toString();
  const forgotten = query.has('searched') && !searched;
  useEffect(() => {
    if (forgotten) return undefined;
    const ended = new AbortController();
    let timer = 0;
    const list = async (): Promise<void> => {
      try {
        const found = await everyRow(flagsFrom(query), MOST, ended.signal);
        setListed(found);
        if (found.behind && !ended.signal.aborted) timer = window.setTimeout(() => void list(), CATCH_UP_MS);
      } catch (cause) {
        if (!ended.signal.aborted) setFailure(failureOf(cause));
      }
    };
    void list();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [key]);
  const rows = listed?.rows;
  return (
    <Paper title={T('台账', 'Ledger')} wide ready={rows !== undefined}>
      <Trouble of={failure} />
      {forgotten && <p>{T('搜索的词不留在地址里：请回到列表，再点“打印台账”。', 'What was searched for is kept in no address: go back to the list and print the ledger from there.')}</p>}
      {!rows && !failure && !forgotten && <Busy />}
      {rows && (
        <>
          <header class="paper-head">
            <p class="paper-office">{unitNamed(operator.value?.unit)}</p>
            <h2>{T('案件台账', 'Ledger of cases')}</h2>
            <p class="paper-number">
              <span>{N(rows.length, ' 件', 'case', 'cases')}</span>
              <span>{T(`打印：${dated(Date.now())}`, `printed ${dated(Date.now())}`)}</span>
            </p>
          </header>
          {!!listed?.behind && <p role="status">{T(`还差 ${listed.behind} 件没算进来，正在补。`, `${listed.behind} more are not counted in yet; following.`)}</p>}
          {rows.length >= MOST && <p>{T(`只列出前 ${MOST} 件，请缩小范围或导出。`, `The first ${MOST} only: narrow it, or export.`)}</p>}
          <table class="paper-table paper-ledger">
            <thead>
              <tr>
                <th scope="col">{T('序号', 'No.')}</th>
                <th scope="col">{T('编号', 'Number')}</th>
                <th scope="col">{T('事项', 'Matter')}</th>
                <th scope="col">{T('区域', 'Area')}</th>
                <th scope="col">{T('上报时间', 'Reported')}</th>
                <th scope="col">{T('承办单位', 'With')}</th>
                <th scope="col">{T('状态', 'Status')}</th>
                <th scope="col">{T('时限', 'Deadline')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, at) => (
                <tr key={row.id}>
                  <td>{at + 1}</td>
                  <td class="paper-whole">{numberOf(row)}</td>
                  <td>{titleOf(row)}</td>
                  <td>{row.unit_name ?? unitNamed(row.unit)}</td>
                  <td>{when(created(row))}</td>
                  <td>{row.holder_name ?? unitNamed(row.holder)}</td>
                  <td>{row.withdrawn ? T('已撤回', 'withdrawn') : said('statuses', row.status)}</td>
                  <td>{row.clock?.text ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <footer class="paper-sign">
            <span>{T('制表：', 'Made by: ')}</span>
            <span>{T('审核：', 'Checked by: ')}</span>
            <span>{T('日期：', 'Date: ')}</span>
          </footer>
        </>
      )}
    </Paper>
  );
}
