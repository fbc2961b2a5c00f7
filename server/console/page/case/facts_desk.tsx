// What the desk sees of a case beside what a worker does: clocks in a table, who had it how long,
// who was called and came, the proof.
import { useState } from 'preact/hooks';
import { call, data, failureOf, type Call, type Failure, type Row } from '@page/api';
import { said, theDomain } from '@page/domain';
import { numberOf, whenOf, whoOf, type Element, type Shown } from '@page/entity';
import type { Values } from '@page/form/filled';
import { fileName, saveFile } from '@page/save';
import { useSignal } from '@page/signal';
import { duration, label, N, T, when } from '@page/text';
import { Bar, Button, Chip, Section, Trouble } from '@page/ui/parts';
import { DeadlineChip, type Clock } from '@page/ui/states';
import { held, holdActs } from '../shell/held_acts';
import { operator } from '../shell/session';
import { unitNamed } from '../cases/row';
import { AskWhy, useReading } from './why';

export interface DeskClock extends Clock {
  turn?: number;
  start?: string | null;
  due_plain?: string | null;
  paused_ms?: number;
  with?: string | null;
}

export interface Holder {
  unit: string;
  name: string;
  level: string | null;
  from: string;
  to: string | null;
  ms: number;
  moves: number;
}

export interface ProofFacts {
  entry: number | null;
  entries: number;
  not_before: string | null;
  not_after: string | null;
  seen_after: string | null;
  seen_before: string | null;
  unaltered: boolean;
  /** Devices that saw the log with all of its records; with the first. */
  cosigned_by: number;
  first_cosigned_by: number;
  /** The newest of its records: an entry of the log. */
  newest: number | null;
  /** The weakest of the records that people wrote; the first one's. */
  grade: 'proven' | 'claimed' | 'asserted';
  first_grade: 'proven' | 'claimed' | 'asserted';
  /** Which record is weaker than the first. */
  weakest: { entry: number; author: string } | null;
  photos: { total: number; held: number };
  /** Who signs with another key than their first: a new login was given them. */
  keys: { code: string; since: string | null; given: boolean; by: string | null }[];
  text: string;
}

export interface Proposal {
  board: string | null;
  post: string | null;
  post_name: string | null;
  unit: string;
  unit_name: string;
  person: string | null;
  why: string;
}

/** The proposal as the form of a dispatch is filled in with it. */
export function proposed(of: Proposal | null | undefined): Values {
  const values: Values = {};
  for (const name of ['unit', 'board', 'post'] as const) {
    const code = of?.[name];
    if (code) values[name] = [code];
  }
  return values;
}

export interface PossibleMove {
  move: string;
  label: string;
  to: string | null;
  blocked: boolean;
  needs: { need: string; label: string; met: boolean; wanted: boolean }[];
}

/** `show`, as the centre answers it. */
export interface DeskCase extends Shown {
  /** Log entry of what changed it last. */
  changed?: number;
  moves?: PossibleMove[];
  no_right?: string | null;
  holders?: Holder[];
  proof?: ProofFacts;
  category_name?: string | null;
  proposal?: Proposal | null;
  unit_name?: string | null;
  report_in?: { called: string[]; present: string[]; missing: string[]; names?: Record<string, string> };
}

/** 3 天 4 小时 */
export function long(ms: number): string {
  const hours = ms / 3_600_000;
  if (hours < 24) return duration(ms / 1000);
  const days = Math.floor(hours / 24);
  const rest = Math.round(hours - days * 24);
  const text = N(days, ' 天', 'day', 'days');
  return rest ? `${text} ${N(rest, ' 小时', 'hour', 'hours')}` : text;
}

export function levelName(code: string | null | undefined): string {
  if (!code) return '';
  return label(theDomain().site.levels.find((level) => level.code === code), code);
}

const LIGHTS: Record<string, 'ok' | 'warn' | 'bad'> = { green: 'ok', yellow: 'warn', red: 'bad' };

function span(clock: DeskClock): string {
  const due = clock.due ?? clock.due_plain;
  const paused = clock.paused_ms ?? 0;
  return [
    clock.with && unitNamed(clock.with),
    clock.start && T(`${when(clock.start)} 起`, `from ${when(clock.start)}`),
    due && T(`应于 ${when(due)} 前`, `due ${when(due)}`),
    clock.ended && T(`${when(clock.ended)} 完成`, `done ${when(clock.ended)}`),
    paused > 0 && T(`暂停 ${long(paused)}`, `paused for ${long(paused)}`),
    clock.extended && T('已延期', 'extended'),
  ]
    .filter(Boolean)
    .join(T('，', ', '));
}

