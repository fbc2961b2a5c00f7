// Who is recording: on a device of several workers each has a PIN; what is recorded goes under the
// name of the one who is chosen, and asks for the PIN where that is needed.
import { call, data, Failure, feed, type Answer, type Call, type Row } from '@page/api';
import { behind } from '@page/behind';
import { domain } from '@page/domain';
import { signal } from '@page/signal';

const KEPT = 'xunge-actor';

/** The code of the worker who records; null: the device's owner. */
export const actor = signal<string | null>(localStorage.getItem(KEPT));

// Every tab of this device records for the same person.
addEventListener('storage', (event) => {
  if (event.key === KEPT) actor.value = event.newValue;
});

export function setActor(worker: string | null): void {
  const owner = domain.value?.me.worker;
  const chosen = worker === owner ? null : worker;
  if (chosen === null) localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, chosen);
  actor.value = chosen;
}

/** Whose device it is. */
export function ownerCode(): string {
  return domain.value?.me.worker ?? '';
}

/** Whose record it becomes, in any case. */
export function actorCode(): string {
  return actor.value ?? ownerCode();
}

/** What a worker is called; the code where no name is known. */
export function personNamed(code: string): string {
  const me = domain.value?.me;
  if (me && me.worker === code && me.name) return me.name;
  return domain.value?.site.people.find((person) => person.code === code)?.name ?? code;
}

/** The same call in the name of the one who records. */
export function byActor(what: Call): Call {
  return actor.value ? { ...what, flags: { ...what.flags, as: actor.value } } : what;
}

export interface PinList extends Row {
  worker: string;
  fingerprint: string;
  registered: boolean;
  other_registered: boolean;
  unlocked: boolean;
  wrong: number;
}

/** The question that the shell puts to the person, over whatever page is shown. */
export interface PinQuestion {
  worker: string;
  answered(unlocked: boolean): void;
}
export const pin_question = signal<PinQuestion | null>(null);

/** Ask for the worker's PIN; true: it was right, and nothing asks again for an hour. */
export function askPin(worker: string): Promise<boolean> {
  pin_question.value?.answered(false);
  return new Promise((resolve) => {
    pin_question.value = {
      worker,
      answered(unlocked) {
        pin_question.value = null;
        resolve(unlocked);
      },
    };
  });
}

const LOCKED = 6;

/** Is it the PIN that is missing, and not the passphrase of the whole device? */
async function wantsPin(worker: string, cause: unknown): Promise<boolean> {
  if (!(cause instanceof Failure) || cause.exit !== LOCKED) return false;
  const pins = await call<PinList>({ run: 'pin list' });
  return pins.lines.some((pin) => pin.worker === worker && !pin.unlocked);
}

async function withPin<A>(worker: string, run: () => Promise<A>): Promise<A> {
  try {
    return await run();
  } catch (cause) {
    if (!(await wantsPin(worker, cause)) || !(await askPin(worker))) throw cause;
    return run();
  }
}

/** Run a command that records, in the name of who is recording; `body`: a photo, a file. Asks for
 * the PIN where it must be known; a person who closes that question gets the command's refusal. */
export function act<R = Row>(what: Call, body?: Blob): Promise<Answer<R>> {
  return withPin(actorCode(), () => (body ? feed<R>(byActor(what), body) : behind.record<R>(byActor(what))));
}

/** The same for what is the device's owner's, whoever records now: a handover. */
export function actAsOwner<R = Row>(what: Call, body?: Blob): Promise<Answer<R>> {
  return withPin(ownerCode(), () => (body ? feed<R>(what, body) : call<R>(what)));
}

/** The same where the answer is bytes: a file for the successor. */
export function bytesAsOwner(what: Call): Promise<Blob> {
  return withPin(ownerCode(), () => data(what));
}
