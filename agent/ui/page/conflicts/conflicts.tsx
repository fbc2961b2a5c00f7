// Conflicts.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';
import type { PageProps } from '../routes';

export function Conflicts(_: PageProps) {
  return (
    <Page title={T('冲突', 'Conflicts')}>
      {null}
    </Page>
  );
}
