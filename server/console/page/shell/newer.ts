// A page that was open while the server was replaced is still of the program that was there before.
// Whatever replaces a server ends the sessions, so it is asked when one has ended; then the page is
// loaded anew: at once, or by a button where something waits that only this page has.
import { signal } from '@page/signal';
import { held } from './held_acts';

/** There is a newer page, and this one is not done with. */
export const newer = signal(false);

const RENEWED = 'xunge-renewed';

/** Of a page's text: the page's own policy lets no script parse one. */
const scriptOf = (page: string): string | undefined => /<script type="module"[^>]* src="([^"]+)"/.exec(page)?.[1];

const mine = (): string | null | undefined => document.querySelector('script[type=module]')?.getAttribute('src');

async function isNewer(): Promise<boolean> {
  const response = await fetch('./', { cache: 'no-store', credentials: 'omit' });
  const there = response.ok ? scriptOf(await response.text()) : undefined;
  return there !== undefined && there !== mine();
}

export function renew(): void {
  sessionStorage.setItem(RENEWED, '1');
  location.reload();
}

/** Once a session has ended. A server that does not answer says nothing of it. */
export async function lookForNewer(): Promise<void> {
  newer.value = await isNewer().catch(() => false);
  if (newer.value && held.value.length === 0) renew();
}

/** This page was loaded because it is newer; told once. */
export const was_renewed = sessionStorage.getItem(RENEWED) !== null;
sessionStorage.removeItem(RENEWED);
