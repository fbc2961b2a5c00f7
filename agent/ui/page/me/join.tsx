// Join.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';

export function Join({ joined }: { joined: () => void }) {
  return (
    <Page title={T('加入', 'Join')} root>
      <button type="button" onClick={joined} />
    </Page>
  );
}
