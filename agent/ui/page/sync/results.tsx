// How a sync went, in a worker's words: what arrived, what came, what waits and why, what to do.
import { bytes, duration, N, T } from '@page/text';
import { Bar, Button, Section } from '@page/ui/parts';
import { Icon, type IconName } from '@page/ui/icon';
import { share, startSync, type Progress, type Result, type SyncState } from './state';

interface Line {
  tone: 'ok' | 'info' | 'warn' | 'quiet';
  icon: IconName;
  text: string;
}

const CLOCK_OFF_MS = 2 * 60 * 1000;

function sent(of: Result): (Line | false)[] {
  return [
    !!of.records_received && {
      tone: 'ok',
      icon: 'received',
      text: T(
        `中心已收到 ${of.records_received} 条，证明已核验（日志第 ${of.last_entry ?? 0} 条）`,
        `${N(of.records_received, '', 'record', 'records')} received, proof verified (entry ${of.last_entry ?? 0} of the log)`,
      ),
    },
    !!of.photos_sent && {
      tone: 'ok',
      icon: 'photo',
      text: T(`中心已收到照片 ${of.photos_sent} 张`, `${N(of.photos_sent, '', 'photo', 'photos')} received`),
    },
    !!of.records_pulled && {
      tone: 'quiet',
      icon: 'down',
      text: T(`取回 ${of.records_pulled} 条新情况`, `${N(of.records_pulled, '', 'new record', 'new records')} fetched`),
    },
    !!of.photos_wanted && {
      tone: 'info',
      icon: 'photo',
      text: T(`中心点名要 ${of.photos_wanted} 张原图，会先传`, `The centre asks for ${N(of.photos_wanted, '', 'full photo', 'full photos')}; they go first`),
    },
    !!of.gone && {
      tone: 'quiet',
      icon: 'forward',
      text: T(`${of.gone} 件已转出，不用再办；你写过的都在`, `${of.gone} went to others; what you wrote stays`),
    },
    !!of.photos_freed && {
      tone: 'quiet',
      icon: 'space',
      text: T(`${of.photos_freed} 张照片中心已有备份，本机腾出了空间`, `${of.photos_freed} photos are backed up there; their space is free`),
    },
  ];
}

function kept(of: Result): (Line | false)[] {
  return [
    !!of.remaining && {
      tone: 'info',
      icon: 'waiting',
      text: T(`还有 ${of.remaining} 条没有回执，存在本机`, `${N(of.remaining, '', 'record has', 'records have')} no receipt yet and stay here`),
    },
    !!of.photos_left && {
      tone: 'info',
      icon: 'photo',
      text: of.budget_used_up
        ? T(`${of.photos_left} 张照片留到下次：这次的流量用完了`, `${of.photos_left} photos wait for the next time: this run's bytes are used up`)
        : of.metered
          ? T(`${of.photos_left} 张照片等 Wi-Fi：现在的网络按流量计费`, `${of.photos_left} photos wait for Wi-Fi: bytes cost on this line`)
          : T(`${of.photos_left} 张照片下次接着传`, `${of.photos_left} photos go on next time`),
    },
    !!of.quarantined && {
      tone: 'warn',
      icon: 'info',
      text: T(
        `${of.quarantined} 批由中心单独存着，没有并入；没有丢，请告诉管理员`,
        `${of.quarantined} batches are kept apart by the centre; nothing is lost, tell the administrator`,
      ),
    },
    !!of.lost_photos && {
      tone: 'warn',
      icon: 'photo',
      text: T(`中心丢了 ${of.lost_photos} 张本机已删的照片，请告诉管理员`, `The centre lost ${of.lost_photos} photos that are gone here; tell the administrator`),
    },
    !!of.succeeded && {
      tone: 'info',
      icon: 'sync',
      text: T('中心从备份恢复过；要补传的已自动补传', 'The centre was restored from a backup; what it lacked was sent again'),
    },
    !!of.new_chain && {
      tone: 'warn',
      icon: 'fork',
      text: T(
        '本机的数据恢复或复制过，已接着另记一条链；照常用。若没有恢复或复制过，请告诉管理员',
        "This device's data was restored or copied; it goes on in a new chain, work as usual. If it was neither, tell the administrator",
      ),
    },
    Math.abs(of.clock_ahead_ms ?? 0) > CLOCK_OFF_MS && {
      tone: 'warn',
      icon: 'clock',
      text:
        (of.clock_ahead_ms ?? 0) > 0
          ? T(`本机时钟快了 ${duration((of.clock_ahead_ms ?? 0) / 1000)}，请校准（记录不受影响）`, `This clock is ${duration((of.clock_ahead_ms ?? 0) / 1000)} ahead; set it right (no record is harmed)`)
          : T(`本机时钟慢了 ${duration(-(of.clock_ahead_ms ?? 0) / 1000)}，请校准（记录不受影响）`, `This clock is ${duration(-(of.clock_ahead_ms ?? 0) / 1000)} behind; set it right (no record is harmed)`),
    },
    ...(of.reasons ?? []).map((reason): Line => ({ tone: 'warn', icon: 'alert', text: T(`没有收：${reason}`, `Not taken: ${reason}`) })),
  ];
}

