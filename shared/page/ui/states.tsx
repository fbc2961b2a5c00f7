// The three axes of what a worker sees of a record, and its deadline, as chips.
import { T } from '@page/text';
import { said } from '@page/domain';
import { Chip, type Tone } from '@page/ui/parts';
import type { IconName } from '@page/ui/icon';

export type Delivery = 'draft' | 'waiting' | 'sealed' | 'sent' | 'received';

const DELIVERY: Record<Delivery, { tone: Tone; icon: IconName }> = {
  draft: { tone: 'quiet', icon: 'draft' },
  waiting: { tone: 'info', icon: 'waiting' },
  sealed: { tone: 'info', icon: 'waiting' },
  sent: { tone: 'info', icon: 'waiting' },
  received: { tone: 'ok', icon: 'received' },
};

/** 文字已收到; `late`: it has waited for longer than the setting allows. */
export function DeliveryChip({ of, late }: { of: Delivery; late?: boolean }) {
  const look = DELIVERY[of] ?? DELIVERY.waiting;
  const words: Record<Delivery, string> = {
    draft: T('草稿', 'draft'),
    waiting: T('待传', 'waiting to go'),
    sealed: T('待传', 'waiting to go'),
    sent: T('已发，未回执', 'sent, no receipt yet'),
    received: T('文字已收到', 'text received'),
  };
  return (
    <Chip tone={late && of !== 'received' && of !== 'draft' ? 'bad' : look.tone} icon={look.icon}>
      {words[of]}
    </Chip>
  );
}

export interface PhotoCounts {
  total: number;
  server: number;
  only_here: number;
  elsewhere: number;
  not_here: number;
  wanted: number;
}

/** 照片 1/3 仅在本机 */
export function PhotosChip({ of }: { of: PhotoCounts | undefined }) {
  if (!of || of.total === 0) return null;
  if (of.only_here > 0)
    return (
      <Chip tone="info" icon="photo">
        {T(`照片 ${of.only_here}/${of.total} 仅在本机`, `photos: ${of.only_here} of ${of.total} only here`)}
      </Chip>
    );
  return (
    <Chip tone="ok" icon="photo">
      {of.server === of.total
        ? T(`照片 ${of.total} 张已收到`, `${of.total} ${of.total === 1 ? 'photo' : 'photos'} received`)
        : T(`照片 ${of.total} 张`, `${of.total} ${of.total === 1 ? 'photo' : 'photos'}`)}
    </Chip>
  );
}

export function ConflictChip({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <Chip tone="warn" icon="fork">
      {T(`${count} 处冲突待决定`, `${count} to decide`)}
    </Chip>
  );
}

export interface Clock {
  stage: string;
  due: string | null;
  light: 'none' | 'green' | 'yellow' | 'red' | string;
  overdue: boolean;
  paused: boolean;
  /** "剩余3个工作时", in the language that was asked for. */
  text?: string | null;
  /** The same with its stage and when it is due. */
  line?: string | null;
  extended?: boolean;
  /** When its stage was left; null: it runs. */
  ended?: string | null;
}

const LIGHT: Record<string, Tone> = { green: 'ok', yellow: 'warn', red: 'bad' };

/** 处置 · 剩余3个工作时 */
export function DeadlineChip({ of }: { of: Clock | undefined | null }) {
  if (!of?.text) return null;
  return (
    <Chip tone={of.paused ? 'quiet' : (LIGHT[of.light] ?? 'quiet')} icon={of.overdue ? 'alert' : 'clock'}>
      {`${said('stages', of.stage)} · ${of.text}`}
    </Chip>
  );
}

export function StatusChip({ of }: { of: string | null | undefined }) {
  if (!of) return null;
  return (
    <Chip tone="quiet" icon="flag">
      {said('statuses', of)}
    </Chip>
  );
}
