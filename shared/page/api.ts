// What the page asks of the program behind it (docs/page.md, "Requests").
//
// Each call is one command. The only place of the page that knows of fetch, of the token, and of
// how answers come in lines.
import { lang, T } from '@page/text';
import { signal } from '@page/signal';

/** What a person is told where nobody answers, or answers her: each page says it in its own words. */
export const saying = { gone: (): string => '', stranger: (): string => '' };

/** A JSON value as it came; whoever reads it says what it is. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Row = { [key: string]: Json };

export interface Call {
  run: string;
  words?: string[];
  flags?: Record<string, string | string[] | true>;
  /** A passphrase or a PIN. */
  secret?: string;
}

/** Why a command did not do it. `code` is stable, `text` is for a person, in her language. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    readonly exit: number,
    text: string,
    /** More keys of the error: what is possible, candidates. */
    readonly more: Row = {},
  ) {
    super(text);
  }
}

/** What went wrong, whatever it was. */
export const failureOf = (cause: unknown): Failure =>
  cause instanceof Failure ? cause : new Failure('page', 1, String(cause));

/** Nobody answers at the other end: the program was ended, or the key is not ours. */
export const GONE = 'gone';
export const STRANGER = 'stranger';

/** What a command said. */
export interface Answer<R = Row> {
  lines: R[];
  /** 0; 5: a person must decide; 7: an alarm, and what the command could tell all the same. */
  exit: number;
  /** Of the centre's board, where that was read: so many entities are not in the answer yet. */
  behind?: number;
}

// ---- who we are ----

const KEPT = 'xunge-token';
let token: string | null = null;

/** False: this tab was not let in. */
export const known = signal(true);

const family = new BroadcastChannel('xunge');
family.onmessage = (event: MessageEvent<unknown>) => {
  const said = event.data as { ask?: true; token?: string } | null;
  if (said?.ask && token) family.postMessage({ token });
  if (typeof said?.token === 'string' && !token) take(said.token);
};

function take(given: string): void {
  token = given;
  sessionStorage.setItem(KEPT, given);
  known.value = true;
}

/** What we were let in with is good no more. Another tab of the same address may know what is. */
function expire(): void {
  release();
  family.postMessage({ ask: true });
}

/** Let in with this, in every tab of this address. */
export function hold(given: string): void {
  take(given);
  family.postMessage({ token });
}

/** Let in no more: it ran out, or its person left. */
export function release(): void {
  token = null;
  sessionStorage.removeItem(KEPT);
  known.value = false;
}

/** As this tab was let in before, or as another tab of ours is. */
export async function resume(): Promise<boolean> {
  token ??= sessionStorage.getItem(KEPT);
  if (!token) {
    family.postMessage({ ask: true });
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  known.value = token !== null;
  return known.value;
}

/** A request that is no command: being let in, leaving. What was refused is thrown. */
export async function post<R = Row>(path: string, body: Row): Promise<R> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await send(path, { method: 'POST', headers, body: JSON.stringify({ ...body, lang: lang.value }) });
  if (!response.ok) throw await refused(response);
  // What is done and has nothing to say says nothing.
  const text = await response.text();
  return (text ? JSON.parse(text) : {}) as R;
}

// ---- requests ----

/** When she last touched the page; told with the next call. */
let touched = true;
for (const kind of ['pointerdown', 'keydown', 'wheel'])
  addEventListener(kind, () => (touched = true), { passive: true, capture: true });

/** The page is being left: what is asked now is to arrive all the same. */
let leaving = false;
addEventListener('pagehide', () => (leaving = true));
addEventListener('pageshow', () => (leaving = false));

/** So many bytes of a body are on their way or there. */
export type Sent = (bytes: number) => void;

/** As fetch(), which does not say how far it is with a body. */
function upload(path: string, headers: Record<string, string>, body: Blob, sent?: Sent, signal?: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    signal?.addEventListener('abort', stop);
    request.onloadend = () => {
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted) reject(failureOf(signal.reason));
      else if (request.status === 0) reject(new Failure(GONE, 4, saying.gone()));
      else resolve(new Response(request.response as Blob, { status: request.status }));
    };
    if (sent) request.upload.onprogress = (event) => sent(event.loaded);
    request.responseType = 'blob';
    request.open('POST', path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (signal?.aborted) return void reject(failureOf(signal.reason));
    request.send(body);
  });
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, cache: 'no-store', credentials: 'omit', keepalive: leaving });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new Failure(GONE, 4, saying.gone());
  }
}

async function ask(
  path: string,
  call: Call,
  body: Blob | null,
  signal: AbortSignal | undefined,
  sent?: Sent,
): Promise<Response> {
  if (!token) throw strange();
  const text = JSON.stringify({ ...call, lang: lang.value });
  const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
  if (touched) headers['Xunge-Touch'] = '1';
  touched = false;
  if (body) {
    headers['Xunge-Call'] = base64url(text);
    headers['Content-Type'] = 'application/octet-stream';
  } else {
    headers['Content-Type'] = 'application/json';
  }
  const response = body
    ? await upload(path, headers, body, sent, signal)
    : await send(path, { method: 'POST', headers, body: text, ...(signal ? { signal } : {}) });
  if (response.ok) return response;
  if (response.status === 401) {
    expire();
    throw strange();
  }
  throw await refused(response);
}

