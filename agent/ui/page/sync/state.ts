// The sync that runs on this device, whoever began it: this tab, another one, or the clock.
//
// It goes on while other pages are shown; the frame around them shows it too.
import { Failure, GONE, stream, type Row } from '@page/api';
import { refresh, syncing } from '@page/store';
import { signal } from '@page/signal';

/** How far it is; what is not known yet is not there. */
export interface Progress {
  phase?: 'connecting' | 'records' | 'photos' | 'waiting' | string;
  records_received?: number;
  records_total?: number;
  records_pulled?: number;
  photos_total?: number;
  photos_done?: number;
  photo_bytes_total?: number;
  photo_bytes_confirmed?: number;
  bytes_in?: number;
  bytes_out?: number;
  bytes_per_s?: number;
  /** Counted down steadily by the program; none while it cannot be told. */
  eta_s?: number | null;
  /** The one that is being sent. */
  photo?: { sha256: string; done: number; total: number };
}

/** What `sync --json` answers. */
export interface Result {
  ok: boolean;
  status: string;
  error?: string;
  reached?: boolean;
  records_received?: number;
  last_entry?: number;
  records_pulled?: number;
  photos_wanted?: number;
  photos_sent?: number;
  photos_left?: number;
  photos_refused?: number;
  photos_freed?: number;
  batches_refused?: number;
  reasons?: string[];
  quarantined?: number;
  gone?: number;
  remaining?: number;
  metered?: boolean;
  metered_by?: string;
  budget_used_up?: boolean;
  clock_ahead_ms?: number;
  new_chain?: string | null;
  succeeded?: boolean;
  lost_photos?: number;
  state?: string;
}

export interface SyncState {
  running: boolean;
  progress: Progress | null;
  result: Result | null;
  failure: Failure | null;
  /** When it ended. */
  ended: number;
}

const NOTHING: SyncState = { running: false, progress: null, result: null, failure: null, ended: 0 };
export const sync = signal<SyncState>(NOTHING);

/** Without a line for so long another's sync has ended, whatever became of its last word. */
const SILENT_MS = 60000;
let silence = 0;
/** This tab hears its own sync from its own request. */
let mine = false;

function change(by: Partial<SyncState>): void {
  sync.value = { ...sync.value, ...by };
}

/** Bytes that were confirmed stay confirmed: a number never goes back while one sync lasts. */
function further(now: Progress): Progress {
  const before = sync.value.progress;
  const confirmed = Math.max(now.photo_bytes_confirmed ?? 0, before?.photo_bytes_confirmed ?? 0);
  return { ...now, photo_bytes_confirmed: confirmed };
}

function hear(line: Row): void {
  if (line.progress && typeof line.progress === 'object') {
    if (!sync.value.running) change({ running: true, progress: null, result: null, failure: null });
    change({ progress: further(line.progress as Progress) });
  } else if (typeof line.ok === 'boolean') {
    change({ result: line as unknown as Result, ended: Date.now() });
  }
}

syncing.watch(() => {
  const line = syncing.value;
  if (!line || mine) return;
  hear(line);
  clearTimeout(silence);
  if (typeof line.exit === 'number' || typeof line.ok === 'boolean') change({ running: false });
  else silence = window.setTimeout(() => change({ running: false }), SILENT_MS);
});

export type SyncFlags = Record<string, string | true>;

/** Begin one, or follow the one that runs. */
export async function startSync(flags: SyncFlags = {}): Promise<void> {
  if (mine) return;
  mine = true;
  sync.value = { ...NOTHING, running: true };
  try {
    await stream<Row>({ run: 'sync', flags }, hear);
  } catch (cause) {
    const failure = cause instanceof Failure ? cause : new Failure(GONE, 4, String(cause));
    // Its answer says more than the end line, which repeats it.
    if (!sync.value.result || failure.code === GONE) change({ failure });
  } finally {
    mine = false;
    change({ running: false, ended: Date.now() });
    refresh();
  }
}

/** 0 to 1 of what is sent in photos; null: not that far yet. */
export function share(of: Progress | null): number | null {
  const total = of?.photo_bytes_total ?? 0;
  return total > 0 ? Math.min(1, (of?.photo_bytes_confirmed ?? 0) / total) : null;
}
