// What `status` tells, as more than one page shows it.
import { refresh, useCall, type Shown } from '@page/store';

export interface Status {
  joined: boolean;
  worker: string;
  device: string;
  state: string;
  log: string;
  server: string;
  home: string;
  drafts: number;
  records: Record<'waiting' | 'sealed' | 'sent' | 'received', number>;
  entities: Record<'waiting' | 'sealed' | 'sent' | 'received', number>;
  photos: { total: number; only_here: number; bytes_only_here: number; oldest: string | null };
  conflicts: number;
  batches: { waiting: number; forked: number; quarantined: number };
  /** When the oldest record that has no receipt was written. */
  oldest_waiting?: string | null;
  last_sync: string | null;
  log_size: number;
  clock: { now: string; doubt: string | null; ahead_ms: number; server: string | null };
  free_bytes: number | null;
  free_low: boolean;
  vault: string;
  held: boolean;
  escrow: boolean;
  alarm: boolean;
  patrol: { id: string; number: string; start: string; running: boolean } | null;
}

export interface Setting {
  name: string;
  value: string;
  default: string;
  zh: string;
  en: string;
  least?: number;
  most?: number;
}

export function useStatus(): Shown<Status> & { status: Status | undefined } {
  const shown = useCall<Status>({ run: 'status' });
  return { ...shown, status: shown.lines?.[0] };
}

export function useSettings(): Map<string, string> {
  const shown = useCall<Setting>({ run: 'settings' });
  return new Map(shown.lines?.map((setting) => [setting.name, setting.value]));
}

/** Reports (not single records) that nothing proves to be at the centre. */
export function waitingCount(of: Status): number {
  return of.entities.waiting + of.entities.sealed + of.entities.sent;
}

const DAY_MS = 86400000;

/** Waiting is worth a colour only after days; the clock of a device that is off says nothing. */
export function isLate(of: Status, days: number): boolean {
  const oldest = of.oldest_waiting ? Date.parse(of.oldest_waiting) : NaN;
  return waitingCount(of) > 0 && !of.clock.doubt && Date.parse(of.clock.now) - oldest > days * DAY_MS;
}

const tabs = new BroadcastChannel('xunge-settings');
tabs.onmessage = () => refresh();

/** Said to the other tabs too: settings are no part of the home that is watched. */
export function settingsChanged(): void {
  tabs.postMessage('changed');
  refresh();
}
