// What it is: tiles of the site's catalogue. Those used last come first; a catalogue that fits is
// shown whole, so that one touch is enough; a large one by its tree, and by search.
import { useEffect, useRef, useState } from 'preact/hooks';
import { categoryNamed, theDomain, type Category, type Field } from '@page/domain';
import { label, T } from '@page/text';
import { Button } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { FieldEdit } from '@page/form/field';
import { used } from '@page/form/suggest';
import { Wrap } from '@page/form/wrap';

const WHOLE_MOST = 30;
const RECENT_MOST = 4;

interface CategoryProps {
  kind: string;
  field: Field;
  value: string;
  onText(text: string): void;
  problem?: string | undefined;
  needed: boolean;
  scope?: string;
}

function useRecent(kind: string, field: string): string[] {
  const [recent, setRecent] = useState<string[]>([]);
  useEffect(() => {
    const ended = new AbortController();
    used(kind, field, '', ended.signal).then(
      (some) => setRecent(some.filter((one) => one.count > 0).map((one) => one.value)),
      () => undefined,
    );
    return () => ended.abort();
  }, []);
  return recent;
}

function Tile(props: { category: Category; chosen: boolean; onPick(): void; deeper?: boolean }) {
  return (
    <button type="button" class="tile" aria-pressed={props.deeper ? undefined : props.chosen} onClick={props.onPick}>
      <span>{label(props.category, props.category.code)}</span>
      {props.deeper && <Icon name="forward" />}
    </button>
  );
}

/** Under which heading a leaf stands: its topmost parent. */
function rootOf(all: Category[], category: Category): Category {
  let at = category;
  for (let depth = 0; at.parent && depth < 16; depth++)
    at = all.find((other) => other.code === at.parent) ?? { ...at, parent: null };
  return at;
}

export function CategoryPick(props: CategoryProps) {
  const { kind, field, value, onText, problem, needed, scope } = props;
  const all = theDomain().site.categories.filter((category) => category.active);
  const recent = useRecent(kind, field.name);
  const [under, setUnder] = useState<string | null>(null);
  const [sought, setSought] = useState('');
  const [again, setAgain] = useState(false);
  const picked = useRef(false);
  const kept = useRef<HTMLButtonElement>(null);
  // The tiles give way to the chosen one: it stays in sight, with the focus.
  useEffect(() => {
    if (picked.current) kept.current?.focus();
    picked.current = false;
  }, [value, again]);
  if (all.length === 0)
    return <FieldEdit kind={kind} field={field} texts={value ? [value] : []} onTexts={(texts) => onText(texts[0] ?? '')} problem={problem} needed={needed} {...(scope ? { scope } : {})} />;

  const pick = (code: string): void => {
    picked.current = true;
    onText(code);
    setSought('');
    setAgain(false);
  };
  const chosen = categoryNamed(value);
  const leaves = all.filter((category) => category.leaf);
  const tile = (category: Category, deeper = false) => (
    <Tile
      key={category.code}
      category={category}
      chosen={category.code === value}
      deeper={deeper}
      onPick={() => (deeper ? setUnder(category.code) : pick(category.code))}
    />
  );
  const group = (title: string, tiles: preact.ComponentChildren) => (
    <div class="tiles-group" role="group" aria-label={title} key={title}>
      <p class="tiles-title">{title}</p>
      <div class="tiles">{tiles}</div>
    </div>
  );
  const latest = recent
    .map((code) => all.find((category) => category.code === code))
    .filter((category): category is Category => category !== undefined)
    .slice(0, RECENT_MOST);

  const tree = () => {
    const text = sought.trim().toLowerCase();
    if (text) {
      const hits = all.filter((category) => `${category.zh} ${category.en} ${category.code}`.toLowerCase().includes(text));
      return hits.length ? (
        <div class="tiles">{hits.slice(0, 24).map((category) => tile(category))}</div>
      ) : (
        <p class="quiet" role="status">
          {T(`没有名称含“${sought}”的类别。`, `No category has "${sought}" in its name.`)}
        </p>
      );
    }
    if (leaves.length <= WHOLE_MOST) {
      const roots = [...new Set(leaves.map((leaf) => rootOf(all, leaf).code))];
      return roots.map((code) => {
        const here = leaves.filter((leaf) => rootOf(all, leaf).code === code);
        return group(label(categoryNamed(code), code), here.map((leaf) => tile(leaf)));
      });
    }
    const parent = categoryNamed(under);
    const here = all.filter((category) => category.parent === under);
    return (
      <>
        {parent && (
          <Button icon="back" look="quiet" onClick={() => setUnder(parent.parent)}>
            {label(parent)}
          </Button>
        )}
        <div class="tiles">
          {here.map((category) => tile(category, !category.leaf))}
          {parent && tile(parent)}
        </div>
      </>
    );
  };

  return (
    <Wrap field={field.name} id={`${scope ?? 'f'}-${field.name}`} name={label(field)} needed={needed} problem={problem} group>
      {(tied) =>
        chosen && !again ? (
          <div class="beside">
            <button type="button" class="tile" aria-pressed="true" ref={kept} onClick={() => setAgain(true)}>
              <Icon name="check" />
              <span>{label(chosen)}</span>
            </button>
            <Button onClick={() => setAgain(true)}>{T('换一类', 'Change')}</Button>
          </div>
        ) : (
          <>
            {latest.length > 0 && !sought && group(T('最近用过', 'Used lately'), latest.map((category) => tile(category)))}
            {leaves.length > WHOLE_MOST && (
              <input
                {...tied}
                type="search"
                value={sought}
                placeholder={T('找类别', 'Find a category')}
                aria-label={T('找类别', 'Find a category')}
                onInput={(event) => setSought(event.currentTarget.value)}
              />
            )}
            {value && !chosen && <p class="quiet">{value}</p>}
            {tree()}
          </>
        )
      }
    </Wrap>
  );
}
