// What the site is run by: territory, catalogue, calendar and the rest, as editions that are signed
// into the log and go to every device with its next sync.
import { useRef, useState } from 'preact/hooks';
import { feed } from '@page/api';
import { learn } from '@page/domain';
import { refresh, useCall } from '@page/store';
import { useTask } from '@page/task';
import { bytes, T } from '@page/text';
import { Button, Chip, Empty, Section, tell, Trouble } from '@page/ui/parts';
import { Fetched } from '../parts/fetch';
import { Table } from '../parts/table';

interface Edition {
  kind: string;
  edition: string;
  sha256: string;
  bytes: number;
  position: number;
  in_force: boolean;
}

interface Sort {
  run: string;
  kind: string;
  words: string;
  takes: string;
}

const SORTS = (): Sort[] => [
  { run: 'territory import', kind: 'territory', words: T('区划', 'Territory'), takes: 'CSV' },
  { run: 'boundaries import', kind: 'boundaries', words: T('边界', 'Boundaries'), takes: 'GeoJSON' },
  { run: 'catalogue import', kind: 'catalogue', words: T('事项类别和时限', 'Catalogue and limits'), takes: 'CSV' },
  { run: 'duty import', kind: 'duty', words: T('职责清单', 'Duty list'), takes: 'CSV' },
  { run: 'posts import', kind: 'posts', words: T('岗位和 AB 角', 'Posts, A and B'), takes: 'CSV' },
  { run: 'levels import', kind: 'levels', words: T('层级', 'Levels'), takes: 'CSV' },
  { run: 'calendar import', kind: 'calendar', words: T('节假日和调休', 'Holidays'), takes: 'JSON' },
  { run: 'hours import', kind: 'hours', words: T('办公时间', 'Office hours'), takes: 'CSV' },
  { run: 'template import', kind: 'templates', words: T('表单', 'Forms'), takes: 'JSON' },
  { run: 'labels import', kind: 'labels', words: T('本地叫法', 'Local names'), takes: 'CSV' },
];

function Import() {
  const sorts = SORTS();
  const [run, setRun] = useState(sorts[0]!.run);
  const [file, setFile] = useState<File>();
  const [edition, setEdition] = useState('');
  const task = useTask();
  const input = useRef<HTMLInputElement>(null);
  const sort = sorts.find((one) => one.run === run)!;
  const take = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!file) return;
    const name = edition.trim() || file.name.replace(/\.[^.]+$/, '');
    const ok = await task.run(() => feed({ run, words: ['-'], flags: { edition: name } }, file));
    if (!ok) return;
    tell({ text: T(`${sort.words}已导入，版本 ${name}`, `${sort.words}: imported, edition ${name}`) });
    setFile(undefined);
    setEdition('');
    if (input.current) input.current.value = '';
    refresh();
    void learn().catch(() => undefined);
  };
  return (
    <form class="card admin-form" onSubmit={(event) => void take(event)}>
      <div class="controls">
        <div class="field">
          <label for="import-sort">{T('什么资料', 'What')}</label>
          <select id="import-sort" value={run} onChange={(event) => setRun(event.currentTarget.value)}>
            {sorts.map((one) => (
              <option key={one.run} value={one.run}>
                {one.words} ({one.takes})
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="import-file">{T('文件', 'File')}</label>
          <input id="import-file" ref={input} type="file" onChange={(event) => setFile(event.currentTarget.files?.[0])} />
        </div>
        <div class="field">
          <label for="import-edition">{T('版本名（缺省文件名）', 'Edition (else the file’s name)')}</label>
          <input id="import-edition" type="text" autocomplete="off" value={edition} onInput={(event) => setEdition(event.currentTarget.value)} />
        </div>
        <Button type="submit" icon="check" busy={task.busy} disabled={!file}>
          {T('导入', 'Import')}
        </Button>
      </div>
      <p class="quiet">{T('先整份检查，有一行不对就一行也不导入，并指出是哪一行。导入的版本签入日志，旧版本留着。', 'All of it is checked first: one bad line, and nothing is imported; the line is named. An edition is signed into the log, older ones stay.')}</p>
      <Trouble of={task.trouble} />
    </form>
  );
}

export function References() {
  const told = useCall<Edition>({ run: 'reference list' });
  const words = new Map(SORTS().map((sort) => [sort.kind, sort.words]));
  return (
    <>
      <Section title={T('导入', 'Import')}>
        <Import />
      </Section>
      <Section title={T('已导入的', 'Imported')}>
        <Fetched of={told}>
          {(lines) =>
            lines.length === 0 ? (
              <Empty icon="note">{T('还没有资料。先导入区划，再导入事项类别。', 'There is none yet. Begin with the territory, then the catalogue.')}</Empty>
            ) : (
              <Table
                caption={T('资料', 'Reference data')}
                rows={[...lines].reverse()}
                keyOf={(row) => String(row.position)}
                columns={[
                  { head: T('资料', 'What'), cell: (row) => words.get(row.kind) ?? row.kind },
                  { head: T('版本', 'Edition'), cell: (row) => row.edition },
                  {
                    head: T('状态', 'State'),
                    cell: (row) => (
                      <Chip tone={row.in_force ? 'ok' : 'quiet'} icon={row.in_force ? 'check' : 'clock'}>
                        {row.in_force ? T('有效', 'in force') : T('旧版本', 'older')}
                      </Chip>
                    ),
                  },
                  { head: T('大小', 'Size'), numeric: true, cell: (row) => bytes(row.bytes) },
                  { head: T('日志条目', 'Log entry'), numeric: true, cell: (row) => row.position.toLocaleString() },
                  { head: 'SHA-256', cell: (row) => <code>{row.sha256.slice(0, 12)}…</code> },
                ]}
              />
            )
          }
        </Fetched>
      </Section>
    </>
  );
}
