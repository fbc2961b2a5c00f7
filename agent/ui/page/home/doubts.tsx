// What is not as it should be on this device: in a worker's words, with what to do. Nothing of it
// stands in the way of recording, and says so.
import { bytes, duration, T, when } from '@page/text';
import { Icon, type IconName } from '@page/ui/icon';
import type { Status } from '../shell/facts';

interface Doubt {
  key: string;
  tone: 'bad' | 'warn' | 'quiet';
  icon: IconName;
  title: string;
  what: string;
  to?: { href: string; words: string };
}

/** 存疑的时钟: which way it is off, and that the records stand all the same. */
function clockDoubt(of: Status['clock']): Doubt | null {
  if (!of.doubt) return null;
  const off = duration(Math.abs(of.ahead_ms) / 1000);
  const title =
    of.doubt === 'before-release'
      ? T(`本机日期不对：现在显示 ${when(of.now)}`, `This device's date is wrong: it shows ${when(of.now)}`)
      : of.ahead_ms < 0
        ? T(`本机时钟慢了约 ${off}`, `This device's clock is about ${off} behind`)
        : T(`本机时钟快了约 ${off}`, `This device's clock is about ${off} ahead`);
  return {
    key: 'clock',
    tone: 'warn',
    icon: 'clock',
    title,
    what: T(
      '照常记录，不会丢；先后顺序不靠这个钟。请在系统设置里校准日期和时间，同步后会再核对。',
      'Record as usual, nothing is lost; the order of records does not rest on this clock. Set date and time in the system settings; the next sync checks them.',
    ),
  };
}

function doubtsOf(of: Status): Doubt[] {
  const list: (Doubt | null)[] = [
    of.alarm
      ? {
          key: 'alarm',
          tone: 'bad',
          icon: 'alert',
          title: T('警报：中心的日志与本机存的对不上', "Alarm: the centre's log does not match what this device holds"),
          what: T(
            '你的记录都在本机，照常记录。不要清空、不要交回这台设备；马上把这个页面给指挥中心管理员看。',
            'Your records are all here; go on recording. Do not wipe or return this device; show this page to the administrator of the command centre at once.',
          ),
          to: { href: '#/me/verify', words: T('核验本机全部记录', 'Verify everything here') },
        }
      : null,
    of.joined && of.state === 'revoked'
      ? {
          key: 'revoked',
          tone: 'bad',
          icon: 'lock',
          title: T('这台设备已被停用', 'This device was revoked'),
          what: T(
            '记过的都还在本机。请联系指挥中心管理员。',
            'All that was recorded is still here. Ask the administrator of the command centre.',
          ),
        }
      : null,
    of.joined && of.state === 'pending'
      ? {
          key: 'pending',
          tone: 'quiet',
          icon: 'waiting',
          title: T('等管理员批准这台设备', 'The administrator has yet to approve this device'),
          what: T('现在就可以记录，批准后自动上传。', 'Record already now; it is sent after the approval.'),
        }
      : null,
    clockDoubt(of.clock),
    of.free_low
      ? {
          key: 'space',
          tone: 'warn',
          icon: 'space',
          title: T(
            `本机空间快满了，只剩 ${bytes(of.free_bytes ?? 0)}`,
            `This device is nearly full: ${bytes(of.free_bytes ?? 0)} left`,
          ),
          what: T(
            '文字还能记；照片可能存不下。中心已有备份的照片可以腾出来。',
            'Text can still be recorded; photos may not fit. Photos that the centre has backed up can be let go.',
          ),
          to: { href: '#/sync/photos', words: T('腾出空间', 'Make room') },
        }
      : null,
    of.batches.forked > 0
      ? {
          key: 'copy',
          tone: 'warn',
          icon: 'fork',
          title: T('本机的数据曾被复制到两处使用', "This device's data was used in two places"),
          what: T(
            '两份都保留，没有丢，照常记录。请只用这一台，并告诉指挥中心管理员。',
            'Both are kept, nothing is lost, record as usual. Use only this one, and tell the administrator of the command centre.',
          ),
        }
      : null,
    of.batches.quarantined > 0
      ? {
          key: 'apart',
          tone: 'warn',
          icon: 'info',
          title: T(
            `有 ${of.batches.quarantined} 批记录由中心单独存着，没有并入`,
            `The centre keeps ${of.batches.quarantined} batches apart, not merged`,
          ),
          what: T('没有丢；请告诉指挥中心管理员。', 'Nothing is lost; tell the administrator of the command centre.'),
        }
      : null,
    of.patrol && !of.patrol.running
      ? {
          key: 'patrol',
          tone: 'warn',
          icon: 'route',
          title: T('巡查的轨迹记录中断了', "The patrol's track is interrupted"),
          what: T('走过的都存着。接着走，或按最后位置结束。', 'What you walked is kept. Go on, or end it at the last position.'),
          to: { href: '#/patrol', words: T('去处理', 'See to it') },
        }
      : null,
  ];
  return list.filter((doubt): doubt is Doubt => doubt !== null);
}

export function Doubts({ of }: { of: Status }) {
  const doubts = doubtsOf(of);
  if (doubts.length === 0) return null;
  return (
    <ul class="doubts" aria-label={T('要留意的事', 'To mind')}>
      {doubts.map((doubt) => (
        <li key={doubt.key} class={`doubt doubt-${doubt.tone}`}>
          <Icon name={doubt.icon} />
          <div role={doubt.tone === 'bad' ? 'alert' : undefined}>
            <p class="doubt-title">{doubt.title}</p>
            <p>{doubt.what}</p>
            {doubt.to && (
              <a class="button" href={doubt.to.href}>
                {doubt.to.words}
              </a>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
