// A photo of the shelf: its thumbnail, fetched when it comes into view and let go with the page.
import { useEffect, useRef, useState } from 'preact/hooks';
import { data } from '@page/api';
import { behind } from '@page/behind';
import { locked } from '@page/store';
import { T } from '@page/text';
import { Icon } from '@page/ui/icon';

/** A small number of thumbnails stays, so that a list scrolled back does not flicker. */
const kept = new Map<string, string>();
const KEPT_MOST = 60;

function keep(sha256: string, address: string): void {
  kept.set(sha256, address);
  for (const [oldest, old] of kept) {
    if (kept.size <= KEPT_MOST) break;
    URL.revokeObjectURL(old);
    kept.delete(oldest);
  }
}

const lent = new Map<string, Blob>();

/** A photo of this page's own, which nobody else gives out before a record names it. */
export function lendPhoto(sha256: string, photo: Blob): void {
  lent.set(sha256, photo);
  keep(sha256, URL.createObjectURL(photo));
}

export const lentPhoto = (sha256: string): Blob | undefined => lent.get(sha256);

// Of a locked home nothing stays that could be shown.
locked.watch(() => {
  if (!locked.value) return;
  for (const address of kept.values()) URL.revokeObjectURL(address);
  kept.clear();
  lent.clear();
});

export function Thumb({ sha256, alt }: { sha256: string; alt: string }) {
  const frame = useRef<HTMLSpanElement>(null);
  const [address, setAddress] = useState(kept.get(sha256));
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    setAddress(kept.get(sha256));
    setMissing(false);
    if (kept.has(sha256) || !frame.current) return undefined;
    const ended = new AbortController();
    const seen = new IntersectionObserver((marks) => {
      if (!marks.some((mark) => mark.isIntersecting)) return;
      seen.disconnect();
      data(behind.photo(sha256, true), ended.signal)
        .then((blob) => {
          const made = URL.createObjectURL(blob);
          keep(sha256, made);
          setAddress(made);
        })
        .catch(() => !ended.signal.aborted && setMissing(true));
    });
    seen.observe(frame.current);
    return () => {
      ended.abort();
      seen.disconnect();
    };
  }, [sha256]);
  return (
    <span class="thumb" ref={frame}>
      {address ? (
        <img src={address} alt={alt} loading="lazy" />
      ) : (
        <span class="thumb-none" {...(missing || alt ? { role: 'img', 'aria-label': missing ? T('照片不在本机', 'photo not here') : alt } : {})}>
          <Icon name="photo" />
        </span>
      )}
    </span>
  );
}
