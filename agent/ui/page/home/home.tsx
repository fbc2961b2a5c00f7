// Today.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';
import type { PageProps } from '../routes';

export function Home(_: PageProps) {
  return (
    <Page title={T('今天', 'Today')} root>
      {null}
    </Page>
  );
}
