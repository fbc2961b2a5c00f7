// The ledger of what is listed (台账): to print, or as a sheet that the server writes.
import { data } from '@page/api';
import { address } from '@page/route';
import { fileName, saveFile } from '@page/save';
import { useTask } from '@page/task';
import { T } from '@page/text';
import { Button, LinkButton, Trouble } from '@page/ui/parts';
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
  const { busy, trouble, run } = useTask();
  const get = (format: string): Promise<boolean> =>
    run(async () => saveFile(await data({ run: 'list', flags: { ...flagsOf(query), by: query.by, format } }), fileName('ledger', name, format)));
  return (
    <>
      <LinkButton look="quiet" icon="list" href={printAddress(query)} onClick={() => searchFor(query.text.trim())}>
        {T('打印台账', 'Print the ledger')}
      </LinkButton>
      {['xlsx', 'csv'].map((format) => (
        <Button key={format} icon="download" look="quiet" busy={busy} title={T('把列出的存为表格', 'what is listed, as a sheet')} onClick={() => void get(format)}>
          {format === 'xlsx' ? 'Excel' : 'CSV'}
        </Button>
      ))}
      <Trouble of={trouble} />
    </>
  );
}
