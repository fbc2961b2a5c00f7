// Drafts: a place of their own, so that five are not hidden among fifty records. What is thrown
// away goes a few seconds later, and not at all when it is taken back.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, Failure } from '@page/api';
import { kindNamed } from '@page/domain';
import { address } from '@page/route';
import { refresh, useCall } from '@page/store';
import { label, T } from '@page/text';
import type { Listed } from '@page/entity';
import { fieldLabel, titleOf, valueText } from '@page/value';
import { Busy, Button, Empty, LinkButton, tell, Trouble } from '@page/ui/parts';

const REGRET_MS = 7500;

/** Those whose end is near, and when it comes. */
const leaving = new Map<string, number>();

function Draft({ of, onDiscard }: { of: Listed; onDiscard: () => void }) {
  const kind = kindNamed(of.kind);
  const number = of.number ?? '';
  const filled = Object.entries(of.fields).filter(([name]) => name !== 'position');
  return (
    <li class="card">
      <strong class="case-title">{titleOf(of)}</strong>
      <p class="quiet">
        {[label(kind, of.kind), number].join(' · ')}
        {filled.length > 0 && ' · '}
        {filled
          .slice(0, 4)
          .map(([name, value]) => `${fieldLabel(kind, name)} ${valueText(kind?.fields.find((one) => one.name === name), value, of.names?.[name])}`)
          .join(T('，', ', '))}
      </p>
      <div class="buttons">
        <LinkButton href={address(['draft', number])} icon="draft" look="main">
          {T('继续填写', 'Go on')}
        </LinkButton>
        <Button icon="trash" look="danger" onClick={onDiscard}>
          {T('丢弃', 'Throw away')}
        </Button>
      </div>
    </li>
  );
}

export function useDrafts(): { list: Listed[] | undefined; failure: Failure | undefined } {
  const { lines, failure } = useCall<Listed>({ run: 'draft list' });
  return { list: lines, failure };
}

export function Drafts() {
  const { list, failure } = useDrafts();
  const [, draw] = useState({});
  const [trouble, setTrouble] = useState<Failure | undefined>();
  const shown = useRef(true);
  useEffect(() => () => void (shown.current = false), []);

  const discard = (number: string): void => {
    const redraw = (): void => {
      if (shown.current) draw({});
    };
    const timer = window.setTimeout(() => {
      call({ run: 'draft discard', words: [number] })
        .catch((cause: unknown) => shown.current && cause instanceof Failure && setTrouble(cause))
        .finally(() => {
          leaving.delete(number);
          refresh();
          redraw();
        });
    }, REGRET_MS);
    leaving.set(number, timer);
    redraw();
    tell({
      text: T(`草稿 ${number} 将丢弃`, `${number} will be thrown away`),
      tone: 'quiet',
      undo: () => {
        clearTimeout(timer);
        leaving.delete(number);
        redraw();
      },
    });
  };

  const left = list?.filter((draft) => !leaving.has(draft.number ?? ''));
  return (
    <>
      <Trouble of={failure ?? trouble} />
      {!left && !failure && <Busy />}
      {left?.length === 0 && (
        <Empty icon="draft">
          {T('没有草稿。填到一半离开，会自动留在这里。', 'No drafts. What you leave half filled in is kept here by itself.')}
        </Empty>
      )}
      <ul class="case-drafts" aria-label={T('草稿', 'Drafts')}>
        {left?.map((draft) => <Draft key={draft.number} of={draft} onDiscard={() => discard(draft.number ?? '')} />)}
      </ul>
    </>
  );
}
