// Notices.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';
import type { PageProps } from '../routes';

export function Notices(_: PageProps) {
  return (
    <Page title={T('通知', 'Notices')}>
      {null}
    </Page>
  );
}
