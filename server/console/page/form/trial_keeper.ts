// The console's keeper of forms (keeper.ts): judges one at each pause in typing (`try`), and makes it
// a record once (shell/once.ts). It owns what is typed until then, in the page; unsent.ts has a copy
// of it for a reload. Photos go to the centre as they are chosen, and are hers who chose them until
// a record names them. What was decided and only waits to be sent is held_acts.ts's.
import { call, data, Failure, failureOf, feed, GONE, STRANGER, type Call, type Row } from '@page/api';
import { behind } from '@page/behind';
import { signal } from '@page/signal';
import { refresh } from '@page/store';
import { lendPhoto } from '@page/ui/photo';
import { wordsOf, type Filled } from '@page/form/filled';
import { judgedOf, keeping, object, text, count, UNTOUCHED, type Act, type Arriving, type DraftState, type Keeper, type KeptPhoto } from '@page/form/keeper';
import { theDomain } from '@page/domain';
import { drawKey, withKey } from '../shell/once';
import { forgetUnsent, keepUnsent, unsentOf } from './unsent';

const PAUSE_MS = 300;
const NOT_THERE = 3; /* the exit status that says so */

const who = (): string => theDomain().me.worker;

type Flags = Record<string, string | string[] | true>;

let next_key = 1;

/** `SHA-256:near,forwarded`, as the commands take a photo that is at the centre. */
function photoWord(of: KeptPhoto): string {
  const said = [of.role, of.origin === 'forwarded' && 'forwarded'].filter(Boolean).join(',');
  return said ? `${of.sha256}:${said}` : of.sha256;
}

function taken(row: Row, from: Arriving): KeptPhoto {
  return {
    sha256: text(row.sha256),
    // The centre finds the small one by the photo itself.
    thumb: text(row.sha256),
    bytes: count(row.bytes),
    role: from.role || null,
    origin: from.forwarded ? 'forwarded' : null,
    doubts: [],
  };
}

/** The command that the form is: `add incident …`, `do ID MOVE …`, `set ID …`. */
export function commandOf(kind: string, act: Act, filled: Filled, photos: KeptPhoto[]): { run: string; words: string[]; flags: Flags } {
  const flags: Flags = {};
  const words = wordsOf(filled.values, act.emptied);
  const notes = filled.values.note ?? [];
  if (photos.length) flags.photo = photos.map(photoWord);
  if (act.about && act.move) return { run: 'do', words: [act.about, act.move, ...words], flags };
  if (act.about) {
    const only_note = words.length > 0 && words.every((word) => word.startsWith('note='));
    if (only_note && notes.length === 1) return { run: 'note', words: [act.about, notes[0]!], flags };
    return { run: 'set', words: [act.about, ...words], flags };
  }
  for (const [name, value] of Object.entries(filled.informant) as [string, string][]) if (value.trim()) flags[name] = value;
  return { run: 'add', words: [kind, ...words], flags };
}

/** Photos as they were told before the page went. */
function photosLeft(of: Row | undefined): KeptPhoto[] {
  const rows = Array.isArray(of?.photos) ? of.photos.map(object) : [];
  return rows.map((row) => ({
    sha256: text(row.sha256),
    thumb: text(row.sha256),
    bytes: count(row.bytes),
    role: text(row.role) || null,
    origin: text(row.origin) || null,
    doubts: [],
  }));
}

