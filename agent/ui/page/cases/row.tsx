// One case in a list: what, where, the three axes, the deadline, how far it is from here.
import { kindNamed } from '@page/domain';
import { address } from '@page/route';
import { ago, label, metres, T } from '@page/text';
import { distance_m } from '@page/map/geo';
import { numberOf, type Listed, type Place } from '@page/entity';
import { titleOf } from '@page/value';
import { Icon } from '@page/ui/icon';
import { Chip } from '@page/ui/parts';
import { Thumb } from '@page/ui/photo';
import { ConflictChip, DeadlineChip, DeliveryChip, PhotosChip, StatusChip } from '@page/ui/states';

/** The wall time of its first record, however the command tells of it. */
function createdOf(row: Listed): string | undefined {
  return typeof row.created === 'string' ? row.created : row.created?.wall;
}

function Axes({ of }: { of: Listed }) {
  return (
    <span class="chips">
      {of.withdrawn && (
        <Chip tone="quiet" icon="close">
          {T('已撤回', 'withdrawn')}
        </Chip>
      )}
      {!of.withdrawn && <StatusChip of={of.status} />}
      <DeadlineChip of={of.withdrawn ? null : of.clock} />
      <DeliveryChip of={of.delivery} />
      <PhotosChip of={of.photos} />
      <ConflictChip count={of.conflicts} />
    </span>
  );
}

interface CaseRowProps {
  row: Listed;
  selected: boolean;
  here: Place | null;
  onPick: ((id: string) => void) | null;
}

export function CaseRow({ row, selected, here, onPick }: CaseRowProps) {
  const where = row.position ?? (row.fields.position as Place | undefined) ?? null;
  // The command's title names the place already.
  const street = !row.title && typeof row.fields.address === 'string' ? row.fields.address : (row.short ?? '');
  const place = [street, here && where ? T(`距此 ${metres(distance_m(here, where))}`, `${metres(distance_m(here, where))} away`) : '']
    .filter(Boolean)
    .join(' · ');
  const id = row.id ?? '';
  return (
    <div class={selected ? 'card case-row case-row-selected' : 'card case-row'}>
      <a href={address(['case', id])} aria-current={selected ? 'true' : undefined} class="case-link">
        {row.thumb && <Thumb sha256={row.thumb} alt="" />}
        <span class="case-words">
          <span class="case-title">{titleOf(row)}</span>
          {place && <span class="case-place">{place}</span>}
          <span class="quiet case-number">
            {[label(kindNamed(row.kind), row.kind), numberOf(row), ago(createdOf(row))].filter(Boolean).join(' · ')}
          </span>
          <Axes of={row} />
        </span>
      </a>
      {where && onPick && (
        <button
          type="button"
          class="button button-quiet case-pin"
          aria-label={T(`在地图上看 ${numberOf(row)}`, `show ${numberOf(row)} on the map`)}
          onClick={() => onPick(id)}
        >
          <Icon name="pin" />
        </button>
      )}
    </div>
  );
}