function Lines({ of }: { of: (Line | false)[] }) {
  const lines = of.filter((line): line is Line => line !== false);
  if (lines.length === 0) return null;
  return (
    <ul class="sync-lines">
      {lines.map((line) => (
        <li key={line.text} class={`sync-line sync-line-${line.tone}`}>
          <Icon name={line.icon} />
          <span>{line.text}</span>
        </li>
      ))}
    </ul>
  );
}

/** No connection is nothing bad: it is said quietly, with what can be done. */
function Offline({ words }: { words: string }) {
  return (
    <div class="card offline">
      <h3>{T('现在连不上中心', 'The centre cannot be reached now')}</h3>
      <p>
        {T(
          '记录都在本机，不会丢；有网络后会自动再传。一直没有网络，可以用下面的U盘。',
          'All records are on this device and safe; they are sent when there is a network. If there is none for long, use the stick below.',
        )}
      </p>
      <details>
        <summary>{T('详细', 'Details')}</summary>
        <p class="quiet">{words}</p>
      </details>
    </div>
  );
}

const REMEDY: Record<string, () => string> = {
  locked: () => T('请先解锁，再同步。', 'Unlock first, then sync.'),
  busy: () => T('另一个同步正在进行；等它结束，或稍后再试。', 'Another sync is going on; let it end, or try later.'),
  alarm: () =>
    T(
      '不要清空这台设备。马上把这一页给指挥中心管理员看。',
      'Do not wipe this device. Show this page to the administrator of the command centre at once.',
    ),
  refused: () => T('记录都在本机。请把上面的话告诉指挥中心管理员。', 'All records are here. Tell the administrator of the command centre what stands above.'),
  io: () => T('本机存不下或读不出。请先腾出空间，再试一次。', 'This device cannot store or read. Make room first, then try again.'),
};

function Failed({ words, status }: { words: string; status: string }) {
  return (
    <div class="trouble" role="alert">
      <Icon name="alert" />
      <p>{words}</p>
      <p class="remedy">
        {REMEDY[status]?.() ?? T('记录都在本机，不会丢。请再试一次；还不行就告诉指挥中心管理员。', 'All records are here and safe. Try again; if it stays so, tell the administrator.')}
      </p>
    </div>
  );
}

/** What became of it, and why. */
export function Outcome({ of }: { of: SyncState }) {
  const { result, failure } = of;
  if (of.running || (!result && !failure)) return null;
  const offline = result ? result.status === 'net' : failure?.exit === 4;
  const words = result?.error ?? failure?.message ?? '';
  const moved = result ? sent(result).some(Boolean) : false;
  return (
    <Section title={T('这次同步', 'This sync')}>
      <div class="sync-lines" role="status">
        {offline ? (
          <Offline words={words} />
        ) : result?.ok || (!words && result) ? (
          !moved && <p>{T('同步完成，没有新的内容。', 'In sync; there was nothing new.')}</p>
        ) : (
          <Failed words={words} status={result?.status ?? failure?.code ?? ''} />
        )}
        {result && <Lines of={[...sent(result), ...kept(result)]} />}
      </div>
      {!!result?.photos_left && (
        <Button icon="photo" onClick={() => void startSync({ unmetered: true, photos: 'all' })}>
          {T('现在就传照片', 'Send the photos now anyway')}
        </Button>
      )}
    </Section>
  );
}

function stageWords(of: Progress | null): string {
  const total = of?.photos_total ?? 0;
  const now = Math.min((of?.photos_done ?? 0) + 1, total);
  switch (of?.phase) {
    case 'waiting':
      return T('网络断了，在等它回来…', 'The line is down; waiting for it…');
    case 'photos':
      return T(`正在传照片，第 ${now}/${total} 张`, `Sending photo ${now} of ${total}`);
    case 'records':
      return T(
        `正在传记录：中心已收到 ${of.records_received ?? 0} 条，取回 ${of.records_pulled ?? 0} 条`,
        `Records: ${of.records_received ?? 0} received there, ${of.records_pulled ?? 0} fetched`,
      );
    default:
      return T('正在连接中心…', 'Connecting to the centre…');
  }
}

/** Where it is: in words, in confirmed bytes, and in time where that can be told. */
export function Underway({ of }: { of: SyncState }) {
  if (!of.running) return null;
  const progress = of.progress;
  const total = progress?.photo_bytes_total ?? 0;
  const eta = progress?.eta_s;
  return (
    <div class="card underway">
      <p role="status">
        <strong>{stageWords(progress)}</strong>
      </p>
      <Bar share={share(progress)} label={T('同步进度', 'Progress of the sync')} />
      {total > 0 && (
        <p class="quiet">
          {T(
            `中心已确认 ${bytes(progress?.photo_bytes_confirmed ?? 0)}，共 ${bytes(total)}`,
            `${bytes(progress?.photo_bytes_confirmed ?? 0)} of ${bytes(total)} confirmed by the centre`,
          )}
          {typeof eta === 'number' && eta > 0 && T(`，大约还要 ${duration(eta)}`, `, about ${duration(eta)} left`)}
        </p>
      )}
      <p class="quiet">{T('可以去别的页面，也可以接着记录。', 'You may leave this page, and go on recording.')}</p>
    </div>
  );
}
