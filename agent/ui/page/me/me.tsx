// Me.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';
import type { PageProps } from '../routes';

export function Me(_: PageProps) {
  return (
    <Page title={T('我', 'Me')} root>
      {null}
    </Page>
  );
}
