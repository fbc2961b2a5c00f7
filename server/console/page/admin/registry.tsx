// What the registrar signed, note by note; and, where her key is on another machine, what waits for it.
import { useRef } from 'preact/hooks';
import { feed } from '@page/api';
import { refresh, useCall } from '@page/store';
import { useTask } from '@page/task';
import { T } from '@page/text';
import { Section, tell, Trouble } from '@page/ui/parts';
import { Download } from '../parts/download';
import { Fetched } from '../parts/fetch';
import { Table } from '../parts/table';

interface Note {
  number: number;
  position: number | null;
  says: string[];
  waits?: boolean;
}

function Accept() {
  const { busy, trouble, run } = useTask();
  const input = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const ok = await run(() => feed({ run: 'registry accept', words: ['-'] }, file));
    if (input.current) input.current.value = '';
    if (!ok) return;
    refresh();
    tell({ text: T('签好的已收下，现在有效', 'The signed note is taken, and in effect') });
  };
  return (
    <>
      <label class="button">
        <span>{T('收下签好的文件', 'Take the signed file')}</span>
        <input ref={input} type="file" class="hidden-words" disabled={busy} onChange={(event) => void take(event.currentTarget.files?.[0])} />
      </label>
      <Trouble of={trouble} />
    </>
  );
}

export function Registry() {
  const told = useCall<Note>({ run: 'registry list' });
  return (
    <Fetched of={told}>
      {(lines) => {
        const waiting = lines.filter((note) => note.waits || note.position === null);
        const signed = lines.filter((note) => !waiting.includes(note));
        return (
          <>
            {waiting.length > 0 && (
              <Section title={T('等登记员签名的', 'Waiting for the registrar')}>
                <ul>
                  {waiting.flatMap((note) => note.says).map((says) => (
                    <li key={says}>{says}</li>
                  ))}
                </ul>
                <div class="buttons">
                  <Download of={{ run: 'registry request', words: ['-'] }} name="registry.request">
                    {T('取出请求文件', 'Take out the request')}
                  </Download>
                  <Accept />
                </div>
                <p class="quiet">{T('把请求文件带到登记员的机器上签名，再把签好的带回来收下。', 'Carry the request to the registrar’s machine, have it signed, and bring the signed file back.')}</p>
              </Section>
            )}
            <Section title={T('已签名的', 'Signed')}>
              <Table
                caption={T('登记', 'Registry')}
                rows={[...signed].reverse()}
                keyOf={(row) => String(row.number)}
                columns={[
                  { head: T('号', 'No.'), numeric: true, cell: (row) => row.number },
                  { head: T('日志条目', 'Log entry'), numeric: true, cell: (row) => row.position?.toLocaleString() ?? '' },
                  { head: T('写了什么', 'Says'), cell: (row) => row.says.map((says) => <p key={says}>{says}</p>) },
                ]}
              />
            </Section>
          </>
        );
      }}
    </Fetched>
  );
}
