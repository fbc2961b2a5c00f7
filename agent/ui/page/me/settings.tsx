// Settings.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';
import type { PageProps } from '../routes';

export function Settings(_: PageProps) {
  return (
    <Page title={T('设置', 'Settings')}>
      {null}
    </Page>
  );
}
