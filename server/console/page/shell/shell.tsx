// What stands around every page: the login, the menu, who is at work, what waits to be done.
import { useEffect, useState } from 'preact/hooks';
import { type Failure, failureOf, known } from '@page/api';
import { domain, learn, said } from '@page/domain';
import { back, go, usePlace } from '@page/route';
import { useSignal } from '@page/signal';
import { behind_by, connected } from '@page/store';
import { lang, N, T } from '@page/text';
import { Busy, Button, Empty, Notices, Page, Sheet, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { routes } from '../routes';
import { setLang, useAppearance } from './appearance';
import { HeldBar } from './held_bar';
import { allKeys, hearKeys, keys_shown, keyText, useKeys } from './keys';
import { Login } from './login';
import { newer, renew } from './newer';
import { menuOf } from './menu';
import { logOut, operator } from './session';

function Menu({ at, role }: { at: string; role: string }) {
  const entries = menuOf(role);
  // From a main page back leads out of the console: only those below have a way back.
  const below = usePlace().path.length > 1;
  useKeys(
    [
      ...entries.map((entry) => ({ keys: `g ${entry.key}`, words: T(`去“${entry.name()}”`, `go to ${entry.name()}`), run: () => go(entry.path ? [entry.path] : []) })),
      ...(below ? [{ keys: 'Escape', words: T('返回', 'back'), run: back }] : []),
    ],
    'around',
  );
  return (
    <nav class="menu" aria-label={T('主要页面', 'Main pages')}>
      {entries.map((entry) => (
        <a key={entry.path} href={`#/${entry.path}`} aria-current={entry.path === at ? 'page' : undefined}>
          <Icon name={entry.icon} />
          <span>{entry.name()}</span>
        </a>
      ))}
    </nav>
  );
}

/** Lists and figures are of a moment ago: said once, whatever of them is on the screen, or on the
 * paper that is printed of it. */
function Lag() {
  const by = useSignal(behind_by);
  if (by === 0) return null;
  return (
    <span class="desk-away desk-lag" role="status">
      <Icon name="clock" />
      {T(`还有 ${by} 件没算进来，马上补上`, `${N(by, '', 'record', 'records')} not counted in yet; following`)}
    </span>
  );
}

/** She went on with what waited, at a page of the program that was there before. */
function Newer() {
  if (!useSignal(newer)) return null;
  return (
    <Button look="quiet" icon="info" onClick={renew}>
      {T('程序已更新：刷新', 'Updated: reload')}
    </Button>
  );
}

function Top() {
  const now = useSignal(domain);
  const here = useSignal(connected);
  const let_in = useSignal(operator);
  if (!now) return null;
  const { me } = now;
  const records = now.roles.some((role) => role.name === me.role && role.records);
  return (
    <header class="desk-top">
      <a class="desk-site" href="#/">
        {T('巡格', 'Xunge')}
      </a>
      {!here && (
        <span class="desk-away" role="status">
          <Icon name="info" />
          {T('正在重新连接…', 'Connecting again…')}
        </span>
      )}
      <Lag />
      <Newer />
      {let_in && !let_in.signs && records && (
        <span class="desk-away">
          <Icon name="info" />
          {T('没有签名钥匙：办理只算服务器认定', 'No signing key: what you do is asserted by the server only')}
        </span>
      )}
      <a class="desk-who" href="#/me">
        <Icon name="person" />
        <span>
          {me.name || me.worker}
          <span class="quiet"> · {said('roles', me.role)}</span>
        </span>
      </a>
      <Button look="quiet" onClick={() => setLang(lang.value === 'zh' ? 'en' : 'zh')}>
        {lang.value === 'zh' ? 'English' : '中文'}
      </Button>
      <Button look="quiet" onClick={() => (keys_shown.value = true)}>
        {T('按键 ?', 'Keys ?')}
      </Button>
      <Button look="quiet" icon="lock" onClick={() => void logOut()}>
        {T('退出', 'Log out')}
      </Button>
    </header>
  );
}

function KeySheet() {
  if (!useSignal(keys_shown)) return null;
  return (
    <Sheet title={T('按键', 'Keys')} onClose={() => (keys_shown.value = false)}>
      <dl class="key-list">
        {allKeys().map((key) => (
          <div key={key.keys}>
            <dt>
              <kbd>{keyText(key.keys)}</kbd>
            </dt>
            <dd>{key.words}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>?</kbd>
          </dt>
          <dd>{T('这张表', 'this list')}</dd>
        </div>
      </dl>
    </Sheet>
  );
}

function Inside() {
  const place = usePlace();
  const now = useSignal(domain);
  const [failure, setFailure] = useState<Failure>();
  const look = (): void => {
    setFailure(undefined);
    learn().catch((cause: unknown) => setFailure(failureOf(cause)));
  };
  useEffect(() => {
    if (!now) look();
  }, [now]);
  useEffect(hearKeys, []);
  if (failure)
    return (
      <Page title={T('打不开', 'It does not open')} root>
        <Trouble of={failure} again={look} />
      </Page>
    );
  if (!now) return <Busy what={T('正在打开…', 'Opening…')} />;
  const name = place.path[0] ?? '';
  const first = menuOf(now.me.role)[0]?.path ?? 'me';
  const wanted = name === '' && !menuOf(now.me.role).some((entry) => entry.path === '') ? first : name;
  const Shown = Object.hasOwn(routes, wanted) ? routes[wanted] : undefined;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById('main')?.querySelector('h1')?.focus())}>
        {T('跳到正文', 'Skip to the page')}
      </a>
      <Top />
      <div class="desk">
        <Menu at={wanted} role={now.me.role} />
        {Shown ? (
          <Shown key={place.path.join('/')} rest={place.path.slice(1)} query={place.query} />
        ) : (
          <Page title={T('没有这一页', 'There is no such page')} root>
            <Empty icon="search">{T('地址不对，或这一页已改名。请从左边的菜单进入。', 'The address is wrong, or the page has another name now. Please use the menu.')}</Empty>
          </Page>
        )}
      </div>
      <div class="desk-foot">
        <Notices />
        <HeldBar />
      </div>
      <KeySheet />
    </>
  );
}

export function Shell({ once }: { once: string | null }) {
  useSignal(lang);
  useAppearance();
  const let_in = useSignal(known);
  const [was_in, setWasIn] = useState(false);
  const [key, setKey] = useState(once);
  useEffect(() => {
    if (!let_in) return;
    setWasIn(true);
    setKey(null);
  }, [let_in]);
  if (!let_in || key) return <Login key={key ?? ''} once={key} ended={was_in} />;
  return <Inside />;
}