function openTrial(kind: string, act: Act, first: Filled, left?: Row): Keeper {
  let filled = first;
  /** It becomes a record once (once.ts), over a reload too. */
  let key = text(left?.key) || drawKey();
  let touched = false;
  let timer = 0;
  let asked: AbortController | undefined;
  let settlers: ((state: DraftState) => void)[] = [];
  const state = signal<DraftState>(left ? { ...UNTOUCHED, kept: 'judged', resumed: true, photos: photosLeft(left) } : UNTOUCHED);
  const put = (some: Partial<DraftState>): void => {
    state.value = { ...state.value, ...some };
  };
  const onItsWay = (): boolean => state.value.arriving.some((photo) => photo.failure === undefined);

  const settled = (): void => {
    if (onItsWay()) return;
    put({ settled: true });
    const heard = settlers;
    settlers = [];
    for (const tell of heard) tell(state.value);
  };

  /** What would come of it; photos stay as they are, the centre has them. */
  async function judge(): Promise<void> {
    clearTimeout(timer);
    timer = 0;
    asked?.abort();
    const mine = new AbortController();
    asked = mine;
    const { run, words, flags } = commandOf(kind, act, filled, state.value.photos);
    const what: Call = { run: 'try', words: [run, ...words], flags };
    try {
      const answer = (await call<Row>(what, mine.signal)).lines[0] ?? {};
      if (mine.signal.aborted) return;
      const { photos: _, ...judged } = judgedOf(answer);
      put({ ...judged, failure: undefined });
    } catch (cause) {
      if (mine.signal.aborted) return;
      put({ problems: [], missing: [], wanted: [], failure: failureOf(cause) });
    }
    settled();
  }

  const keep = (): void => keepUnsent(who(), kind, act, { filled, photos: state.value.photos, key });

  // What is being judged is of what stood there before: it must not be taken for the judgement of this.
  const soon = (): void => {
    touched = true;
    asked?.abort();
    put({ kept: 'judged', settled: false });
    keep();
    clearTimeout(timer);
    timer = window.setTimeout(() => void judge(), PAUSE_MS);
  };

  async function bring(photo: Arriving): Promise<void> {
    try {
      const row = (await feed<Row>({ run: 'photo add', words: ['-'] }, photo.file)).lines[0];
      put({ arriving: state.value.arriving.filter((other) => other.key !== photo.key) });
      if (row) lendPhoto(text(row.sha256), photo.file);
      if (row) put({ photos: [...state.value.photos.filter((one) => one.sha256 !== row.sha256), taken(row, photo)] });
      soon();
    } catch (cause) {
      const failure = failureOf(cause);
      put({ arriving: state.value.arriving.map((other) => (other.key === photo.key ? { ...other, failure } : other)) });
      if (!timer) settled();
    }
  }

  /** Are they still there? */
  async function lookAgain(): Promise<void> {
    for (const { sha256 } of state.value.photos) {
      const there = await data(behind.photo(sha256, true)).then(
        () => true,
        (cause: unknown) => failureOf(cause).exit !== NOT_THERE,
      );
      if (!there) put({ photos: state.value.photos.filter((photo) => photo.sha256 !== sha256), lost_photos: (state.value.lost_photos ?? 0) + 1 });
    }
    soon();
  }
  if (left) void lookAgain();

  function notDone(cause: unknown): never {
    const { code } = failureOf(cause);
    // Somebody was faster: what she wrote is shown.
    if (code === 'stale') refresh();
    // What is sent after a refusal is another act: she was told of the first.
    if (code !== GONE && code !== STRANGER) {
      key = drawKey();
      if (touched) keep();
    }
    throw cause;
  }

  const leave = (event: BeforeUnloadEvent): void => {
    if (touched) event.preventDefault();
  };
  addEventListener('beforeunload', leave);
  const end = (): void => {
    touched = false;
    clearTimeout(timer);
    asked?.abort();
    removeEventListener('beforeunload', leave);
  };

  return {
    state,
    change(next) {
      filled = next;
      soon();
    },
    seed(next) {
      filled = next;
      if (touched) soon();
    },
    addPhotos(files, role, forwarded) {
      const more = files.map(({ file, name }) => ({ key: next_key++, file, name, role, forwarded }));
      touched = true;
      put({ arriving: [...state.value.arriving, ...more], kept: 'judged', settled: false });
      for (const photo of more) void bring(photo);
    },
    retryPhoto(key) {
      const again = state.value.arriving.find((photo) => photo.key === key);
      if (!again) return;
      put({ arriving: state.value.arriving.map((photo) => (photo.key === key ? { ...photo, failure: undefined } : photo)), settled: false });
      void bring(again);
    },
    forgetPhoto(key) {
      put({ arriving: state.value.arriving.filter((photo) => photo.key !== key) });
    },
    dropPhoto(sha256) {
      put({ photos: state.value.photos.filter((photo) => photo.sha256 !== sha256) });
      soon();
    },
    settle() {
      if (!timer && state.value.settled) return Promise.resolve(state.value);
      const answer = new Promise<DraftState>((tell) => settlers.push(tell));
      if (timer) void judge();
      return answer;
    },
    takeOver: () => undefined,
    async finish() {
      const { run, words, flags } = commandOf(kind, act, filled, state.value.photos);
      const seen = run === 'set' ? act.seen?.() : undefined;
      if (seen !== undefined) flags.seen = String(seen);
      const answer = (await call<Row>(withKey({ run, words, flags }, key)).catch(notDone)).lines[0];
      if (!answer) throw new Failure('page', 1, '');
      end();
      forgetUnsent(who(), kind, act);
      return answer;
    },
    recorded: () => forgetUnsent(who(), kind, act),
    restart(next) {
      filled = next;
      key = drawKey();
      clearTimeout(timer);
      timer = 0;
      asked?.abort();
      touched = false;
      forgetUnsent(who(), kind, act);
      state.value = UNTOUCHED;
    },
    discard: () => {
      forgetUnsent(who(), kind, act);
      return Promise.resolve(end());
    },
    close: end,
  };
}

keeping.open = openTrial;
keeping.left = (kind, act) => unsentOf(who(), kind, act);
