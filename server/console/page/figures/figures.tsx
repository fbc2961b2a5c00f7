// The first figures: each with numerator, denominator and its cases; what each counts is told beside
// it, and in docs/figures.md. The same numbers as `xunge-server report`, by the same code.
import { address, shift } from '@page/route';
import { theDomain } from '@page/domain';
import { useCall, type Shown } from '@page/store';
import { label, N, T, when, type Labelled } from '@page/text';
import { Empty, Page } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { Download } from '../parts/download';
import { Fetched } from '../parts/fetch';
import { chinaDay, dayBefore } from '../parts/span';
import { Table } from '../parts/table';
import './figures.css';

interface Part {
  key: string;
  name: string;
  numerator: number;
  denominator: number | null;
  /** Ten-thousandths, rounded down. */
  value: number | null;
  /** What a class of settling levels is to settle. */
  target?: number | null;
}

interface Figure extends Labelled {
  name: string;
  numerator: number;
  denominator: number | null;
  value: number | null;
  /** What it counts, in a sentence. */
  means: string;
  rows: Part[] | null;
}

interface Report {
  from: string;
  to: string;
  unit: string | null;
  /** A department answers for what is or was in its hands. */
  whose: 'home' | 'hands';
  as_of: number;
  time: string;
  unfolded: number;
  figures: Figure[];
}

interface Span {
  from: string;
  to: string;
  unit: string;
}

/** 98.75 %; nothing where there is no denominator. */
function rateText(value: number | null): string {
  if (value === null) return '–';
  return `${Math.floor(value / 100)}.${String(value % 100).padStart(2, '0')} %`;
}

function spanOf(query: URLSearchParams): Span {
  const today = chinaDay();
  return {
    from: query.get('from') ?? `${today.slice(0, 8)}01`,
    to: query.get('to') ?? today,
    unit: query.get('unit') ?? '',
  };
}

/** Of one figure: which of its parts, and which of their cases, are looked at. */
interface Look {
  by: string;
  /** null: all; '' is a part, too: what nobody told. */
  key: string | null;
  /** Those that count, alone. */
  counted: boolean;
}

const lookOf = (query: URLSearchParams): Look => ({ by: query.get('by') ?? '', key: query.get('key'), counted: query.get('in') === 'numerator' });

function figureAddress(name: string, span: Span, look: Partial<Look> = {}): string {
  return address(['figures', name], {
    ...flagsOf(span),
    ...(look.by ? { by: look.by } : {}),
    ...(look.key !== undefined && look.key !== null ? { key: look.key } : {}),
    ...(look.counted ? { in: 'numerator' } : {}),
  });
}

const flagsOf = (span: Span): Record<string, string> => ({ from: span.from, to: span.to, ...(span.unit ? { unit: span.unit } : {}) });

function Spans({ span, at }: { span: Span; at: string[] }) {
  const today = chinaDay();
  const put = (by: Partial<Span>): void => shift(at, flagsOf({ ...span, ...by }));
  const usual = [
    { words: T('本月', 'this month'), from: `${today.slice(0, 8)}01`, to: today },
    { words: T('近 7 天', '7 days'), from: dayBefore(today, 6), to: today },
    { words: T('近 30 天', '30 days'), from: dayBefore(today, 29), to: today },
  ];
  return (
    <div class="controls">
      <div class="field">
        <label for="from">{T('从', 'From')}</label>
        <input id="from" type="date" value={span.from} max={span.to} onChange={(event) => event.currentTarget.value && put({ from: event.currentTarget.value })} />
      </div>
      <div class="field">
        <label for="to">{T('到（含）', 'To (it counts)')}</label>
        <input id="to" type="date" value={span.to} onChange={(event) => event.currentTarget.value && put({ to: event.currentTarget.value })} />
      </div>
      <div class="field">
        <label for="unit">{T('单位', 'Unit')}</label>
        <select id="unit" value={span.unit} onChange={(event) => put({ unit: event.currentTarget.value })}>
          <option value="">{T('全部', 'all')}</option>
          {theDomain().site.units.map((unit) => (
            <option key={unit.code} value={unit.code}>
              {unit.name}
            </option>
          ))}
        </select>
      </div>
      <div class="buttons">
        {usual.map((one) => (
          <button key={one.words} type="button" class="button" aria-pressed={one.from === span.from && one.to === span.to} onClick={() => put(one)}>
            {one.words}
          </button>
        ))}
      </div>
    </div>
  );
}

/** A number leads to the cases that it counts. */
function Numbers({ of, to }: { of: { numerator: number; denominator: number | null }; to(counted: boolean): string }) {
  const link = (count: number, counted: boolean) => (count === 0 ? '0' : <a href={to(counted)}>{count.toLocaleString()}</a>);
  return (
    <>
      {link(of.numerator, of.denominator !== null)}
      {of.denominator !== null && <> / {link(of.denominator, false)}</>}
    </>
  );
}

