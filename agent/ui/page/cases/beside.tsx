// The map beside the list: the same cases as points; choosing one shows it, here and in the list.
import { useMemo, useState } from 'preact/hooks';
import type { Json } from '@page/api';
import { useCall } from '@page/store';
import { N, T } from '@page/text';
import type { Listed, Place } from '@page/entity';
import { CaseMap, pointsOf } from '@page/map/case_map';
import { Button, Trouble } from '@page/ui/parts';
import { withFlags } from '@page/cases/rows';
import { callOf, change, type Query } from './query';
import { CaseRow } from './row';

/** One that was chosen on the map, as its row. */
function Chosen({ id, here }: { id: string; here: Place | null }) {
  const row = useCall<Listed>({ run: 'show', words: [id] }).lines?.[0];
  return row ? <CaseRow row={row} selected here={here} onPick={null} /> : null;
}

export function CasesMap({ query, here }: { query: Query; here: Place | null }) {
  const told = useCall<{ points: Json[] }>(withFlags(callOf(query), { points: true }));
  const points = useMemo(() => pointsOf(told.lines?.[0]?.points), [told.lines]);
  const [several, setSeveral] = useState<string[]>([]);
  const at = several.indexOf(query.selected);
  const choose = (ids: string[]): void => {
    setSeveral(ids);
    change(query, { selected: ids[0] ?? '' });
  };
  return (
    <>
      <Trouble of={told.failure} again={told.again} />
      <CaseMap
        points={points}
        selected={query.selected || null}
        onSelect={choose}
        here={here && { ...here, accuracy_m: null }}
        remember="cases"
      />
      {points.length === 0 && told.lines && (
        <p class="quiet">{T('这些案件都没有记位置。', 'None of these has a position.')}</p>
      )}
      {query.selected && <Chosen id={query.selected} here={here} />}
      {several.length > 1 && (
        <Button icon="forward" onClick={() => change(query, { selected: several[(at + 1) % several.length]! })}>
          {N(several.length, ' 件在同一处，看下一件', 'case here: the next', 'cases here: the next')}
        </Button>
      )}
    </>
  );
}
