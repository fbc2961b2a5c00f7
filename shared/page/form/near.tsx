// "Is it one of these?": what was reported near here and is open, before another one is saved.
import { categoryNamed, said } from '@page/domain';
import { ago, label, metres, T } from '@page/text';
import { Button, Chip } from '@page/ui/parts';
import { Thumb } from '@page/ui/photo';
import { Icon } from '@page/ui/icon';
import type { Near } from '@page/form/keeper';

interface NearProps {
  near: Near[];
  /** The id of the one it is; 'none': none of them; null: not said yet. */
  same: string | null;
  onSame(same: string | null): void;
}

export function NearBox({ near, same, onSame }: NearProps) {
  if (near.length === 0) return null;
  return (
    <section class="section near-box" id="near" aria-labelledby="near-title" tabIndex={-1}>
      <h2 id="near-title">
        <Icon name="info" />
        {T('附近已经报过，是其中一件吗？', 'Reported near here already: is it one of these?')}
      </h2>
      <ul class="near-list">
        {near.map((one) => (
          <li class={one.id === same ? 'card near-same' : 'card'} key={one.id}>
            <div class="near-row">
              {one.thumb && <Thumb sha256={one.thumb} alt={T('它的照片', 'its photo')} />}
              <div class="near-words">
                <strong>{label(categoryNamed(one.category), one.category ?? one.number)}</strong>
                <span>{one.address}</span>
                <span class="quiet">
                  {[metres(one.distance_m), one.number, ago(one.created)].filter(Boolean).join(' · ')}
                </span>
                {one.status && (
                  <span class="chips">
                    <Chip tone="quiet" icon="flag">
                      {said('statuses', one.status)}
                    </Chip>
                  </span>
                )}
              </div>
            </div>
            <Button
              icon={one.id === same ? 'check' : 'link'}
              aria-pressed={one.id === same}
              onClick={() => onSame(one.id === same ? null : one.id)}
            >
              {one.id === same
                ? T('是这一件：保存后并到一起', 'This one: linked when saved')
                : T('就是这一件', 'It is this one')}
            </Button>
          </li>
        ))}
      </ul>
      <Button aria-pressed={same === 'none'} icon={same === 'none' ? 'check' : 'plus'} onClick={() => onSame('none')}>
        {T('都不是，是新的一件', 'None of them: a new one')}
      </Button>
    </section>
  );
}