const numberText = (of: { numerator: number; denominator: number | null }): string =>
  of.denominator === null ? of.numerator.toLocaleString() : `${of.numerator.toLocaleString()} / ${of.denominator.toLocaleString()}`;

/** As of when, whose, and what is not in it. */
function AsOf({ report }: { report: Report }) {
  return (
    <p class="quiet">
      {T(`截至日志第 ${report.as_of.toLocaleString()} 条，${when(report.time)}。`, `As of log entry ${report.as_of.toLocaleString()}, ${when(report.time)}. `)}
      {report.whose === 'hands' &&
        T('部门的数按在手和经手过的案件算，不按案发地。', 'A department’s figures are of the cases that are or were in its hands, wherever they are at home. ')}
      {report.unfolded > 0 && T(`另有 ${report.unfolded} 件记录过多，不在其中。`, `${report.unfolded} cases with too many records are in none. `)}
    </p>
  );
}

function All({ span, told }: { span: Span; told: Shown<Report> }) {
  return (
    <Fetched of={told}>
      {([report]) =>
        report && (
          <>
            <AsOf report={report} />
            <Table<Figure>
              caption={T('指标', 'Figures')}
              rows={report.figures}
              keyOf={(row) => row.name}
              columns={[
                { head: T('指标', 'Figure'), cell: (row) => (
                    <a href={figureAddress(row.name, span)} title={row.means}>
                      {label(row)}
                    </a>
                  ) },
                {
                  head: T('件数（分子 / 分母）', 'Cases (of all)'),
                  numeric: true,
                  cell: (row) => <Numbers of={row} to={(counted) => figureAddress(row.name, span, { counted })} />,
                },
                { head: T('比率', 'Rate'), numeric: true, cell: (row) => (row.denominator === null ? '' : rateText(row.value)) },
              ]}
            />
            <div class="buttons">
              <Download of={{ run: 'report', flags: { ...flagsOf(span), format: 'xlsx' } }} name={`xunge-${span.from}-${span.to}.xlsx`}>
                {T('存为表格 (XLSX)', 'Save as a sheet (XLSX)')}
              </Download>
              <Download of={{ run: 'report', flags: { ...flagsOf(span), format: 'csv' } }} name={`xunge-${span.from}-${span.to}.csv`}>
                CSV
              </Download>
            </div>
          </>
        )
      }
    </Fetched>
  );
}

interface Counted {
  id: string;
  number: string | null;
  title?: string | null;
  in: 'numerator' | 'rest';
  why?: string | null;
}

const SHOWN_CASES = 200;

const WAYS = (): { value: string; words: string }[] => [
  { value: '', words: T('不分', 'not divided') },
  { value: 'unit', words: T('按单位', 'by unit') },
  { value: 'source', words: T('按来源', 'by source') },
  { value: 'category', words: T('按类别', 'by category') },
  { value: 'holder', words: T('按承办', 'by holder') },
];

/** By what a figure is told apart where nobody asks. */
const OWN_WAY: Record<string, string> = {
  open: 'status',
  overdue_now: 'status',
  settled_level: 'level',
  by_source: 'source',
  by_unit: 'unit',
  by_category: 'category',
};
const wayOf = (name: string, look: Look): string => look.by || (OWN_WAY[name] ?? 'unit');

const partName = (row: Part): string => row.name || row.key || T('没有说明', 'not told');

function Parts({ rows, to }: { rows: Part[]; to(row: Part, counted: boolean): string }) {
  return (
    <Table
      caption={T('分项', 'Parts')}
      rows={rows}
      keyOf={(row) => row.key}
      columns={[
        { head: T('分项', 'Part'), cell: partName },
        { head: T('件数', 'Cases'), numeric: true, cell: (row) => <Numbers of={row} to={(counted) => to(row, counted)} /> },
        { head: T('比率', 'Rate'), numeric: true, cell: (row) => (row.denominator === null ? '' : rateText(row.value)) },
        ...(rows.some((row) => typeof row.target === 'number')
          ? [{ head: T('目标', 'Target'), numeric: true, cell: (row: Part) => (typeof row.target === 'number' ? rateText(row.target) : '') }]
          : []),
      ]}
    />
  );
}

