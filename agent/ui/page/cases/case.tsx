// Case.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';
import type { PageProps } from '../routes';

export function Case(_: PageProps) {
  return (
    <Page title={T('案件', 'Case')}>
      {null}
    </Page>
  );
}
