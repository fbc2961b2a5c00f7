// Patrol.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';
import type { PageProps } from '../routes';

export function Patrol(_: PageProps) {
  return (
    <Page title={T('巡查', 'Patrol')} root>
      {null}
    </Page>
  );
}
