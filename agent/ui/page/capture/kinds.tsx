// Everything that a person may record, each with its name and sign.
import { theDomain } from '@page/domain';
import { address } from '@page/route';
import { label, T } from '@page/text';
import { Sheet } from '@page/ui/parts';
import { Icon, type IconName } from '@page/ui/icon';

const SIGNS: Record<string, IconName> = {
  incident: 'flag',
  contact: 'phone',
  visit: 'visit',
  dispute: 'talk',
  meeting: 'people',
  subject: 'person',
  campaign: 'search',
  task: 'task',
  notice: 'bell',
  alarm: 'alert',
  assessment: 'proof',
};

export function KindList() {
  return (
    <ul class="kind-list">
      {theDomain()
        .kinds.filter((kind) => kind.captured)
        .map((kind) => (
          <li key={kind.name}>
            <a class="button kind" href={address(['new', kind.name])}>
              <Icon name={SIGNS[kind.name] ?? 'note'} />
              <span>{label(kind)}</span>
            </a>
          </li>
        ))}
    </ul>
  );
}

export function KindsSheet({ onClose }: { onClose: () => void }) {
  return (
    <Sheet title={T('记哪一种', 'What to record')} onClose={onClose}>
      <KindList />
    </Sheet>
  );
}
