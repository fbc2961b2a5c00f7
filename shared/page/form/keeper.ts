// Keeps what is typed, as a draft of the program: at most one write is under way, and the newest
// state follows it. Nothing waits for a button; nothing is called kept before the command said so.
//
// While the program does not answer, typing goes on here; what is not kept yet is said, and kept
// when it is back. Two pages that write to one draft are told apart by its version: the second one
// stops, and its person decides.
import { act as record, byActor } from '@page/actor';
import { call, type Call, Failure, failureOf, feed, GONE, type Json, type Row, STRANGER } from '@page/api';
import { signal, type Signal } from '@page/signal';
import { connected } from '@page/store';
import { wordsOf, type Filled, type Informant, type Values } from '@page/form/filled';

export interface Problem {
  field: string;
  text: string;
}

/** An incident that this one may be. */
export interface Near {
  id: string;
  number: string;
  distance_m: number;
  category: string | null;
  address: string | null;
  status: string | null;
  created: string | null;
  thumb: string | null;
}

export interface KeptPhoto {
  sha256: string;
  /** Its small picture; itself where it has none. */
  thumb: string;
  bytes: number;
  role: string | null;
  origin: string | null;
  doubts: string[];
}

/** A photo on its way into the draft. */
export interface Arriving {
  key: number;
  file: Blob;
  name: string;
  role: string;
  forwarded: boolean;
  /** Why it is not in it; undefined: on its way. */
  failure?: Failure | undefined;
}

export type Kept =
  | 'empty' /* nothing was touched */
  | 'keeping'
  | 'kept'
  | 'waiting' /* the program does not answer; tried again */
  | 'failed' /* full disk and the like; tried again */
  | 'taken'; /* another page wrote to it */

export interface DraftState {
  number: string | null;
  kept: Kept;
  /** When it was last kept, in ms. */
  kept_at: number;
  /** Nothing is on its way: what is said below is of what stands in the form. */
  settled: boolean;
  problems: Problem[];
  missing: string[];
  /** It would be better with these. */
  wanted: string[];
  near: Near[];
  photos: KeptPhoto[];
  arriving: Arriving[];
  failure: Failure | undefined;
}

export interface Act {
  /** What it is about; none: something new. */
  about?: string | undefined;
  move?: string | undefined;
  /** Fields that an empty value empties (an edit). */
  emptied?: readonly string[] | undefined;
}

export interface Keeper {
  state: Signal<DraftState>;
  change(filled: Filled): void;
  /** What is filled in by itself (a position, a last value): kept with what a person does. */
  seed(filled: Filled): void;
  addPhotos(files: readonly { file: Blob; name: string }[], role: string, forwarded: boolean): void;
  retryPhoto(key: number): void;
  forgetPhoto(key: number): void;
  dropPhoto(sha256: string): void;
  /** When all that was typed is kept, or cannot be. */
  settle(): Promise<DraftState>;
  /** Go on in this page with a draft that another one wrote to. */
  takeOver(): void;
  /** Make it a record; what the command answered. */
  finish(): Promise<Row>;
  discard(): Promise<void>;
  /** The page is left; what is on its way ends by itself. */
  close(): void;
}

const RETRY_MS = 1500;
const RETRY_FAILED_MS = 5000;

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const textOrNull = (value: Json | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
const rows = (value: Json | undefined): Row[] =>
  Array.isArray(value)
    ? value.filter((row): row is Row => row !== null && typeof row === 'object' && !Array.isArray(row))
    : [];
const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((word): word is string => typeof word === 'string') : [];
const count = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);

const object = (value: Json | undefined): Row =>
  value && typeof value === 'object' && !Array.isArray(value) ? value : {};

function photoOf(row: Row): KeptPhoto {
  return {
    sha256: text(row.sha256),
    thumb: text(object(row.thumbnail).sha256) || text(row.sha256),
    bytes: count(row.bytes),
    role: textOrNull(row.role),
    origin: textOrNull(row.origin),
    doubts: rows(row.doubts).map((doubt) => text(doubt.doubt)),
  };
}

function nearOf(row: Row): Near {
  return {
    id: text(row.id),
    number: text(row.number),
    distance_m: count(row.distance_m),
    category: textOrNull(row.category),
    address: textOrNull(row.address),
    status: textOrNull(row.status),
    created: textOrNull(row.created),
    thumb: textOrNull(row.thumb),
  };
}

function informantOf(of: Row): Informant {
  return {
    contact: text(of.contact),
    phone: text(of.phone),
    consent: text(of.consent),
    relation: text(of.relation),
  };
}

/** What was typed, by field: a text, or a list of them. */
function valuesOf(of: Row): Values {
  const values: Values = {};
  for (const [field, said] of Object.entries(of))
    values[field] = typeof said === 'string' ? [said] : texts(said);
  return values;
}

/** What a draft holds, as `draft write`, `draft list` and `show` tell it. */
export function filledOf(row: Row): Filled {
  return {
    values: valuesOf(object(row.texts)),
    informant: informantOf(object(row.informant)),
    opens: valuesOf(object(row.incident)),
  };
}

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

export function openKeeper(kind: string, act: Act, first: Filled, begun?: Row): Keeper {
  let filled = first;
  const key = newKey();
  let version = begun ? count(begun.version) : 0;
  let dirty = false;
  let drops: string[] = [];
  let running = false;
  let closed = false;
  let unlater: (() => void) | undefined;
  let settlers: ((state: DraftState) => void)[] = [];

  const state = signal<DraftState>({
    number: begun ? textOrNull(begun.number) : null,
    kept: begun ? 'kept' : 'empty',
    kept_at: begun ? Date.parse(text(begun.changed)) || Date.now() : 0,
    settled: true,
    problems: begun ? problemsOf(begun) : [],
    missing: begun ? texts(begun.missing) : [],
    wanted: begun ? texts(begun.wanted) : [],
    near: begun ? rows(begun.near).map(nearOf) : [],
    photos: begun ? rows(begun.photos).map(photoOf) : [],
    arriving: [],
    failure: undefined,
  });
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
      problems: problemsOf(row),
      missing: texts(row.missing),
      wanted: texts(row.wanted),
      near: rows(row.near).map(nearOf),
      photos: rows(row.photos).map(photoOf),
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

function problemsOf(row: Row): Problem[] {
  return rows(row.problems).map((problem) => ({ field: text(problem.field), text: text(problem.text) }));
}
