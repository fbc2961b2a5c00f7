// An act is done once (docs/console.md, "Once"): it goes out with a key that is drawn by lot, and as
// long as nobody answered, the same act goes out with the same key again. The centre does it, or
// tells what came of it the first time.
import { call, type Answer, type Call, type Row } from '@page/api';
import { theDomain } from '@page/domain';

const KEY_BYTES = 16;

export function drawKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(KEY_BYTES))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const withKey = (what: Call, key: string): Call => ({ ...what, flags: { ...what.flags, act: key } });

/** Of this page, by who acts and the words: what was asked for and not done yet. */
const keys = new Map<string, string>();

/** Do it. Where that fails, the same words have the same key until it is done: what was refused has
 * left nothing at the centre, and what was not answered is not done twice. */
export async function once<R = Row>(what: Call): Promise<Answer<R>> {
  const words = JSON.stringify([theDomain().me.worker, what]);
  const key = keys.get(words) ?? drawKey();
  keys.set(words, key);
  const answer = await call<R>(withKey(what, key));
  keys.delete(words);
  return answer;
}
