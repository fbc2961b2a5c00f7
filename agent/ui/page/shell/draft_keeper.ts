// The worker's keeper of forms (keeper.ts): what is typed is a draft of the program. At most one
// write is under way, and the newest state follows it. Nothing waits for a button; nothing is called
// kept before the command said so.
//
// While the program does not answer, typing goes on here; what is not kept yet is said, and kept
// when it is back. Two pages that write to one draft are told apart by its version: the second one
// stops, and its person decides.
import { act as record, byActor } from '@page/actor';
import { call, type Call, Failure, failureOf, feed, GONE, type Row, STRANGER } from '@page/api';
import { signal } from '@page/signal';
import { connected } from '@page/store';
import { wordsOf, type Filled } from '@page/form/filled';
import {
  type Act,
  type Arriving,
  count,
  type DraftState,
  judgedOf,
  type Keeper,
  keeping,
  object,
  type Sought,
  text,
  textOrNull,
  UNTOUCHED,
} from '@page/form/keeper';

const RETRY_MS = 1500;
const RETRY_FAILED_MS = 5000;

/** Call `step` once, `ms` later or as soon as the program is back. */
function later(ms: number, step: () => void): () => void {
  let timer = 0;
  const end = (): void => {
    clearTimeout(timer);
    unwatch();
  };
  const run = (): void => {
    end();
    step();
  };
  const unwatch = connected.watch(() => connected.value && run());
  timer = window.setTimeout(run, ms);
  return end;
}

function asFailure(cause: unknown): Failure {
  return failureOf(cause);
}

/** Why nothing at all can be kept just now; else a photo that was refused is at fault itself. */
const NOT_NOW = new Set([GONE, STRANGER, 'busy', 'locked']);

let next_key = 1;

