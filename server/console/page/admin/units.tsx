// The units of the site as they lie below one another, and how many people each has: what a
// territory that was imported came to.
import { useState } from 'preact/hooks';
import { theDomain, type Unit } from '@page/domain';
import { useCall } from '@page/store';
import { label, T } from '@page/text';
import { Empty, Section } from '@page/ui/parts';
import { Fetched } from '../parts/fetch';
import { Table } from '../parts/table';
import { downwards } from '../parts/tree';

interface Person {
  unit: string;
}

const SHOWN_MOST = 300;

const levelName = (code: string | null): string => {
  const level = theDomain().site.levels.find((one) => one.code === code);
  return level ? label(level, level.code) : (code ?? '');
};

function Tree({ people }: { people: Person[] }) {
  const [text, setText] = useState('');
  const counts = new Map<string, number>();
  for (const { unit } of people) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  const sought = text.trim();
  const fits = (unit: Unit): boolean => unit.code.includes(sought) || unit.name.includes(sought);
  const found = downwards(theDomain().site.units).filter(({ of }) => fits(of));
  return (
    <>
      <div class="controls">
        <div class="field">
          <label for="units-text">{T('找', 'Find')}</label>
          <input id="units-text" type="search" autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </div>
      </div>
      {found.length === 0 ? (
        <Empty icon="people">{T('没有符合的单位。', 'No unit fits.')}</Empty>
      ) : (
        <Table
          caption={T('单位', 'Units')}
          rows={found.slice(0, SHOWN_MOST)}
          keyOf={({ of }) => of.code}
          columns={[
            { head: T('单位', 'Unit'), cell: ({ of, depth }) => `${'\u3000'.repeat(sought ? 0 : depth)}${of.name}` },
            { head: T('编码', 'Code'), cell: ({ of }) => <code>{of.code}</code> },
            { head: T('层级', 'Level'), cell: ({ of }) => levelName(of.level) },
            { head: T('人员', 'People'), numeric: true, cell: ({ of }) => (counts.get(of.code) ?? 0).toLocaleString() },
          ]}
        />
      )}
      {found.length > SHOWN_MOST && <p class="quiet">{T(`另有 ${found.length - SHOWN_MOST} 个，请缩小范围。`, `${found.length - SHOWN_MOST} more; narrow it down.`)}</p>}
    </>
  );
}

export function Units() {
  const told = useCall<Person>({ run: 'worker list' });
  return (
    <Section title={T('单位', 'Units')}>
      {theDomain().site.units.length === 0 ? (
        <Empty icon="people">{T('还没有单位。在“资料”里导入区划。', 'There are none yet: import a territory under "Reference data".')}</Empty>
      ) : (
        <Fetched of={told}>{(people) => <Tree people={people} />}</Fetched>
      )}
    </Section>
  );
}
