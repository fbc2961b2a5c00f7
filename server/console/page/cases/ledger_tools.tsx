// The ledger of what is listed (台账): to print, or as a sheet that the server writes.
import { address } from '@page/route';
import { fileName } from '@page/save';
import { T } from '@page/text';
import { LinkButton } from '@page/ui/parts';
import { Download } from '../parts/download';
import { searchFor } from '../print/ledger';
import { flagsOf, type Query } from './query';

/** What `#/print/ledger` reads again: the filters as the command takes them. */
function printAddress(query: Query): string {
  const kept: Record<string, string> = { by: query.by };
  for (const [name, value] of Object.entries(flagsOf(query))) if (name !== 'text') kept[name] = value === true ? '1' : value;
  if (query.text.trim()) kept.searched = '1';
  return address(['print', 'ledger'], kept);
}

export function LedgerTools({ query, name }: { query: Query; name: string }) {
  return (
    <>
      <LinkButton look="quiet" icon="list" href={printAddress(query)} onClick={() => searchFor(query.text.trim())}>
        {T('打印台账', 'Print the ledger')}
      </LinkButton>
      {['xlsx', 'csv'].map((format) => (
        <Download
          key={format}
          of={{ run: 'list', flags: { ...flagsOf(query), by: query.by, format } }}
          name={() => fileName('ledger', name, format)}
          look="quiet"
          title={T('把列出的存为表格', 'what is listed, as a sheet')}
        >
          {format === 'xlsx' ? 'Excel' : 'CSV'}
        </Download>
      ))}
    </>
  );
}
