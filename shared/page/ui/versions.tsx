// Versions of one thing that are at odds, side by side: a column each, what is the same everywhere
// dimmed; on a phone one below the other, each cell with its label. One of them may be chosen.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { T } from '@page/text';
import { Chip } from '@page/ui/parts';
import { useRoom } from '@page/ui/room';

export interface Version {
  /** What choosing it means: a hash, or a word of the page. */
  key: string;
  title: string;
  /** It is what is shown until somebody decides. */
  shown: boolean;
  cells: Record<string, ComponentChildren>;
  /** Texts of the cells, to tell which differ. */
  texts: Record<string, string>;
}

interface VersionsProps {
  rows: [name: string, label: string][];
  of: Version[];
  chosen: string | null;
  onChoose: (key: string) => void;
  label: string;
}

function Choose({ of, group, chosen, onChoose }: { of: Version; group: string; chosen: boolean; onChoose: () => void }) {
  return (
    <>
      <label class="choice version-choice">
        <input type="radio" name={group} checked={chosen} onChange={onChoose} />
        {of.title}
      </label>
      {of.shown && (
        <Chip tone="info" icon="info">
          {T('现在暂时显示', 'shown meanwhile')}
        </Chip>
      )}
    </>
  );
}

export function Versions({ rows, of, chosen, onChoose, label }: VersionsProps) {
  const group = useId();
  const room = useRoom('44rem');
  const filled = rows.filter(([name]) => of.some((one) => one.texts[name]));
  const same = (name: string): boolean => new Set(of.map((one) => one.texts[name] ?? '')).size === 1 && of.length > 1;
  const pick = (one: Version): ComponentChildren => (
    <Choose of={one} group={group} chosen={chosen === one.key} onChoose={() => onChoose(one.key)} />
  );
  if (!room)
    return (
      <fieldset class="versions-stack">
        <legend class="hidden-words">{label}</legend>
        {of.map((one) => (
          <div class="card version" key={one.key}>
            {pick(one)}
            <dl class="facts">
              {filled.map(([name, text]) => (
                <div class={same(name) ? 'version-same' : ''} key={name}>
                  <dt>{text}</dt>
                  <dd dir="auto">{one.cells[name] ?? '—'}</dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
      </fieldset>
    );
  return (
    <div class="versions-box" tabIndex={of.length > 3 ? 0 : -1} role="group" aria-label={label}>
      <table class="versions">
        <caption class="hidden-words">{label}</caption>
        <thead>
          <tr>
            <td />
            {of.map((one) => (
              <th scope="col" key={one.key}>
                {pick(one)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {filled.map(([name, text]) => (
            <tr key={name} class={same(name) ? 'version-same' : ''}>
              <th scope="row">{text}</th>
              {of.map((one) => (
                <td key={one.key} dir="auto">
                  {one.cells[name] ?? '—'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
