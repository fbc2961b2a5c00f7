// What a case waits for from a person: a request to be granted or refused, a supervision to be
// replied to; and what last turned it back. And what a request asked for, in the form that grants it.
import { said } from '@page/domain';
import { whoOf, type Wait } from '@page/entity';
import type { Values } from '@page/form/filled';
import { T, when } from '@page/text';
import { Chip } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import type { DeskCase } from './facts_desk';

/** Which request a move grants. */
const GRANTS: Record<string, string> = { extend: 'ask_extend', shelve: 'ask_shelve', defer: 'ask_defer' };

const who = (of: Wait): string => whoOf({ hash: '', author: of.author ?? '', ...(of.author_name ? { author_name: of.author_name } : {}) });

/** 孙磊 申请延期，到 11月28日 17:00：要等吊车 */
function wordsOf(of: Wait): string {
  const head = [who(of), said('moves', of.move ?? '')].filter(Boolean).join(' ');
  const until = of.until ? T(`，到 ${when(of.until)}`, `, until ${when(of.until)}`) : '';
  return `${head}${until}${of.why ? T(`：${of.why}`, `: ${of.why}`) : ''}`;
}

const requests = (of: DeskCase): Wait[] => (of.waiting ?? []).filter((one) => one.what === 'request');

/** What a form begins with that answers a request, and what was asked in words. */
export function answering(move: string, of: DeskCase): { values: Values; hint: string } | null {
  const asked = move === 'refuse' ? requests(of) : requests(of).filter((one) => one.move === GRANTS[move]);
  const [first] = asked;
  if (!first) return null;
  const values: Values = {};
  if (move !== 'refuse' && first.until) values.until = [first.until];
  if (move !== 'refuse' && first.why) values.why = [T(`同意申请：${first.why}`, `granted: ${first.why}`)];
  return { values, hint: asked.map(wordsOf).join(T('；', '; ')) };
}

export function Waits({ of }: { of: DeskCase }) {
  const waits = (of.waiting ?? []).filter((one) => one.move);
  if (of.withdrawn || waits.length + (of.turned_back ? 1 : 0) === 0) return null;
  return (
    <ul class="case-waits" aria-label={T('等人办的', 'What waits for a person')}>
      {waits.map((one) => (
        <li key={`${one.what}${one.move}`}>
          <Icon name="clock" />
          <span dir="auto">
            <strong>{one.what === 'reply' ? T('督办待回复：', 'To be replied to: ') : T('待批：', 'To be decided: ')}</strong>
            {wordsOf(one)}
          </span>
        </li>
      ))}
      {of.turned_back && (
        <li>
          <Icon name="undo" />
          <span dir="auto">
            <strong>{T('最近：', 'Last: ')}</strong>
            {wordsOf(of.turned_back)}
          </span>
        </li>
      )}
    </ul>
  );
}

/** In a list: that somebody waits for a decision, or for a reply. */
export function WaitChips({ of }: { of: readonly Wait[] | undefined }) {
  const waits = (of ?? []).filter((one) => one.move);
  return (
    <>
      {waits.map((one) => (
        <Chip tone="warn" icon="clock" key={`${one.what}${one.move}`}>
          {one.what === 'reply' ? T('督办待回复', 'reply wanted') : T(`待批：${said('moves', one.move ?? '')}`, `to decide: ${said('moves', one.move ?? '')}`)}
        </Chip>
      ))}
    </>
  );
}