/** What a draft is called before it has a number: begun again because no answer was heard, it is
 * the same draft. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');

function openKeeper(kind: string, act: Act, first: Filled, begun?: Row): Keeper {
  let filled = first;
  const key = newKey();
  let version = begun ? count(begun.version) : 0;
  let dirty = false;
  let drops: string[] = [];
  let running = false;
  let closed = false;
  let unlater: (() => void) | undefined;
  let settlers: ((state: DraftState) => void)[] = [];

  const state = signal<DraftState>(
    begun
      ? {
          ...UNTOUCHED,
          number: textOrNull(begun.number),
          kept: 'kept',
          kept_at: Date.parse(text(begun.changed)) || Date.now(),
          ...judgedOf(begun),
        }
      : UNTOUCHED,
  );
  const put = (some: Partial<DraftState>): void => {
    state.value = { ...state.value, ...some };
  };

  const pendingPhoto = (): Arriving | undefined =>
    state.value.arriving.find((photo) => photo.failure === undefined);
  const busy = (): boolean => dirty || drops.length > 0 || pendingPhoto() !== undefined;

  function writeCall(photo: Arriving | undefined, dropping: string[]): Call {
    const flags: Record<string, string | string[] | true> = {};
    for (const [name, value] of Object.entries(filled.informant) as [string, string][])
      if (value.trim()) flags[name] = value;
    const opens = wordsOf(filled.opens);
    if (opens.length) flags.incident = opens;
    if (act.about && !state.value.number) flags.about = act.about;
    if (act.move && !state.value.number) flags.move = act.move;
    if (dropping.length) flags.drop = dropping;
    if (version) flags.version = String(version);
    if (!state.value.number) flags.key = key;
    if (photo)
      flags.photo = [['-', [photo.role, photo.forwarded && 'forwarded'].filter(Boolean).join(',')]
        .filter(Boolean)
        .join(':')];
    return {
      run: 'draft write',
      words: [state.value.number ?? kind, ...wordsOf(filled.values, act.emptied)],
      flags,
    };
  }

  function heard(row: Row): void {
    version = count(row.version) || version;
    put({
      number: textOrNull(row.number) ?? state.value.number,
      kept: 'kept',
      kept_at: Date.now(),
      failure: undefined,
      ...judgedOf(row),
    });
  }

  /** One write. False: not now. */
  async function write(): Promise<boolean> {
    const photo = pendingPhoto();
    const dropping = drops;
    dirty = false;
    drops = [];
    put({ kept: 'keeping', settled: false });
    try {
      const what = byActor(writeCall(photo, dropping));
      const answer = photo ? await feed<Row>(what, photo.file) : await call<Row>(what);
      if (answer.lines[0]) heard(answer.lines[0]);
      if (photo) put({ arriving: state.value.arriving.filter((other) => other.key !== photo.key) });
      return true;
    } catch (cause) {
      const failure = asFailure(cause);
      dirty = true;
      drops = [...dropping, ...drops];
      return failed(failure, photo);
    }
  }

  function failed(failure: Failure, photo: Arriving | undefined): boolean {
    if (failure.code === 'stale') {
      put({ kept: 'taken', failure });
      return false;
    }
    // No photo, or none that finds room: it is named, and the words go on without it.
    if (photo && !NOT_NOW.has(failure.code)) {
      put({
        arriving: state.value.arriving.map((other) =>
          other.key === photo.key ? { ...other, failure } : other,
        ),
      });
      return true;
    }
    const gone = failure.code === GONE || failure.code === STRANGER;
    put({ kept: gone ? 'waiting' : 'failed', failure });
    unlater = later(gone ? RETRY_MS : RETRY_FAILED_MS, () => void run());
    return false;
  }

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    unlater?.();
    while (busy() && (await write()));
    running = false;
    put({ settled: !busy() });
    if (closed && !busy()) removeEventListener('beforeunload', leave);
    const heard_by = settlers;
    settlers = [];
    for (const tell of heard_by) tell(state.value);
  }

  const kick = (): void => {
    if (state.value.kept === 'taken') return;
    put({ settled: false });
    void run();
  };

  const leave = (event: BeforeUnloadEvent): void => {
    if (busy()) event.preventDefault();
  };
  addEventListener('beforeunload', leave);

  return {
    state,
    change(next) {
      filled = next;
      dirty = true;
      kick();
    },
    seed(next) {
      if (state.value.kept === 'empty') filled = next;
      else this.change(next);
    },
    addPhotos(files, role, forwarded) {
      const more = files.map(({ file, name }) => ({ key: next_key++, file, name, role, forwarded }));
      put({ arriving: [...state.value.arriving, ...more] });
      kick();
    },
    retryPhoto(key) {
      put({
        arriving: state.value.arriving.map((photo) =>
          photo.key === key ? { ...photo, failure: undefined } : photo,
        ),
      });
      kick();
    },
    forgetPhoto(key) {
      put({ arriving: state.value.arriving.filter((photo) => photo.key !== key) });
    },
    dropPhoto(sha256) {
      drops = [...drops, sha256];
      put({ photos: state.value.photos.filter((photo) => photo.sha256 !== sha256) });
      kick();
    },
    settle() {
      if (!running && (!busy() || state.value.kept === 'taken')) return Promise.resolve(state.value);
      const answer = new Promise<DraftState>((tell) => settlers.push(tell));
      void run();
      return answer;
    },
    takeOver() {
      version = 0;
      put({ kept: 'keeping', failure: undefined });
      dirty = true;
      kick();
    },
    async finish() {
      const number = state.value.number;
      if (!number) throw new Failure('page', 1, '');
      const flags: Record<string, string> = version ? { version: String(version) } : {};
      const answer = await record<Row>({ run: 'draft finish', words: [number], flags });
      dirty = false;
      return answer.lines[0] ?? {};
    },
    async discard() {
      const number = state.value.number;
      dirty = false;
      drops = [];
      put({ arriving: [] });
      if (running) await new Promise<DraftState>((tell) => settlers.push(tell));
      if (number ?? state.value.number)
        await call({ run: 'draft discard', words: [(number ?? state.value.number)!] });
    },
    close() {
      // What could not be kept until now is tried for as long as the page lives.
      closed = true;
      if (!busy()) removeEventListener('beforeunload', leave);
    },
  };
}

function touches(row: Row, what: Sought): boolean {
  const names = Object.keys(object(row.texts));
  if (names.length === 0) return what.photos === true && (what.fields ?? []).length === 0;
  return names.every((name) => what.fields?.includes(name) ?? false);
}

async function findBegun(what: Sought): Promise<Row | null> {
  const { lines } = await call<Row>({ run: 'draft list' });
  const same = (row: Row): boolean =>
    row.about === what.about &&
    text(row.move) === (what.move ?? '') &&
    (what.move !== undefined || touches(row, what));
  return lines.find(same) ?? null;
}

keeping.open = openKeeper;
keeping.begun = findBegun;
