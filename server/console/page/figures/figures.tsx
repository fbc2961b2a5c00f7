// The first figures: each with numerator, denominator and its cases; what each counts is told beside
// it, and in docs/figures.md. The same numbers as `xunge-server report`, by the same code.
import { useState } from 'preact/hooks';
import { address, shift } from '@page/route';
import { theDomain } from '@page/domain';
import { useCall } from '@page/store';
import { label, T, when, type Labelled } from '@page/text';
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
  target?: number;
}

interface Figure extends Labelled {
  name: string;
  numerator: number;
  denominator: number | null;
  value: number | null;
  rows: Part[] | null;
}

interface Report {
  from: string;
  to: string;
  unit: string | null;
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

const numberText = (of: { numerator: number; denominator: number | null }): string =>
  of.denominator === null ? of.numerator.toLocaleString() : `${of.numerator.toLocaleString()} / ${of.denominator.toLocaleString()}`;

function All({ span }: { span: Span }) {
  const told = useCall<Report>({ run: 'report', flags: { ...flagsOf(span), format: 'json' } });
  return (
    <Fetched of={told}>
      {([report]) =>
        report && (
          <>
            <p class="quiet">
              {T(
                `截至日志第 ${report.as_of.toLocaleString()} 条，${when(report.time)}。`,
                `As of log entry ${report.as_of.toLocaleString()}, ${when(report.time)}.`,
              )}
              {report.unfolded > 0 && T(`另有 ${report.unfolded} 件记录过多，不在其中。`, `${report.unfolded} cases with too many records are in none.`)}
            </p>
            <Table<Figure>
              caption={T('指标', 'Figures')}
              rows={report.figures}
              keyOf={(row) => row.name}
              columns={[
                { head: T('指标', 'Figure'), cell: (row) => <a href={address(['figures', row.name], flagsOf(span))}>{label(row)}</a> },
                { head: T('件数（分子 / 分母）', 'Cases (of all)'), numeric: true, cell: numberText },
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

function Parts({ rows }: { rows: Part[] }) {
  return (
    <Table
      caption={T('分项', 'Parts')}
      rows={rows}
      keyOf={(row) => row.key}
      columns={[
        { head: T('分项', 'Part'), cell: (row) => row.name || row.key || T('没有说明', 'not told') },
        { head: T('件数', 'Cases'), numeric: true, cell: numberText },
        { head: T('比率', 'Rate'), numeric: true, cell: (row) => rateText(row.value) },
        ...(rows.some((row) => row.target !== undefined)
          ? [{ head: T('目标', 'Target'), numeric: true, cell: (row: Part) => (row.target === undefined ? '' : rateText(row.target)) }]
          : []),
      ]}
    />
  );
}

function One({ name, span }: { name: string; span: Span }) {
  const [by, setBy] = useState('');
  const told = useCall<Report>({ run: 'report', words: [name], flags: { ...flagsOf(span), ...(by ? { by } : {}), format: 'json' } });
  const cases = useCall<Counted>({ run: 'report', flags: { ...flagsOf(span), cases: name, format: 'json' } });
  const figure = told.lines?.[0]?.figures.find((one) => one.name === name);
  return (
    <>
      <Fetched of={told}>
        {() =>
          figure && (
            <>
              <p class="figure-large">
                {figure.denominator === null ? figure.numerator.toLocaleString() : rateText(figure.value)}
                {figure.denominator !== null && <span class="quiet"> {numberText(figure)}</span>}
              </p>
              <div class="choices" role="group" aria-label={T('怎么分', 'Divided how')}>
                {WAYS().map((way) => (
                  <label key={way.value} class="choice">
                    <input type="radio" name="by" checked={by === way.value} onChange={() => setBy(way.value)} />
                    {way.words}
                  </label>
                ))}
              </div>
              {figure.rows && figure.rows.length > 0 && <Parts rows={figure.rows} />}
            </>
          )
        }
      </Fetched>
      <h2>{T('算进去的案件', 'The cases that it counts')}</h2>
      <Fetched of={cases}>
        {(lines) =>
          lines.length === 0 ? (
            <Empty icon="info">{T('这段时间没有。', 'None in this time.')}</Empty>
          ) : (
            <>
              <Table
                caption={T('案件', 'Cases')}
                rows={lines.slice(0, SHOWN_CASES)}
                keyOf={(row) => row.id}
                columns={[
                  { head: T('案件', 'Case'), cell: (row) => <a href={address(['case', row.id])}>{row.number ?? row.id.slice(0, 8)}</a> },
                  { head: T('算在', 'Counts in'), cell: (row) => (row.in === 'numerator' ? T('分子', 'numerator') : T('只在分母', 'denominator only')) },
                  { head: T('为什么', 'Why'), cell: (row) => row.why ?? '' },
                ]}
              />
              {lines.length > SHOWN_CASES && (
                <p class="quiet">{T(`另有 ${lines.length - SHOWN_CASES} 件，存为表格可以看全。`, `${lines.length - SHOWN_CASES} more; a sheet has them all.`)}</p>
              )}
              <Download of={{ run: 'report', flags: { ...flagsOf(span), cases: name, format: 'csv' } }} name={`${name}-${span.from}-${span.to}.csv`}>
                {T('全部存为 CSV', 'Save all as CSV')}
              </Download>
            </>
          )
        }
      </Fetched>
    </>
  );
}

export function Figures({ rest, query }: PageProps) {
  const span = spanOf(query);
  const name = rest[0];
  const names = useCall<Report>({ run: 'report', flags: { ...flagsOf(span), format: 'json' } });
  const figure = names.lines?.[0]?.figures.find((one) => one.name === name);
  return (
    <Page title={name ? label(figure, T('指标', 'Figure')) : T('数据', 'Figures')} root={!name}>
      <Spans span={span} at={name ? ['figures', name] : ['figures']} />
      {name ? <One name={name} span={span} /> : <All span={span} />}
    </Page>
  );
}
