// The way in: who, the password, where it is asked for a code of the second factor; or a one-time
// key and the password that is chosen with it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Failure, failureOf } from '@page/api';
import { useSignal } from '@page/signal';
import { lang, N, T } from '@page/text';
import { Button, Page, Trouble } from '@page/ui/parts';
import { held } from './held_acts';
import { setLang } from './appearance';
import { lookForNewer, was_renewed } from './newer';
import { logIn } from './session';

const PASSWORD_MIN = 8;

function Languages() {
  const other = lang.value === 'zh' ? 'en' : 'zh';
  return (
    <Button look="quiet" onClick={() => setLang(other)}>
      {other === 'en' ? 'English' : '中文'}
    </Button>
  );
}

function Field(props: {
  id: string;
  label: string;
  secret?: boolean;
  complete: string;
  value: string;
  onInput(value: string): void;
  focus?: boolean;
  numeric?: boolean;
  hint?: string;
}) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (props.focus) box.current?.focus();
  }, [props.focus]);
  const shared = {
    ref: box,
    id: props.id,
    name: props.id,
    autocomplete: props.complete,
    inputMode: props.numeric ? ('numeric' as const) : undefined,
    spellcheck: false,
    autocapitalize: 'none' as const,
    value: props.value,
    'aria-describedby': props.hint ? `${props.id}-hint` : undefined,
    onInput: (event: { currentTarget: HTMLInputElement }) => props.onInput(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      <input {...(props.secret ? { type: 'password' } : { type: 'text' })} {...shared} />
      {props.hint && (
        <p class="hint" id={`${props.id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

/** A refusal that names a time to wait counts it down. */
function useWait(): [number, (failure: Failure) => void] {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return [left, (failure) => setLeft(typeof failure.more.wait_s === 'number' ? failure.more.wait_s : 0)];
}

export function Login({ once, ended }: { once: string | null; ended: boolean }) {
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [totp, setTotp] = useState('');
  const [asks_totp, setAsksTotp] = useState(false);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Failure>();
  const [wait_s, wait] = useWait();
  const waiting = useSignal(held).length;

  useEffect(() => {
    if (ended && !once) void lookForNewer();
  }, []);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (once && password !== again) {
      setTrouble(new Failure('usage', 2, T('两次输入的密码不一样。', 'The two passwords differ.')));
      return;
    }
    setBusy(true);
    setTrouble(undefined);
    try {
      await logIn(once ? { once, password } : { code: code.trim(), password, ...(totp ? { totp: totp.trim() } : {}) });
    } catch (cause) {
      const failure = failureOf(cause);
      if (failure.code === 'totp') setAsksTotp(true);
      else setPassword('');
      setTotp('');
      wait(failure);
      if (failure.code !== 'totp' || totp) setTrouble(failure);
    } finally {
      setBusy(false);
    }
  };
  const too_short = once !== null && [...password].length < PASSWORD_MIN;
  const empty = once ? too_short || again === '' : code.trim() === '' || password === '';
  return (
    <Page title={once ? T('设置密码', 'Choose your password') : T('登录指挥中心', 'Log in to the command centre')} root class="login">
      {ended && !once && <p role="status">{T('登录已结束，请重新登录。', 'Your login has ended; please log in again.')}</p>}
      {was_renewed && !ended && !once && <p role="status">{T('程序已更新，请重新登录。', 'The program was updated; please log in again.')}</p>}
      {waiting > 0 && !once && (
        <p class="remark" role="status">
          {T(`有 ${waiting} 步还没有办。您重新登录后可以接着办。`, `${N(waiting, '', 'step is', 'steps are')} not done yet; log in again to go on with them.`)}
        </p>
      )}
      <form class="card login-card" onSubmit={(event) => void submit(event)}>
        {!once && <Field id="code" label={T('工号', 'Your code')} complete="username" value={code} onInput={setCode} focus />}
        <Field
          id="password"
          secret
          label={once ? T('新密码', 'New password') : T('密码', 'Password')}
          complete={once ? 'new-password' : 'current-password'}
          value={password}
          onInput={setPassword}
          focus={once !== null}
          {...(once
            ? { hint: T(`至少 ${PASSWORD_MIN} 个字符。您办理的每一步都用它保护的钥匙签名，忘了就要由管理员重新发放。`, `At least ${PASSWORD_MIN} characters. It protects the key that signs what you do; forgotten, it must be issued anew.`) }
            : {})}
        />
        {once && <Field id="again" secret label={T('再输一次', 'Once more')} complete="new-password" value={again} onInput={setAgain} />}
        {asks_totp && !once && (
          <Field id="totp" label={T('动态验证码（6 位）', 'Code of your authenticator (6 digits)')} complete="one-time-code" value={totp} onInput={setTotp} numeric focus />
        )}
        <Trouble of={trouble} />
        <div class="buttons">
          <Languages />
          <button type="submit" class="button button-main" disabled={busy || empty || wait_s > 0} aria-busy={busy}>
            <span>{wait_s > 0 ? T(`请等 ${wait_s} 秒`, `Wait ${N(wait_s, ' 秒', 'second', 'seconds')}`) : once ? T('设好并登录', 'Set it and log in') : T('登录', 'Log in')}</span>
          </button>
        </div>
      </form>
    </Page>
  );
}
