// A row of what is due: a visit, a task, a stage of a case.
import { said } from '@page/domain';
import { lang, N, T, when } from '@page/text';
import { Chip, type Tone } from '@page/ui/parts';
import { Icon, type IconName } from '@page/ui/icon';

export interface DueItem {
  what: 'visit' | 'task' | 'stage';
  id: string;
  number: string;
  title: string;
  due: string;
  overdue: boolean;
  stage?: string;
  last_visit?: string | null;
}

const ICONS: Record<DueItem['what'], IconName> = { visit: 'visit', task: 'task', stage: 'flag' };

function nameOf(of: DueItem): string {
  if (of.what === 'stage') return said('stages', of.stage);
  return of.what === 'visit' ? T('走访', 'visit') : T('任务', 'task');
}

const DAY_MS = 86400000;

/** 今天 18:00 前, 过期 2 天; a subject that nobody visited yet is new, not late. */
function untilWhen(of: DueItem): { tone: Tone; icon: IconName; words: string } {
  const now = Date.now();
  const due = Date.parse(of.due);
  if (of.what === 'visit' && of.last_visit === null)
    return { tone: 'info', icon: 'visit', words: T('还没有走访过', 'never visited') };
  if (!of.overdue) {
    const relative = new Intl.DateTimeFormat(lang.value, { timeZone: 'Asia/Shanghai', dateStyle: 'short' });
    const today = relative.format(due) === relative.format(now);
    const time = when(of.due).split(' ').pop() ?? '';
    return { tone: today ? 'warn' : 'quiet', icon: 'clock', words: today ? T(`今天 ${time} 前`, `by ${time} today`) : T(`${when(of.due)} 前`, `by ${when(of.due)}`) };
  }
  const days = Math.floor((now - due) / DAY_MS);
  return {
    tone: 'bad',
    icon: 'alert',
    words: days > 0 ? T(`过期 ${days} 天`, `${N(days, '', 'day', 'days')} overdue`) : T('今天已过期', 'overdue today'),
  };
}

/** `brief`: what leads there is enough. */
export function DueRow({ of, brief }: { of: DueItem; brief?: boolean }) {
  const until = untilWhen(of);
  return (
    <li class="card due-row">
      <a class="due-link" href={`#/case/${of.id}`}>
        <Icon name={ICONS[of.what]} />
        <span class="due-title">
          <strong>{of.title || of.number}</strong>
          <span class="quiet">{`${nameOf(of)} ${of.number}`}</span>
        </span>
        <Chip tone={until.tone} icon={until.icon}>
          {until.words}
        </Chip>
      </a>
      {of.what === 'visit' && !brief && (
        <a class="button" href={`#/new/visit?of=${of.id}`} aria-label={T(`记走访：${of.title}`, `Record a visit: ${of.title}`)}>
          {T('记走访', 'Record visit')}
        </a>
      )}
    </li>
  );
}
