// Record.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';
import type { PageProps } from '../routes';

export function Capture(_: PageProps) {
  return (
    <Page title={T('记一条', 'Record')}>
      {null}
    </Page>
  );
}
