// What is looked for: statuses with how many there are of each, the other filters beside them.
import { useEffect, useRef, useState } from 'preact/hooks';
import { fieldNamed, kindNamed, said, theDomain } from '@page/domain';
import { useCall } from '@page/store';
import { label, T } from '@page/text';
import { Icon } from '@page/ui/icon';
import { Button } from '@page/ui/parts';
import { downwards, type Leaf } from '../parts/tree';
import { countsOf, isNarrowed, NONE, type Address, type Query } from './query';

const TYPING_MS = 300;

export interface Counts {
  open: number;
  status: Record<string, number>;
  lights: Record<string, number>;
  conflicts: number;
}

export interface FilterProps {
  query: Query;
  address: Address;
}

type Options = [value: string, text: string][];

function Pick(props: { name: string; value: string; of: Options; onPick(value: string): void }) {
  if (props.of.length === 0) return null;
  return (
    <select class="filter" aria-label={props.name} value={props.value} data-set={props.value !== '' || undefined} onChange={(event) => props.onPick(event.currentTarget.value)}>
      <option value="">{props.name}</option>
      {props.of.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

/** Codes in the order of their tree, each as far in as it is deep. */
function indented<L extends Leaf>(all: readonly L[], name: (of: L) => string): Options {
  return downwards(all).map(({ of, depth }) => [of.code, `${'\u3000'.repeat(depth)}${name(of)}`]);
}

const named = (list: readonly { name: string; zh: string; en: string }[] | null | undefined): Options => (list ?? []).map((one) => [one.name, label(one, one.name)]);

const lightNames = (): Options => [
  ['red', T('已超期', 'overdue')],
  ['yellow', T('快到期', 'soon due')],
  ['green', T('时限内', 'in time')],
  ['none', T('无时限', 'no limit')],
];

/** What is not shown for want of room until it is asked for. */
function Others({ query, address }: FilterProps) {
  const { site, stages } = theDomain();
  const incident = kindNamed('incident');
  const set = (by: Partial<Query>): void => address.change(query, by);
  const date = (name: 'since' | 'until', text: string) => (
    <label class="filter-date">
      <span>{text}</span>
      <input type="date" value={query[name]} onChange={(event) => set({ [name]: event.currentTarget.value })} />
    </label>
  );
  return (
    <>
      <Pick name={T('紧急程度', 'Urgency')} value={query.urgency} of={named(fieldNamed(incident, 'urgency')?.choices)} onPick={(urgency) => set({ urgency })} />
      <Pick
        name={T('层级', 'Level')}
        value={query.level}
        of={[...site.levels.map((one): [string, string] => [one.code, label(one, one.code)]), [NONE, T('没有层级', 'no level')]]}
        onPick={(level) => set({ level })}
      />
      <Pick name={T('环节', 'Stage')} value={query.stage} of={[...named(stages), [NONE, T('不计时', 'no clock runs')]]} onPick={(stage) => set({ stage })} />
      <Pick name={T('来源', 'Source')} value={query.source} of={named(fieldNamed(incident, 'channel')?.choices)} onPick={(source) => set({ source })} />
      {date('since', T('从', 'From'))}
      {date('until', T('到', 'to'))}
    </>
  );
}

const OTHERS: readonly (keyof Query)[] = ['urgency', 'level', 'stage', 'source', 'since', 'until'];

function Search({ query, address }: FilterProps) {
  const [text, setText] = useState(query.text);
  const typed = useRef(query.text);
  const timer = useRef(0);
  const latest = useRef(query);
  latest.current = query;
  useEffect(() => {
    // Cleared elsewhere; what is being typed is not overwritten.
    if (query.text === typed.current) return;
    typed.current = query.text;
    setText(query.text);
  }, [query.text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = (value: string): void => {
    clearTimeout(timer.current);
    typed.current = value;
    address.change(latest.current, { text: value });
  };
  const words = T('编号、地址、内容（/）', 'Number, address, words (/)');
  return (
    <div class="filter-search" role="search">
      <Icon name="search" />
      <input
        id="search"
        type="search"
        value={text}
        aria-label={words}
        placeholder={words}
        onInput={(event) => {
          const { value } = event.currentTarget;
          setText(value);
          clearTimeout(timer.current);
          timer.current = window.setTimeout(() => look(value), TYPING_MS);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== 'Escape') return;
          event.preventDefault();
          event.stopPropagation();
          if (event.key === 'Enter') look(event.currentTarget.value);
          event.currentTarget.blur();
          document.querySelector<HTMLElement>('.desk-row a')?.focus();
        }}
      />
    </div>
  );
}

/** A status, or a light, with how many there are. */
function Tabs(props: { name: string; legend: string; now: string; of: { value: string; text: string; count: number | undefined; tone?: string; means?: string | undefined }[]; onPick(value: string): void }) {
  return (
    <fieldset class="picks">
      <legend class="hidden-words">{props.legend}</legend>
      {props.of.map((one) => (
        <label class="tab" key={one.value} data-tone={one.tone} title={one.means}>
          <input type="radio" class="hidden-words" name={props.name} checked={props.now === one.value} onClick={() => props.now === one.value && props.onPick('')} onChange={() => props.onPick(one.value)} />
          {one.text}
          {one.count !== undefined && <span class="tab-count">{one.count.toLocaleString()}</span>}
        </label>
      ))}
    </fieldset>
  );
}

/** Why it is another number than the figure `overdue_now` (docs/figures.md, "Overdue"). */
const overdueMeans = (): string =>
  T(
    '现在未办结、有环节或吹哨报到已过时限的；每件各算一件，任务和考评也算，关联的几件各算各的，经手过的也在内。“数据”里的“现已超期”只算事件和矛盾纠纷，关联的算一件，按案发地。',
    'Open now, with a stage or a whistle past its due. Each counts by itself, tasks and assessments too, linked ones each, and what was ever in your hands. The figure “overdue now” is of incidents and disputes alone, linked ones as one, by where they are at home.',
  );

/** Always offered, in the order of the way; others where there are some. */
const MAIN = ['reported', 'accepted', 'filed', 'dispatched', 'handling', 'handled', 'returned', 'rework'];
const TONES: Record<string, string> = { red: 'bad', yellow: 'warn', green: 'ok', none: 'quiet' };

function useCounts(query: Query): Counts | undefined {
  return useCall<Counts>(countsOf(query)).lines?.[0];
}

function Statuses({ query, address, counts }: FilterProps & { counts: Counts | undefined }) {
  const settled = query.state === 'settled';
  const offered = theDomain().statuses.filter(({ name, settled: ends }) =>
    settled ? ends : !ends && (MAIN.includes(name) || (counts?.status[name] ?? 0) > 0 || query.status === name),
  );
  const all = { value: '', text: settled ? T('全部', 'All') : T('全部在办', 'All open'), count: settled ? undefined : counts?.open };
  return (
    <Tabs
      name="status"
      legend={T('办理状态', 'Status')}
      now={query.status}
      of={[all, ...offered.map(({ name }) => ({ value: name, text: said('statuses', name), count: settled ? undefined : (counts?.status[name] ?? (counts ? 0 : undefined)) }))]}
      onPick={(status) => address.change(query, { status, at: '' })}
    />
  );
}

export function FilterBar({ query, address, states }: FilterProps & { states?: boolean }) {
  const { site } = theDomain();
  const counts = useCounts(query);
  const set = (by: Partial<Query>): void => address.change(query, { ...by, at: '' });
  const some = OTHERS.some((name) => query[name] !== '');
  const [open, setOpen] = useState(some);
  const units = indented(site.units, (unit) => unit.name);
  return (
    <div class="filters">
      <div class="filter-row">
        <Search query={query} address={address} />
        {states && (
          <select class="filter" aria-label={T('在办或办结', 'Open or settled')} value={query.state} onChange={(event) => set({ state: event.currentTarget.value, status: '' })}>
            <option value="">{T('在办和办结', 'Open and settled')}</option>
            <option value="open">{T('在办', 'Open')}</option>
            <option value="settled">{T('已办结', 'Settled')}</option>
          </select>
        )}
        <Pick name={T('区域', 'Area')} value={query.unit} of={units} onPick={(unit) => set({ unit })} />
        <Pick name={T('类别', 'Category')} value={query.category} of={indented(site.categories, (one) => label(one, one.code))} onPick={(category) => set({ category })} />
        <Pick name={T('在谁手里', 'With whom')} value={query.holder} of={query.holder === NONE ? [...units, [NONE, T('没有谁', 'nobody')]] : units} onPick={(holder) => set({ holder })} />
        {query.alone && (
          <Button icon="close" look="quiet" onClick={() => set({ alone: false })}>
            {T('不含下级和被吹哨的', 'without those below or called')}
          </Button>
        )}
        {open && <Others query={query} address={address} />}
        <Button icon="filter" look="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? T('少些', 'Fewer') : T('更多', 'More')}
        </Button>
        {isNarrowed(query, address.plain()) && (
          <Button icon="undo" look="quiet" onClick={() => address.change(address.plain(), { by: query.by })}>
            {T('清除筛选', 'Clear')}
          </Button>
        )}
      </div>
      <div class="filter-row">
        <Statuses query={query} address={address} counts={counts} />
        {query.state !== 'settled' && (
          <Tabs
            name="light"
            legend={T('时限', 'Deadline')}
            now={query.light}
            of={lightNames().map(([value, text]) => ({ value, text, count: counts?.lights[value], tone: TONES[value] ?? 'quiet', means: value === 'red' ? overdueMeans() : undefined }))}
            onPick={(light) => set({ light })}
          />
        )}
        <label class="tab">
          <input type="checkbox" class="hidden-words" checked={query.conflict} onChange={(event) => set({ conflict: event.currentTarget.checked })} />
          {T('有冲突', 'to decide')}
          {counts && <span class="tab-count">{counts.conflicts.toLocaleString()}</span>}
        </label>
        <select class="filter filter-by" aria-label={T('排列', 'Order')} value={query.by} onChange={(event) => address.change(query, { by: event.currentTarget.value, at: '' })}>
          <option value="created">{T('新报的在前', 'Newest first')}</option>
          <option value="due">{T('最紧的在前', 'Most pressing first')}</option>
          <option value="changed">{T('最近有动静的在前', 'Last changed first')}</option>
        </select>
      </div>
    </div>
  );
}