/** Each stage, with its deadline, what of it was left, and what has moved it. */
export function ClockTable({ of }: { of: DeskClock[] }) {
  const known = of.filter((clock) => clock.start || clock.due);
  if (known.length === 0) return null;
  return (
    <Section title={T('各环节时限', 'Deadlines of its stages')}>
      <ol class="clock-list">
        {known.map((clock) => (
          <li key={`${clock.stage}:${clock.turn ?? 1}:${clock.start ?? ''}`}>
            <strong>
              {said('stages', clock.stage)}
              {(clock.turn ?? 1) > 1 && T(`（第 ${clock.turn} 次）`, ` (${clock.turn})`)}
            </strong>
            <span class="chips">
              {clock.text ? (
                <Chip tone={clock.paused ? 'quiet' : (LIGHTS[clock.light] ?? 'quiet')} icon={clock.overdue ? 'alert' : 'clock'}>
                  {clock.text}
                </Chip>
              ) : (
                <span>{T('未设时限', 'no limit')}</span>
              )}
            </span>
            <span class="quiet">{span(clock)}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

export function Holders({ of }: { of: Holder[] }) {
  if (of.length === 0) return null;
  const most = Math.max(1, ...of.map((one) => one.ms));
  return (
    <Section title={T('在谁手里多久', 'Who had it how long')}>
      <ol class="holders">
        {of.map((one, at) => (
          <li key={at}>
            <span>
              <strong>{one.name || unitNamed(one.unit)}</strong>
              {one.level && <span class="quiet"> · {levelName(one.level)}</span>}
              {!one.to && (
                <Chip tone="info" icon="clock">
                  {T('现在', 'now')}
                </Chip>
              )}
            </span>
            <Bar share={one.ms / most} label={long(one.ms)} />
            <span class="quiet">
              {long(one.ms)} · {when(one.from)} {one.to ? T(`至 ${when(one.to)}`, `to ${when(one.to)}`) : T('起', 'on')}
              {one.moves > 0 && ` · ${N(one.moves, ' 步', 'step', 'steps')}`}
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** She hears that a unit came, by telephone or on the spot: one click, held like the others. */
function CameIn({ of, unit, name }: { of: DeskCase; unit: string; name: string }) {
  useSignal(held);
  const number = numberOf(of);
  if (!of.moves?.some((one) => one.move === 'report_in' && !one.blocked)) return null;
  const call_of: Call = { run: 'do', words: [of.id, 'report_in', `present=${unit}`] };
  const words = T(`${name}报到 · ${number}`, `${name} reported in · ${number}`);
  const waits = held.value.some((one) => one.words === words && one.state !== 'told');
  return (
    <Button look="quiet" icon="check" disabled={waits} onClick={() => holdActs({ words, calls: [{ call: call_of, about: number, id: of.id }] })}>
      {T('记报到', 'Reported in')}
      <span class="hidden-words">{T(`：${name}`, `: ${name}`)}</span>
    </Button>
  );
}

/** Who was called by a whistle, by when, and who came when. */
export function ReportingIn({ of }: { of: DeskCase }) {
  const board = of.report_in;
  if (!board || board.called.length === 0) return null;
  const came = (unit: string): Element | undefined => (of.sets.present ?? []).find((one) => one.value === unit);
  const name = (unit: string): string => board.names?.[unit] ?? unitNamed(unit);
  const by = typeof of.fields.report_by === 'string' ? of.fields.report_by : null;
  const clock = of.clocks?.find((one) => one.stage === 'report_in' && !one.ended);
  const missing = board.missing.length;
  return (
    <Section title={T('吹哨报到', 'Whistle: who reported in')}>
      <p>
        {missing === 0
          ? T(`${board.called.length} 家全部报到`, `All ${board.called.length} have reported in`)
          : T(`应到 ${board.called.length} 家，已到 ${board.called.length - missing} 家，还差 ${missing} 家`, `${board.called.length - missing} of ${board.called.length} have reported in, ${missing} missing`)}
        {by && T(`；限 ${when(by)} 前`, `; due ${when(by)}`)} <DeadlineChip of={clock} />
      </p>
      <ul class="report-in">
        {board.called.map((unit) => {
          const one = came(unit);
          const is_in = board.present.includes(unit);
          return (
            <li key={unit} class="card">
              <strong>{name(unit)}</strong>
              <Chip tone={is_in ? 'ok' : missing && by && Date.parse(by) < Date.now() ? 'bad' : 'warn'} icon={is_in ? 'check' : 'clock'}>
                {is_in ? T('已报到', 'reported in') : T('未报到', 'not yet')}
              </Chip>
              {one && (
                <span class="quiet">
                  {whoOf(one)} · {whenOf(one)}
                </span>
              )}
              {!is_in && <CameIn of={of} unit={unit} name={name(unit)} />}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

const GRADES = { proven: 'ok', claimed: 'info', asserted: 'warn' } as const;

function gradeText(grade: string): string {
  const words: Record<string, string> = {
    proven: T('署名已证明', 'author proven'),
    claimed: T('署名由设备声明', 'author claimed by the device'),
    asserted: T('服务器认定', 'asserted by the server'),
  };
  return words[grade] ?? grade;
}

function keyText(of: ProofFacts['keys'][number]): string {
  const by = of.by ?? T('服务器本机', 'the machine itself');
  return [
    of.code,
    of.since && T(`${when(of.since)} 起用另一把钥匙签名`, `signs with another key since ${when(of.since)}`),
    of.given && T(`登录由 ${by} 重置`, `its login was given by ${by}`),
  ]
    .filter(Boolean)
    .join(T('，', ', '));
}

/** Which record makes it weaker than the first one is. */
function weakerText(of: ProofFacts): string {
  const entry = (at: number | null): string => T(`日志第 ${(at ?? 0).toLocaleString('zh-CN')} 条`, `entry ${(at ?? 0).toLocaleString('en')}`);
  const grade = of.weakest && T(`最弱的是${entry(of.weakest.entry)}（${of.weakest.author}）：${gradeText(of.grade)}；首条${gradeText(of.first_grade)}`, `the weakest is ${entry(of.weakest.entry)} (${of.weakest.author}): ${gradeText(of.grade)}; the first: ${gradeText(of.first_grade)}`);
  const seen =
    of.first_cosigned_by !== of.cosigned_by &&
    T(`最新的${entry(of.newest)}有 ${of.cosigned_by} 台设备连署，首条有 ${of.first_cosigned_by} 台`, `the newest, ${entry(of.newest)}, is cosigned by ${of.cosigned_by}, the first by ${of.first_cosigned_by}`);
  return [grade, seen].filter(Boolean).join(T('；', '; '));
}

/** As `proof` says it, in China's time like all else on the page. */
export function proofText(of: ProofFacts): string {
  if (!of.unaltered) return of.text;
  const entry = of.entry === null ? '' : T(`日志第 ${of.entry.toLocaleString('zh-CN')} 条`, `entry ${of.entry.toLocaleString('en')} of the log`);
  return [
    T('未改动', 'Unaltered'),
    entry,
    of.not_before && T(`不早于 ${when(of.not_before)}`, `not before ${when(of.not_before)}`),
    of.not_after && T(`不晚于 ${when(of.not_after)}`, `not after ${when(of.not_after)}`),
    N(of.cosigned_by, ' 台设备连署', 'device cosigned', 'devices cosigned'),
    gradeText(of.grade),
  ]
    .filter(Boolean)
    .join(T('；', '; '));
}

/** The evidence as one file, which anybody can check with `xunge-audit`. */
function Evidence({ of }: { of: DeskCase }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const flags = { evidence: of.id, photos: 'all' };
  const wanted = useReading<Row>(null, of.id);
  const get = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      const why = wanted.why;
      const bytes = await data({ run: 'export', words: ['-'], flags: { ...flags, ...(why ? { why } : {}) } });
      saveFile(bytes, fileName('evidence', of.number ?? of.id.slice(0, 8), 'html'));
    } catch (cause) {
      setFailure(failureOf(cause));
    } finally {
      setBusy(false);
    }
  };
  const asks = failure?.more.wants === 'why' && !wanted.why;
  return (
    <>
      <Button icon="download" busy={busy} onClick={() => void get()}>
        {T('下载证据文件', 'Download the evidence file')}
      </Button>
      {asks ? <AskWhy about={of.id} what={T('证据文件', 'The evidence file')} /> : <Trouble of={failure} />}
      <p class="quiet">{T('任何人用 xunge-audit 都能离线核验它。', 'Anybody can check it offline with xunge-audit.')}</p>
    </>
  );
}

export function ProofPanel({ of }: { of: DeskCase }) {
  const [told, setTold] = useState<ProofFacts>();
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const proof = told ?? of.proof;
  const again = (): void => {
    setBusy(true);
    setFailure(undefined);
    call<Row>({ run: 'proof', words: [of.id] })
      .then(
        ({ lines }) => setTold(lines[0] as unknown as ProofFacts),
        (cause: unknown) => setFailure(failureOf(cause)),
      )
      .finally(() => setBusy(false));
  };
  return (
    <Section title={T('凭据', 'Proof')}>
      {proof && (
        <div class={proof.unaltered ? 'proof proof-good' : 'proof proof-bad'} role={proof.unaltered ? undefined : 'alert'}>
          <p>
            <strong>{proofText(proof)}</strong>
          </p>
          {weakerText(proof) && <p class="quiet">{weakerText(proof)}</p>}
          <span class="chips">
            <Chip tone={GRADES[proof.grade] ?? 'info'} icon="proof">
              {gradeText(proof.grade)}
            </Chip>
            <Chip tone="info" icon="people">
              {N(proof.cosigned_by, ' 台设备连署', 'device cosigned', 'devices cosigned')}
            </Chip>
            <Chip tone={proof.photos.held === proof.photos.total ? 'ok' : 'warn'} icon="photo">
              {T(`照片 ${proof.photos.held}/${proof.photos.total}`, `photos ${proof.photos.held} of ${proof.photos.total}`)}
            </Chip>
          </span>
          {proof.keys.map((key) => (
            <p key={key.code}>
              <Chip tone="warn" icon="alert">
                {T('换过钥匙', 'another key')}
              </Chip>{' '}
              {keyText(key)}
            </p>
          ))}
        </div>
      )}
      <Trouble of={failure} />
      <div class="buttons proof-buttons">
        <Button icon="proof" busy={busy} onClick={again}>
          {told ? T('已重新核验', 'Verified again') : T('现在核验', 'Verify now')}
        </Button>
        {operator.value?.role !== 'handler' && <Evidence of={of} />}
      </div>
    </Section>
  );
}
