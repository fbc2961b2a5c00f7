// Locked.
import { Page } from '@page/ui/parts';
import { T } from '@page/text';

export function Locked({ opened }: { opened: () => void }) {
  return (
    <Page title={T('已上锁', 'Locked')} root>
      <button type="button" onClick={opened} />
    </Page>
  );
}
