// What a person has to decide: the list, and one case with all its conflicts.
import { kindNamed } from '@page/domain';
import { address } from '@page/route';
import { useCall } from '@page/store';
import { ago, T } from '@page/text';
import { numberOf, type Conflict } from '@page/entity';
import { fieldLabel, valueText } from '@page/value';
import { Busy, Chip, Empty, Page, Trouble } from '@page/ui/parts';
import { Deciding } from '@page/conflict/deciding';
import { reasonText } from '@page/conflict/sides';
import type { PageProps } from '../routes';
import './conflicts.css';

/** Since when they are at odds: since the later of them. */
function since(of: Conflict): string {
  const times = of.sides.map((side) => side.wall ?? '').sort();
  return times[times.length - 1] ?? '';
}

/** 乙路1号 ↔ 丙路2号 */
function short(of: Conflict): string {
  const values = of.sides.map((side) => (side.value === undefined ? '' : valueText(undefined, side.value, side.name))).filter(Boolean);
  return values.map((text) => (text.length > 24 ? `${text.slice(0, 24)}…` : text)).join(' ↔ ');
}

function List() {
  const told = useCall<Conflict>({ run: 'conflicts' });
  const cases = new Map<string, Conflict[]>();
  for (const one of told.lines ?? []) cases.set(one.id, [...(cases.get(one.id) ?? []), one]);
  return (
    <Page title={T('等人决定的冲突', 'Conflicts to decide')}>
      <Trouble of={told.failure} again={told.again} />
      {!told.lines && !told.failure && <Busy />}
      {told.lines?.length === 0 && (
        <Empty icon="check">
          {T('没有要决定的。两人同时改了同一处、又互相没看到时，会列在这里。', 'Nothing to decide. Where two changed one thing without seeing each other, it is listed here.')}
        </Empty>
      )}
      <ul class="case-drafts">
        {[...cases].map(([id, list]) => (
          <li key={id}>
            <a class="card" href={address(['conflicts', id])}>
              <strong>{numberOf(list[0]!)}</strong>
              {list.map((one) => (
                <span key={`${one.field}${one.sides[0]?.hash ?? ''}`} class="conflict-line">
                  <span class="chips">
                    <Chip tone="warn" icon="fork">
                      {fieldLabel(kindNamed('incident'), one.field)}
                    </Chip>
                    <span class="quiet">{ago(since(one))}</span>
                  </span>
                  <span dir="auto">{short(one)}</span>
                  <span class="quiet">{reasonText(one)}</span>
                </span>
              ))}
            </a>
          </li>
        ))}
      </ul>
    </Page>
  );
}

export function Conflicts({ rest, query }: PageProps) {
  return rest[0] ? (
    <Deciding
      id={rest[0]}
      query={query}
      at={['conflicts', rest[0]]}
      saved={T('已签名保存，待传；经过里能看到。', 'Signed and saved, waiting to go; the history shows it.')}
    />
  ) : (
    <List />
  );
}
