// The operator's own: who she is, her password, the second factor, how this browser shows things.
import { useState } from 'preact/hooks';
import { post } from '@page/api';
import type { Theme } from '@page/appearance';
import { said, theDomain } from '@page/domain';
import { useSignal } from '@page/signal';
import { useTask } from '@page/task';
import { lang, T } from '@page/text';
import { Button, Page, Section, tell, Trouble } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { QrCode, type Qr } from '../parts/qr';
import { setLang, setScale, setTheme, text_scale, theme } from '../shell/appearance';
import { unitNamed } from '../cases/row';
import { operator } from '../shell/session';

const PASSWORD_MIN = 8;

function Secret(props: { id: string; label: string; complete: string; value: string; onInput(value: string): void }) {
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      <input id={props.id} type="password" autocomplete={props.complete} value={props.value} onInput={(event) => props.onInput(event.currentTarget.value)} />
    </div>
  );
}

function Password() {
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const { busy, trouble, run } = useTask();
  const differ = again !== '' && again !== next;
  const change = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(await run(() => post('/api/password', { old, new: next })))) return;
    setOld('');
    setNext('');
    setAgain('');
    tell({ text: T('密码已改，其他地方的登录已结束', 'The password is changed; your other logins have ended') });
  };
  return (
    <form class="card" onSubmit={(event) => void change(event)}>
      <Secret id="old" label={T('现在的密码', 'Present password')} complete="current-password" value={old} onInput={setOld} />
      <Secret id="new" label={T(`新密码（至少 ${PASSWORD_MIN} 个字符）`, `New password (at least ${PASSWORD_MIN} characters)`)} complete="new-password" value={next} onInput={setNext} />
      <Secret id="again" label={T('再输一次', 'Once more')} complete="new-password" value={again} onInput={setAgain} />
      {differ && <p class="problem">{T('两次输入的密码不一样。', 'The two passwords differ.')}</p>}
      <Trouble of={trouble} />
      <button type="submit" class="button" disabled={busy || !old || differ || [...next].length < PASSWORD_MIN || again !== next}>
        <span>{T('改密码', 'Change the password')}</span>
      </button>
    </form>
  );
}

interface Begun {
  uri: string;
  qr: Qr;
  secret: string;
}

function SecondFactor() {
  const who = useSignal(operator);
  const [begun, setBegun] = useState<Begun>();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const { busy, trouble, run } = useTask();
  const on = who?.totp ?? false;
  const say = (totp: boolean): void => {
    if (operator.value) operator.value = { ...operator.value, totp };
    setBegun(undefined);
    setPassword('');
    setCode('');
  };
  const begin = (): Promise<boolean> => run(async () => setBegun(await post<Begun & { [key: string]: never }>('/api/totp', { password, set: 'begin' })));
  const finish = (): Promise<boolean> => run(async () => (await post('/api/totp', { password, set: code.trim() }), say(true)));
  const end = (): Promise<boolean> => run(async () => (await post('/api/totp', { password, set: 'off' }), say(false)));
  return (
    <div class="card">
      <p>
        {on
          ? T('已开启：登录时除了密码，还要手机上的动态验证码。', 'On: logging in asks for a code of your phone, too.')
          : T('未开启。开启后，登录时还要手机验证器上的 6 位动态码。', 'Off. With it, logging in also asks for the six digits of an authenticator.')}
      </p>
      {!begun && <Secret id="totp-password" label={T('密码', 'Password')} complete="current-password" value={password} onInput={setPassword} />}
      {begun && (
        <>
          <p>{T('用手机上的验证器扫这个码，再把它显示的 6 位数字填在下面。', 'Scan this with the authenticator on your phone, and type the six digits that it shows.')}</p>
          <QrCode of={begun.qr} />
          <p class="quiet">
            {T('扫不了时手工输入：', 'Or type it in: ')}
            <code>{begun.secret}</code>
          </p>
          <div class="field">
            <label for="totp-code">{T('动态验证码', 'Code')}</label>
            <input id="totp-code" inputMode="numeric" autocomplete="one-time-code" value={code} onInput={(event) => setCode(event.currentTarget.value)} />
          </div>
        </>
      )}
      <Trouble of={trouble} />
      <div class="buttons">
        {begun ? (
          <Button look="main" busy={busy} disabled={code.trim().length < 6} onClick={() => void finish()}>
            {T('开启', 'Turn it on')}
          </Button>
        ) : (
          <Button busy={busy} disabled={!password} onClick={() => void (on ? end() : begin())}>
            {on ? T('关闭', 'Turn it off') : T('开始', 'Begin')}
          </Button>
        )}
      </div>
    </div>
  );
}

function Choice<V extends string | number>(props: { name: string; legend: string; now: V; of: { value: V; words: string }[]; choose(value: V): void }) {
  return (
    <fieldset class="field">
      <legend>{props.legend}</legend>
      <div class="choices">
        {props.of.map((one) => (
          <label key={one.value} class="choice">
            <input type="radio" name={props.name} checked={props.now === one.value} onChange={() => props.choose(one.value)} />
            {one.words}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Shows() {
  const spoken = useSignal(lang);
  const shown = useSignal(theme);
  const scale = useSignal(text_scale);
  const themes: { value: Theme; words: string }[] = [
    { value: 'auto', words: T('随系统', 'as the system') },
    { value: 'light', words: T('浅色', 'light') },
    { value: 'dark', words: T('深色', 'dark') },
    { value: 'sunlight', words: T('高对比', 'high contrast') },
  ];
  return (
    <div class="card">
      <Choice
        name="lang"
        legend="语言 Language"
        now={spoken}
        of={[
          { value: 'zh', words: '中文' },
          { value: 'en', words: 'English' },
        ]}
        choose={setLang}
      />
      <Choice name="theme" legend={T('颜色', 'Colours')} now={shown} of={themes} choose={setTheme} />
      <Choice name="scale" legend={T('字号', 'Text size')} now={scale} of={[100, 125, 150, 200].map((value) => ({ value, words: `${value}%` }))} choose={setScale} />
    </div>
  );
}

export function Me(_: PageProps) {
  const { me } = theDomain();
  return (
    <Page title={me.name || me.worker} root>
      <p class="quiet">{[me.worker, said('roles', me.role), me.units.map(unitNamed).join(T('、', ', '))].filter(Boolean).join(' · ')}</p>
      <Section title={T('显示', 'How it is shown')}>
        <Shows />
      </Section>
      <Section title={T('密码', 'Password')}>
        <Password />
      </Section>
      <Section title={T('动态验证码', 'Second factor')}>
        <SecondFactor />
      </Section>
    </Page>
  );
}
