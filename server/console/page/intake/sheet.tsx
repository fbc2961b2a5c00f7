// Hotline work orders from a sheet (CSV or XLSX): which column says what, what would come of it, and
// then taken in. An order's own number is taken once: the same sheet again adds nothing.
import { useState } from 'preact/hooks';
import { feed, type Row } from '@page/api';
import { fieldNamed, kindNamed } from '@page/domain';
import { address } from '@page/route';
import { refresh } from '@page/store';
import { useTask } from '@page/task';
import { bytes, label, N, T } from '@page/text';
import { Button, Chip, Section, tell, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { Table } from '../parts/table';

interface Columns {
  columns: string[];
  rows: number;
  sample: Record<string, string>[];
  map: Record<string, string>;
}

interface Line {
  row: number;
  number: string | null;
  id: string | null;
  problem: { text?: string } | string | null;
  same_as: string | null;
}

/** What a column may say; `external` is the order's own number. */
const FIELDS = ['external', 'category', 'description', 'address', 'happened', 'contact', 'phone', 'urgency', 'position', 'grid'];

function fieldName(name: string): string {
  if (name === 'external') return T('工单号', "the order's own number");
  if (name === 'contact') return T('反映人姓名', "the caller's name");
  if (name === 'phone') return T('反映人电话', "the caller's phone");
  return label(fieldNamed(kindNamed('incident'), name), name);
}

const mapText = (map: Record<string, string>): string =>
  Object.entries(map)
    .filter(([, field]) => field !== '')
    .map(([column, field]) => `${column}=${field}`)
    .join(',');

const problemText = (of: Line): string => (typeof of.problem === 'string' ? of.problem : (of.problem?.text ?? ''));

function Outcome({ of }: { of: Line }) {
  const problem = problemText(of);
  if (problem)
    return (
      <Chip tone="bad" icon="alert">
        {problem}
      </Chip>
    );
  if (of.same_as)
    return (
      <Chip tone="quiet" icon="link">
        {T('已收过，不再收', 'taken before: not again')}
      </Chip>
    );
  return (
    <Chip tone="ok" icon="check">
      {of.id ? T('已收', 'taken') : T('可以收', 'can be taken')}
    </Chip>
  );
}

function Outcomes({ of }: { of: Line[] }) {
  const bad = of.filter((line) => line.problem).length;
  const known = of.filter((line) => line.same_as && !line.problem).length;
  return (
    <>
      <p role="status">
        {T(
          `${of.length} 行：${of.length - bad - known} 行可收，${known} 行已收过，${bad} 行有问题`,
          `${N(of.length, '', 'line', 'lines')}: ${of.length - bad - known} good, ${known} taken before, ${bad} with a problem`,
        )}
      </p>
      <Table
        caption={T('每一行的结果', 'What came of each line')}
        rows={[...of].sort((a, b) => Number(b.problem !== null) - Number(a.problem !== null) || a.row - b.row).slice(0, 500)}
        keyOf={(line) => String(line.row)}
        columns={[
          { head: T('行', 'Line'), cell: (line) => line.row },
          { head: T('结果', 'Outcome'), cell: (line) => <Outcome of={line} /> },
          {
            head: T('编号', 'Number'),
            cell: (line) => {
              const id = line.id ?? line.same_as;
              return id ? <a href={address(['case', id])}>{line.number ?? id.slice(0, 8)}</a> : '';
            },
          },
        ]}
      />
    </>
  );
}

/** Which column says what, with what stands in the first line. */
function MapColumns({ of, map, onMap }: { of: Columns; map: Record<string, string>; onMap(map: Record<string, string>): void }) {
  return (
    <div class="sheet-columns">
      {of.columns.map((column, at) => (
        <div class="field" key={column}>
          <label for={`column-${at}`}>{column}</label>
          <select id={`column-${at}`} value={map[column] ?? ''} onChange={(event) => onMap({ ...map, [column]: event.currentTarget.value })}>
            <option value="">{T('不用', 'not used')}</option>
            {FIELDS.map((field) => (
              <option key={field} value={field}>
                {fieldName(field)}
              </option>
            ))}
          </select>
          <p class="hint" dir="auto">
            {of.sample[0]?.[column]?.slice(0, 60)}
          </p>
        </div>
      ))}
    </div>
  );
}

export function SheetImport() {
  const [file, setFile] = useState<File>();
  const [columns, setColumns] = useState<Columns>();
  const [map, setMap] = useState<Record<string, string>>({});
  const [lines, setLines] = useState<Line[]>();
  const [taken, setTaken] = useState(false);
  const { busy, trouble, run } = useTask();
  const ask = async <R,>(chosen: File, flags: Record<string, string | true>): Promise<R[]> =>
    (await feed<Row>({ run: 'intake', words: ['-'], flags }, chosen)).lines as unknown as R[];

  const choose = (chosen: File): Promise<boolean> =>
    run(async () => {
      setFile(chosen);
      setLines(undefined);
      setTaken(false);
      setColumns(undefined);
      const [told] = await ask<Columns>(chosen, { columns: true });
      setColumns(told);
      setMap(told?.map ?? {});
    });
  const preview = (): Promise<boolean> =>
    run(async () => {
      setTaken(false);
      setLines(await ask<Line>(file!, { map: mapText(map), source: 'hotline', 'dry-run': true }));
    });
  const take = (): Promise<boolean> =>
    run(async () => {
      setLines(await ask<Line>(file!, { map: mapText(map), source: 'hotline' }));
      setTaken(true);
      refresh();
      tell({ text: T('已收进来', 'Taken in') });
    });
  const good = lines?.filter((line) => !line.problem && !line.same_as).length ?? 0;
  return (
    <>
      <p>{T('热线的工单表（CSV 或 XLSX），一行一件。先对列，再预览，最后收入；收过的工单号不会重复收。', 'Orders of the hotline as CSV or XLSX, one a line. Say what the columns are, look at what would come of it, then take it in; an order that was taken is not taken again.')}</p>
      <label class="button take sheet-take">
        <Icon name="up" />
        <span>{file ? `${file.name} · ${bytes(file.size)}` : T('选表格文件', 'Choose the sheet')}</span>
        <input
          type="file"
          accept=".csv,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
          disabled={busy}
          onChange={(event) => {
            const chosen = event.currentTarget.files?.[0];
            event.currentTarget.value = '';
            if (chosen) void choose(chosen);
          }}
        />
      </label>
      <Trouble of={trouble} />
      {columns && (
        <Section title={T(`${columns.rows} 行，每列是什么`, `${N(columns.rows, '', 'line', 'lines')}: what each column says`)}>
          <MapColumns of={columns} map={map} onMap={(next) => (setMap(next), setLines(undefined))} />
          <div class="buttons">
            <Button busy={busy} onClick={() => void preview()}>
              {T('预览', 'Look first')}
            </Button>
            {lines && !taken && (
              <Button look="main" busy={busy} disabled={good === 0} onClick={() => void take()}>
                {T(`收入 ${good} 件`, `Take in ${good}`)}
              </Button>
            )}
          </div>
        </Section>
      )}
      {lines && (
        <Section title={taken ? T('收入结果', 'What was taken in') : T('预览', 'What would come of it')}>
          <Outcomes of={lines} />
        </Section>
      )}
    </>
  );
}
