// The case under the cursor, beside its list. It follows a little later, so that going down the list
// asks for none; until the next one is there the last stays, out of reach.
import { useEffect, useRef, useState } from 'preact/hooks';
import { said } from '@page/domain';
import { T } from '@page/text';
import { Button } from '@page/ui/parts';
import { useKeys } from '../shell/keys';
import { MOVE_KEYS } from './doing';
import type { DeskCase } from './facts_desk';
import { caseTitle, openCase, useCase, useOpened, Whole } from './look';
import { begin } from './moves';

const FOLLOWS_MS = 150;

interface BesideProps {
  id: string;
  /** Only what it is: something is being done to several. */
  quiet?: boolean;
  /** The keys of its moves work here; else the list has keys of its own. */
  keys?: boolean;
}

export function Beside({ id, quiet, keys }: BesideProps) {
  const [shown, setShown] = useState(id);
  useEffect(() => {
    const timer = setTimeout(() => setShown(id), shown ? FOLLOWS_MS : 0);
    return () => clearTimeout(timer);
  }, [id]);
  const told = useCase(shown);
  const last = useRef<DeskCase | undefined>(undefined);
  if (told.of) last.current = told.of;
  const of = told.of ?? last.current;
  const stale = of !== undefined && of.id !== id;
  const [opened, setOpened] = useOpened(shown);
  const free = keys && of && !stale ? (of.moves ?? []).filter((move) => !move.blocked && MOVE_KEYS[move.move]) : [];
  useKeys([
    ...free.map((one) => ({ keys: MOVE_KEYS[one.move]!, words: said('moves', one.move), run: () => of && begin(of, one.move, (move) => setOpened({ move })) })),
    ...(of && !stale ? [{ keys: 'n', words: T('写备注', 'write a note'), run: () => setOpened('note') }] : []),
  ]);
  if (!shown) return <p class="quiet">{T('没有选中的案件。', 'No case is chosen.')}</p>;
  return (
    <section class={stale ? 'beside-case beside-stale' : 'beside-case'} aria-label={caseTitle(of)} inert={stale}>
      <header class="section-head">
        <h2>{caseTitle(of)}</h2>
        <Button look="quiet" icon="enlarge" onClick={() => openCase(shown)}>
          {T('打开（回车）', 'Open (Enter)')}
        </Button>
      </header>
      {!told.of && !stale && told.body}
      {of && !quiet && (told.of || stale) && <Whole key={of.id} of={of} opened={opened} setOpened={setOpened} beside />}
    </section>
  );
}
