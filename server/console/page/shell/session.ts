// Who is logged in, and how one comes in and goes out (docs/console.md, "Requests").
import { hold, known, post, release, saying } from '@page/api';
import { domain } from '@page/domain';
import { signal } from '@page/signal';
import { forget } from '@page/store';
import { T } from '@page/text';
import { forgetOthers, forgetPersonal } from '../form/unsent';

saying.gone = () =>
  T('服务器没有应答，正在重新连接。没有得到答复的办理可以再办一次，不会办重。', 'The server does not answer; connecting again. What was not answered can be done again: it is not done twice.');
saying.stranger = () => T('登录已过期，请重新登录。', 'Your login has run out; please log in again.');

/** What a login is answered with. */
export interface LetIn {
  token: string;
  code: string;
  name: string;
  role: string;
  unit: string;
  /** What she does is signed with her key. */
  signs: boolean;
  totp: boolean;
}

const KEPT = 'xunge-operator';

function kept(): LetIn | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') as LetIn | null;
  } catch {
    return null;
  }
}

/** Of this tab; one that was let in by another tab of hers learns it from `describe`. */
export const operator = signal<Omit<LetIn, 'token'> | null>(kept());

/** Her role records something: an auditor only looks. */
export const isWriter = (): boolean => !['auditor', 'registrar'].includes(operator.value?.role ?? '');

/** The one-time key of the address that was opened; taken out of it. */
export function takeOnce(): string | null {
  const once = /^#once=([\w-]+)$/.exec(location.hash)?.[1] ?? null;
  if (once) history.replaceState(history.state, '', '#/');
  return once;
}

export async function logIn(what: { code: string; password: string; totp?: string } | { once: string; password: string }): Promise<void> {
  const { token, ...who } = await post<LetIn>('/api/login', { ...what });
  // Another person may have sat here before.
  forget();
  forgetOthers(who.code);
  domain.value = null;
  sessionStorage.setItem(KEPT, JSON.stringify(who));
  operator.value = who;
  hold(token);
}

/** What is still to be sent under her name, and waited for, before she is let out. */
export const before_leaving: (() => Promise<void>)[] = [];

export async function logOut(): Promise<void> {
  await Promise.all(before_leaving.map((last) => last()));
  await post('/api/logout', {}).catch(() => undefined);
  forgetOthers('');
  release();
}

// Whatever ends a session: nothing of the cases stays in the page.
known.watch(() => {
  if (known.value) return;
  sessionStorage.removeItem(KEPT);
  forgetPersonal();
  operator.value = null;
  domain.value = null;
  forget();
});
