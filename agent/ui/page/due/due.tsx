// Due.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';
import type { PageProps } from '../routes';

export function Due(_: PageProps) {
  return (
    <Page title={T('到期', 'Due')}>
      {null}
    </Page>
  );
}