/** The cases of a figure, of one of its parts, or of what counts in it alone. */
function Counting({ name, span, look, part }: { name: string; span: Span; look: Look; part: Part | undefined }) {
  const flags = { ...flagsOf(span), cases: name, ...(look.key === null ? {} : { by: wayOf(name, look), key: look.key }) };
  const told = useCall<Counted>({ run: 'report', flags: { ...flags, format: 'json' } });
  const narrowed = look.key !== null || look.counted;
  const file = [name, look.key, span.from, span.to].filter(Boolean).join('-');
  return (
    <>
      <h2 id="cases">
        {T('算进去的案件', 'The cases that it counts')}
        {look.key !== null && T(`：${part ? partName(part) : look.key}`, `: ${part ? partName(part) : look.key}`)}
        {look.counted && T('（只看分子）', ' (numerator only)')}
      </h2>
      {narrowed && (
        <p>
          <a href={figureAddress(name, span, { by: look.by })}>{T('看这个指标的全部案件', 'All cases of this figure')}</a>
        </p>
      )}
      <Fetched of={told}>
        {(all) => {
          const lines = look.counted ? all.filter((line) => line.in === 'numerator') : all;
          if (lines.length === 0) return <Empty icon="info">{T('这段时间没有。', 'None in this time.')}</Empty>;
          return (
            <>
              <p class="quiet" role="status">
                {N(lines.length, ' 件', 'case', 'cases')}
              </p>
              <Table
                caption={T('案件', 'Cases')}
                rows={lines.slice(0, SHOWN_CASES)}
                keyOf={(row) => row.id}
                columns={[
                  { head: T('案件', 'Case'), cell: (row) => <a href={address(['case', row.id])}>{row.number ?? row.id.slice(0, 8)}</a> },
                  { head: T('事项', 'Matter'), cell: (row) => row.title ?? '' },
                  { head: T('算在', 'Counts in'), cell: (row) => (row.in === 'numerator' ? T('分子', 'numerator') : T('只在分母', 'denominator only')) },
                  { head: T('为什么', 'Why'), cell: (row) => row.why ?? '' },
                ]}
              />
              {lines.length > SHOWN_CASES && (
                <p class="quiet">{T(`另有 ${lines.length - SHOWN_CASES} 件，存为表格可以看全。`, `${lines.length - SHOWN_CASES} more; a sheet has them all.`)}</p>
              )}
              <Download of={{ run: 'report', flags: { ...flags, format: 'csv' } }} name={`${file}.csv`}>
                {T('全部存为 CSV', 'Save all as CSV')}
              </Download>
            </>
          );
        }}
      </Fetched>
    </>
  );
}

function One({ name, span, look, told }: { name: string; span: Span; look: Look; told: Shown<Report> }) {
  const report = told.lines?.[0];
  const figure = report?.figures[0];
  const part = figure?.rows?.find((row) => row.key === look.key);
  // Where rows are shares of the whole, what stands below the line is all of it.
  const partAddress = (of: Figure, row: Part, counted: boolean): string => {
    const by = wayOf(name, look);
    if (of.denominator === null && row.denominator !== null && !counted) return figureAddress(name, span, { by: look.by });
    return figureAddress(name, span, { by, key: row.key, counted: counted && of.denominator !== null });
  };
  return (
    <>
      <Fetched of={told}>
        {() =>
          report &&
          figure && (
            <>
              <p class="figure-large">
                {figure.denominator === null ? figure.numerator.toLocaleString() : rateText(figure.value)}
                {figure.denominator !== null && <span class="quiet"> {numberText(figure)}</span>}
              </p>
              {figure.means && <p>{figure.means}</p>}
              <AsOf report={report} />
              <div class="choices" role="group" aria-label={T('怎么分', 'Divided how')}>
                {WAYS().map((way) => (
                  <label key={way.value} class="choice">
                    <input type="radio" name="by" checked={look.by === way.value} onChange={() => shift(['figures', name], { ...flagsOf(span), ...(way.value ? { by: way.value } : {}) })} />
                    {way.words}
                  </label>
                ))}
              </div>
              {figure.rows && figure.rows.length > 0 && (look.by || name in OWN_WAY) && (
                <Parts rows={figure.rows} to={(row, counted) => partAddress(figure, row, counted)} />
              )}
            </>
          )
        }
      </Fetched>
      {!told.failure && <Counting name={name} span={span} look={look} part={part} />}
    </>
  );
}

export function Figures({ rest, query }: PageProps) {
  const span = spanOf(query);
  const look = lookOf(query);
  const name = rest[0];
  const told = useCall<Report>({
    run: 'report',
    ...(name ? { words: [name] } : {}),
    flags: { ...flagsOf(span), ...(name ? { by: wayOf(name, look) } : {}), format: 'json' },
  });
  const figure = name ? told.lines?.[0]?.figures[0] : undefined;
  return (
    <Page title={name ? label(figure, T('指标', 'Figure')) : T('数据', 'Figures')} root={!name}>
      <Spans span={span} at={name ? ['figures', name] : ['figures']} />
      {name ? <One name={name} span={span} look={look} told={told} /> : <All span={span} told={told} />}
    </Page>
  );
}
