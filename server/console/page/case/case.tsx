// The page of one case: `#/case/ID`, `#/case/ID/do/MOVE`, `#/case/ID/set/FIELD`.
import { restate } from '@page/route';
import { T } from '@page/text';
import { Page } from '@page/ui/parts';
import { said } from '@page/domain';
import type { PageProps } from '../routes';
import { useKeys } from '../shell/keys';
import { MOVE_KEYS } from './doing';
import { begin } from './moves';
import { caseTitle, useCase, useOpened, Whole, type Opened } from './look';
import './case.css';

function firstOf(act: string | undefined, what: string | undefined): Opened {
  if (act === 'do' && what) return { move: what };
  if (act === 'set' && what) return { field: what };
  return null;
}

export function Case({ rest }: PageProps) {
  const [id = '', act, what] = rest;
  const { of, body } = useCase(id);
  const [opened, setOpened] = useOpened(id, firstOf(act, what));
  const open = (next: Opened): void => {
    setOpened(next);
    const tail = next && typeof next === 'object' ? ('move' in next ? ['do', next.move] : ['set', next.field]) : [];
    restate(['case', id, ...tail]);
  };
  const free = (of?.moves ?? []).filter((move) => !move.blocked && MOVE_KEYS[move.move]);
  useKeys([
    ...free.map((one) => ({
      keys: MOVE_KEYS[one.move]!,
      words: said('moves', one.move),
      run: () => of && begin(of, one.move, (move) => open({ move })),
    })),
    ...(of ? [{ keys: 'n', words: T('写备注', 'write a note'), run: () => open('note') }] : []),
  ]);
  return (
    <Page title={caseTitle(of)} history={T('案件', 'Case')}>
      {body}
      {of && <Whole of={of} opened={opened} setOpened={open} beside={false} />}
    </Page>
  );
}