const strange = (): Failure => new Failure(STRANGER, 1, saying.stranger());

async function refused(response: Response): Promise<Failure> {
  const said = (await response.json().catch(() => ({}))) as {
    code?: string;
    title?: string;
    detail?: string | { error?: string; exit?: number; text?: string };
  };
  if (said.detail && typeof said.detail === 'object')
    return failure(said.detail as Row, said.detail.exit ?? 1);
  return new Failure(said.code ?? 'refused', 1, said.title ?? `HTTP ${response.status}`);
}

function failure(said: Row | undefined, exit: number): Failure {
  const name = typeof said?.error === 'string' ? said.error : 'failed';
  const text = typeof said?.text === 'string' ? said.text : T('没有做成', 'It failed');
  return new Failure(name, exit, text, said ?? {});
}

function base64url(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The lines of an answer, as they come. */
async function* linesOf(response: Response): AsyncGenerator<Row> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop()!;
      for (const line of lines) if (line) yield JSON.parse(line) as Row;
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

const cut = (): Failure =>
  new Failure(GONE, 4, T('话没说完就断了，请再试一次。', 'The answer broke off; please try again.'));

const ALARM = 7;

const OF_THE_END: readonly string[] = ['exit', 'error', 'at', 'behind'];

/** The last line: what came of it, and nothing else. */
const isEnd = (line: Row): line is Row & { exit: number } => typeof line.exit === 'number' && Object.keys(line).every((key) => OF_THE_END.includes(key));

async function gather<R>(
  response: Response,
  each?: (line: R) => void,
): Promise<Answer<R>> {
  const lines: R[] = [];
  let heard = 0;
  try {
    for await (const line of linesOf(response)) {
      if (isEnd(line)) {
        const { exit } = line;
        if (typeof line.error === 'object' && (exit !== ALARM || heard === 0)) throw failure(line.error as Row, exit);
        return { lines, exit, ...(typeof line.behind === 'number' ? { behind: line.behind } : {}) };
      }
      heard++;
      if (each) each(line as R);
      else lines.push(line as R);
    }
  } catch (cause) {
    throw cause instanceof TypeError ? cut() : cause;
  }
  throw cut();
}

/** Run a command and wait for all that it says. */
export async function call<R = Row>(what: Call, signal?: AbortSignal): Promise<Answer<R>> {
  return gather<R>(await ask('/api/run', what, null, signal));
}

/** The first line of its answer, where it has one. */
export async function one<R = Row>(what: Call, signal?: AbortSignal): Promise<R | undefined> {
  return (await call<R>(what, signal)).lines[0];
}

/** Run a command and hear each line as it comes. */
export async function stream<R = Row>(
  what: Call,
  each: (line: R) => void,
  signal?: AbortSignal,
): Promise<Answer<R>> {
  return gather<R>(await ask('/api/run', what, null, signal), each);
}

/** Run a command whose standard input is `body`: a photo, a file from the stick. */
export async function feed<R = Row>(
  what: Call,
  body: Blob,
  signal?: AbortSignal,
  sent?: Sent,
): Promise<Answer<R>> {
  return gather<R>(await ask('/api/feed', what, body, signal, sent));
}

/** Bytes that a command printed. Of the centre's board, where they were made of that: as of which entry
 * of the log they are, and how many entities are not in them yet. */
export interface Printed {
  bytes: Blob;
  at: number;
  behind: number;
}

export async function printed(what: Call, signal?: AbortSignal): Promise<Printed> {
  const response = await ask('/api/data', what, null, signal);
  const told = (name: string): number => Number(response.headers.get(name) ?? 0);
  return { bytes: await response.blob(), at: told('Xunge-At'), behind: told('Xunge-Behind') };
}

export async function data(what: Call, signal?: AbortSignal): Promise<Blob> {
  return (await printed(what, signal)).bytes;
}

const TILE_TRIES = 5;
const TILE_WAIT_MS = 300;

/** A tile of an offline map, or nothing. Where many look at maps at once, it comes again. */
export async function tile(path: string, signal: AbortSignal): Promise<Blob | null> {
  for (let tries = 1; ; tries++) {
    const response = await send(path, {
      headers: { Authorization: `Bearer ${token ?? ''}` },
      signal,
    });
    if (response.status === 200) return response.blob();
    if (response.status !== 503) return null;
    if (tries === TILE_TRIES) throw await refused(response);
    const wait = TILE_WAIT_MS * 2 ** tries * (0.5 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Hear what happens on the device, for good: after a break again, a little later each time. */
export async function events(each: (line: Row) => void, signal: AbortSignal): Promise<void> {
  for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 15000)) {
    while (!token) await new Promise((resolve) => known.watch(() => resolve(undefined)));
    try {
      const response = await send('/api/events', {
        headers: { Authorization: `Bearer ${token ?? ''}` },
        signal,
      });
      // The program was started anew; a tab that it opens lets this one in again.
      if (response.status === 401) expire();
      if (!response.ok) throw await refused(response);
      each({ connected: true });
      for await (const line of linesOf(response)) {
        wait = 500;
        each(line);
      }
    } catch {
      /* said by `connected: false` below */
    }
    if (!signal.aborted) each({ connected: false });
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
