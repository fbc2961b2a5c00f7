// What was noted on a case: each by whom, and when.
import { whenOf, whoOf, type Element } from '@page/entity';
import { T } from '@page/text';
import { Section } from '@page/ui/parts';
import { valueText } from '@page/value';

export function Notes({ of }: { of: Element[] }) {
  if (of.length === 0) return null;
  return (
    <Section title={T('备注', 'Notes')}>
      <ul class="case-notes">
        {of.map((note) => (
          <li key={`${note.hash}:${note.index}`}>
            <p dir="auto" class="fact-value">
              {valueText(undefined, note.value)}
            </p>
            <p class="quiet">
              {whoOf(note)} · {whenOf(note)}
            </p>
          </li>
        ))}
      </ul>
    </Section>
  );
}
