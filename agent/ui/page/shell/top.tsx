// The strip above every page: who is recording, a patrol that runs, how the sync stands.
import { useSignal } from '@page/signal';
import { actor, actorCode, personNamed } from '@page/actor';
import { connected } from '@page/store';
import { T } from '@page/text';
import { Icon } from '@page/ui/icon';
import { share, sync } from '../sync/state';
import { isLate, useSettings, useStatus, waitingCount, type Status } from './facts';

function SyncChip({ of }: { of: Status }) {
  const now = useSignal(sync);
  const days = Number(useSettings().get('waiting_red_days') ?? 3);
  const waiting = waitingCount(of);
  const late = isLate(of, days);
  const part = share(now.progress);
  const words = now.running
    ? part === null
      ? T('正在同步', 'syncing')
      : T(`正在同步 ${Math.floor(part * 100)}%`, `syncing ${Math.floor(part * 100)}%`)
    : waiting > 0
      ? T(`待传 ${waiting}`, `${waiting} to go`)
      : of.photos.only_here > 0
        ? T(`照片待传 ${of.photos.only_here}`, `${of.photos.only_here} photos to go`)
        : T('都已收到', 'all received');
  const idle = !now.running && waiting + of.photos.only_here === 0;
  return (
    <a class={late ? 'top-item top-late' : 'top-item'} href="#/sync">
      <Icon name={now.running ? 'sync' : idle ? 'received' : 'waiting'} />
      {words}
    </a>
  );
}

export function Top() {
  useSignal(actor);
  const { status } = useStatus();
  const here = useSignal(connected);
  if (!status) return null;
  const nothing_yet = status.entities.received + waitingCount(status) === 0;
  return (
    <header class="top">
      <a class="top-item top-who" href="#/me">
        <Icon name="person" />
        <span class="hidden-words">{T('记录人：', 'Recording: ')}</span>
        <span class="top-name">{personNamed(actorCode())}</span>
      </a>
      {status.patrol && (
        <a class="top-item" href="#/patrol">
          <Icon name="route" />
          {status.patrol.running ? T('巡查中', 'on patrol') : T('巡查中断', 'patrol cut off')}
        </a>
      )}
      {here && !(nothing_yet && !status.last_sync) && <SyncChip of={status} />}
    </header>
  );
}
