// A QR code as the server drew it: a path on a grid of `size` squares, with the margin that readers
// ask for.
import { T } from '@page/text';
import './qr.css';

export interface Qr {
  size: number;
  path: string;
}

const MARGIN = 4;

export function QrCode({ of }: { of: Qr }) {
  const side = of.size + 2 * MARGIN;
  return (
    <svg class="qr" viewBox={`${-MARGIN} ${-MARGIN} ${side} ${side}`} role="img" aria-label={T('二维码', 'QR code')}>
      <rect x={-MARGIN} y={-MARGIN} width={side} height={side} class="qr-paper" />
      <path d={of.path} class="qr-ink" />
    </svg>
  );
}
