// What can be done now: each move as a large button, with what it needs; those that cannot be done
// yet say why.
import { kindNamed, said } from '@page/domain';
import { address } from '@page/route';
import { useCall } from '@page/store';
import { T } from '@page/text';
import { Busy, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';

interface Need {
  need: string;
  label: string;
  met: boolean;
  /** Good to have; a reason does instead. */
  wanted: boolean;
}

interface Move {
  move: string;
  label: string;
  to: string | null;
  blocked: boolean;
  needs: Need[];
}

interface Possible {
  no_right: string | null;
  moves: Move[];
}

/** The labels name the option of the command, too; here it is a form. */
const bare = (text: string): string => text.replace(/[，,]?\s*[a-z_]+=$/, '');

/** What the form of the move asks for; all else is for others to do first. */
function isGiven(need: Need, kind: string): boolean {
  return ['before', 'after', 'answered'].includes(need.need) || (kindNamed(kind)?.fields.some(({ name }) => name === need.need) ?? false);
}

function words(needs: Need[]): string {
  return needs.map(({ label }) => bare(label)).join(T('、', ', '));
}

function Possibly({ of, id, kind }: { of: Move; id: string; kind: string }) {
  const open = of.needs.filter((need) => !need.met);
  const hard = open.filter((need) => !need.wanted);
  const soft = open.filter((need) => need.wanted);
  const hint = [
    hard.length > 0 ? T(`要填：${words(hard)}`, `needs: ${words(hard)}`) : '',
    soft.length > 0 ? T(`最好有：${words(soft)}`, `better with: ${words(soft)}`) : '',
  ].filter(Boolean);
  const to = of.to ? T(`之后：${said('statuses', of.to)}`, `then: ${said('statuses', of.to)}`) : '';
  if (of.blocked) {
    const why = hard.filter((need) => !isGiven(need, kind));
    return (
      <li class="move-blocked">
        <Icon name="lock" />
        <span>
          <strong>{of.label}</strong>
          <span class="quiet">{T(`现在还不能：${words(why)}`, `not yet: ${words(why)}`)}</span>
        </span>
      </li>
    );
  }
  return (
    <li>
      <a class="button move" href={address(['case', id, 'do', of.move])}>
        <span class="move-words">
          <strong>{of.label}</strong>
          <span class="move-hint">{[to, ...hint].filter(Boolean).join(' · ')}</span>
        </span>
        <Icon name="forward" />
      </a>
    </li>
  );
}

export function Moves({ id, kind }: { id: string; kind: string }) {
  const told = useCall<Possible>({ run: 'do', words: [id] });
  const possible = told.lines?.[0];
  if (told.failure) return <Trouble of={told.failure} again={told.again} />;
  if (!possible) return <Busy />;
  const blocked = possible.moves.filter((move) => move.blocked);
  const free = possible.moves.filter((move) => !move.blocked);
  return (
    <>
      {possible.no_right && <p class="quiet">{possible.no_right}</p>}
      {free.length === 0 && (
        <p>
          {T('现在没有您要办的步骤，等别人办。可以写备注、加照片。', 'There is no step for you now; others have to act. You can add a note or a photo.')}
        </p>
      )}
      {free.length > 0 && (
        <ul class="moves">
          {free.map((move) => (
            <Possibly key={move.move} of={move} id={id} kind={kind} />
          ))}
        </ul>
      )}
      {blocked.length > 0 && (
        <details class="moves-blocked">
          <summary>{T(`还不能办的 ${blocked.length} 步`, `${blocked.length} that cannot be done yet`)}</summary>
          <ul class="moves">
            {blocked.map((move) => (
              <Possibly key={move.move} of={move} id={id} kind={kind} />
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
