// Why somebody looks at personal fields: asked once a case, recorded with every look (查阅留痕), and
// remembered in this tab's memory only.
import { useId, useState } from 'preact/hooks';
import type { Failure } from '@page/api';
import { signal, useSignal } from '@page/signal';
import { known } from '@page/api';
import { T } from '@page/text';
import { Button, Sheet } from '@page/ui/parts';

const reasons = signal<ReadonlyMap<string, string>>(new Map());
known.watch(() => {
  if (!known.value) reasons.value = new Map();
});

/** The reason that was given for this case, or none. */
export function useReason(id: string): string | undefined {
  return useSignal(reasons).get(id);
}

/** Was it refused because nobody said why? */
export const wantsReason = (failure: Failure | undefined): boolean => failure?.more.wants === 'why';

const USUAL = (): string[] => [
  T('办理本案', 'to handle this case'),
  T('核实情况', 'to verify what was reported'),
  T('回访反映人', 'to call back who reported it'),
  T('督办检查', 'to supervise its handling'),
];

/** Asked before the case is shown; `left`: nothing was said. */
export function ReasonSheet({ id, left }: { id: string; left(): void }) {
  const [other, setOther] = useState('');
  const box = useId();
  const give = (why: string): void => {
    reasons.value = new Map(reasons.value).set(id, why);
  };
  return (
    <Sheet title={T('为什么查阅个人信息', 'Why are you reading personal information?')} onClose={left}>
      <p>
        {T(
          '这一件有个人信息。谁、何时、为什么查阅，都记入日志，当事人和审计员可以查。',
          'This case holds personal information. Who reads it, when and why goes into the log, for those concerned and for auditors.',
        )}
      </p>
      <div class="buttons">
        {USUAL().map((why) => (
          <Button key={why} onClick={() => give(why)}>
            {why}
          </Button>
        ))}
      </div>
      <form
        class="controls"
        onSubmit={(event) => {
          event.preventDefault();
          if (other.trim()) give(other.trim());
        }}
      >
        <div class="field">
          <label for={box}>{T('其他理由', 'Another reason')}</label>
          <input id={box} type="text" autocomplete="off" value={other} onInput={(event) => setOther(event.currentTarget.value)} />
        </div>
        <Button type="submit" disabled={other.trim() === ''}>
          {T('查阅', 'Read')}
        </Button>
      </form>
    </Sheet>
  );
}
