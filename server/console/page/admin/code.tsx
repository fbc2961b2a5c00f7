// A one-time key that is handed to somebody: as text to copy, and as a QR code to scan.
import { T, when } from '@page/text';
import { Button, Sheet, tell } from '@page/ui/parts';
import { QrCode, type Qr } from '../parts/qr';

export interface OneTime {
  title: string;
  text: string;
  expires: string;
  qr?: Qr | undefined;
  hint: string;
}

export function OneTimeSheet({ of, left }: { of: OneTime; left(): void }) {
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(of.text);
    tell({ text: T('已复制', 'Copied') });
  };
  return (
    <Sheet title={of.title} onClose={left}>
      <p>{of.hint}</p>
      {of.qr && <QrCode of={of.qr} />}
      <p>
        <code class="admin-code">{of.text}</code>
      </p>
      <p class="quiet">{T(`只能用一次，${when(of.expires)} 前有效。`, `Good once, until ${when(of.expires)}.`)}</p>
      <div class="buttons">
        {window.isSecureContext && (
          <Button icon="note" onClick={() => void copy()}>
            {T('复制', 'Copy')}
          </Button>
        )}
        <Button look="main" onClick={left}>
          {T('好了', 'Done')}
        </Button>
      </div>
    </Sheet>
  );
}
