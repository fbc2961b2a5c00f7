// Where the receiver says we are: how well, in words and metres, how old, and what to do.
import { duration, metres, T } from '@page/text';
import { Chip, type Tone } from '@page/ui/parts';
import type { IconName } from '@page/ui/icon';
import type { Position } from './facts';

/** Older than this, it is said. */
const FRESH_S = 3;

function look(of: Position): { tone: Tone; icon: IconName; words: string } {
  switch (of.quality) {
    case 'good':
      return { tone: 'ok', icon: 'check', words: T('定位好', 'good fix') };
    case 'fair':
      return { tone: 'info', icon: 'here', words: T('定位一般', 'fair fix') };
    case 'poor':
      return { tone: 'warn', icon: 'alert', words: T('定位差', 'poor fix') };
    default:
      return { tone: 'warn', icon: 'alert', words: T('没有定位', 'no fix') };
  }
}

export function Fix({ of, recording }: { of: Position | null; recording: boolean }) {
  if (!of)
    return (
      <p class="fix quiet">{T('正在问定位接收机…', 'Asking the receiver…')}</p>
    );
  const { tone, icon, words } = look(of);
  const accuracy = of.at?.accuracy_m;
  return (
    <div class="fix">
      <Chip tone={tone} icon={icon}>
        {words}
      </Chip>
      {of.at && (
        <span>
          {accuracy === null || accuracy === undefined
            ? T('误差不明', 'accuracy unknown')
            : T(`误差约 ${metres(accuracy)}`, `within about ${metres(accuracy)}`)}
          {of.age_s > FRESH_S
            ? T(`，${duration(of.age_s)}前`, `, ${duration(of.age_s)} ago`)
            : T('，刚刚', ', just now')}
        </span>
      )}
      {of.text && (of.quality === 'none' || of.quality === 'poor') && <p class="fix-help">{of.text}</p>}
      {of.quality === 'none' && (
        <p class="fix-help">
          {recording
            ? T(
                '巡查照常进行：这一段会记为“缺口”并写明原因，定位恢复后自动接着记。',
                'The patrol goes on: this stretch is recorded as a gap with its cause, and the track resumes by itself.',
              )
            : T(
                '没有定位也可以开始：那一段会记为“缺口”。',
                'You may begin all the same: that stretch is recorded as a gap.',
              )}
        </p>
      )}
    </div>
  );
}
