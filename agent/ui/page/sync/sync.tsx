// Sync.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';
import type { PageProps } from '../routes';

export function Sync(_: PageProps) {
  return (
    <Page title={T('同步', 'Sync')} root>
      {null}
    </Page>
  );
}
