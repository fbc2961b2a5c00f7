// What is looked for: text and state at hand, the rest behind one button. All of it but the text is
// in the address, so that Back, a reload and a bookmark find the same list; Back finds the text too.
import { useEffect, useRef, useState } from 'preact/hooks';
import { theDomain } from '@page/domain';
import { label, N, T, type Labelled } from '@page/text';
import { Icon } from '@page/ui/icon';
import { Button, Sheet } from '@page/ui/parts';
import { change, filtersSet, NO_QUERY, type Query } from './query';

const TYPING_MS = 350;

function Pick(props: { name: string; value: string; any: string; of: [string, string][]; onPick: (value: string) => void }) {
  return (
    <div class="field">
      <label for={`pick-${props.name}`}>{props.name}</label>
      <select id={`pick-${props.name}`} value={props.value} onChange={(event) => props.onPick(event.currentTarget.value)}>
        <option value="">{props.any}</option>
        {props.of.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

function Tick(props: { text: string; on: boolean; onTick: (on: boolean) => void }) {
  return (
    <label class="choice">
      <input type="checkbox" checked={props.on} onChange={(event) => props.onTick(event.currentTarget.checked)} />
      {props.text}
    </label>
  );
}

const named = (list: (Labelled & { name: string })[]): [string, string][] => list.map((one) => [one.name, label(one, one.name)]);

function Filters({ query, onClose }: { query: Query; onClose: () => void }) {
  const domain = theDomain();
  const any = T('全部', 'all');
  const set = (by: Partial<Query>): void => change(query, by);
  const kinds = named(domain.kinds.filter((kind) => kind.captured || kind.name === 'patrol'));
  const categories = domain.site.categories.map((one): [string, string] => [one.code, label(one, one.code)]);
  const units = domain.site.units.map((one): [string, string] => [one.code, one.name]);
  return (
    <Sheet title={T('筛选', 'Filter')} onClose={onClose}>
      <Pick name={T('种类', 'Kind')} any={any} value={query.kind} of={kinds} onPick={(kind) => set({ kind })} />
      <Pick name={T('办理状态', 'Status')} any={any} value={query.status} of={named(domain.statuses)} onPick={(status) => set({ status })} />
      {categories.length > 0 && (
        <Pick name={T('类别', 'Category')} any={any} value={query.category} of={categories} onPick={(category) => set({ category })} />
      )}
      <Pick
        name={T('传送', 'Sent or not')}
        any={any}
        value={query.delivery}
        of={[
          ['waiting', T('待传', 'waiting to go')],
          ['sent', T('已发，未回执', 'sent, no receipt yet')],
          ['received', T('已收到', 'received')],
        ]}
        onPick={(delivery) => set({ delivery, conflict: false })}
      />
      {units.length > 0 && (
        <Pick name={T('在谁手里', 'With whom')} any={any} value={query.holder} of={units} onPick={(holder) => set({ holder })} />
      )}
      <div class="choices">
        <Tick text={T('有冲突', 'to decide')} on={query.conflict} onTick={(conflict) => set({ conflict, delivery: '' })} />
        <Tick text={T('已超期', 'overdue')} on={query.overdue} onTick={(overdue) => set({ overdue })} />
        <Tick text={T('本机记录的', 'recorded here')} on={query.mine} onTick={(mine) => set({ mine })} />
        <Tick text={T('按时限排列', 'most pressing first')} on={query.due} onTick={(due) => set({ due })} />
      </div>
      <div class="buttons">
        <Button icon="undo" onClick={() => set({ ...NO_QUERY, view: query.view })}>
          {T('全部清除', 'Clear all')}
        </Button>
        <Button look="main" icon="check" onClick={onClose}>
          {T('看结果', 'Show')}
        </Button>
      </div>
    </Sheet>
  );
}

export function FilterBar({ query, count }: { query: Query; count: number | null }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState(query.text);
  const typed = useRef(query.text);
  const timer = useRef(0);
  useEffect(() => {
    // Cleared elsewhere; what is being typed is not overwritten.
    if (query.text === typed.current) return;
    typed.current = query.text;
    setText(query.text);
  }, [query.text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const latest = useRef(query);
  latest.current = query;

  const type = (value: string): void => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      typed.current = value;
      change(latest.current, { text: value });
    }, TYPING_MS);
  };

  const set = filtersSet(query);
  const states: [string, string][] = [
    ['', T('全部', 'All')],
    ['open', T('办理中', 'Open')],
    ['settled', T('已办结', 'Settled')],
  ];
  return (
    <div class="case-filters">
      <div class="case-search" role="search">
        <Icon name="search" />
        <input
          type="search"
          value={text}
          aria-label={T('查找编号、地址、内容', 'Find number, address, words')}
          placeholder={T('查找编号、地址、内容', 'Find number, address, words')}
          onInput={(event) => type(event.currentTarget.value)}
        />
        <Button icon="filter" onClick={() => setOpen(true)} aria-haspopup="dialog">
          {set > 0 ? T(`筛选（${set}）`, `Filter (${set})`) : T('筛选', 'Filter')}
        </Button>
      </div>
      <fieldset class="choices case-states">
        <legend class="hidden-words">{T('办理', 'State')}</legend>
        {states.map(([state, name]) => (
          <label class="choice" key={state}>
            <input type="radio" name="case-state" checked={query.state === state} onChange={() => change(query, { state })} />
            {name}
          </label>
        ))}
        <span class="case-count quiet" role="status">
          {count === null ? '' : N(count, ' 件', 'case', 'cases')}
        </span>
      </fieldset>
      {open && <Filters query={query} onClose={() => setOpen(false)} />}
    </div>
  );
}
