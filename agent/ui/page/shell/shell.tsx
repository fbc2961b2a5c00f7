// What stands around every page: the way in, the main pages, what holds for all of them.
import { useEffect, useState } from 'preact/hooks';
import { Failure, failureOf, known } from '@page/api';
import { connected, forget, locked } from '@page/store';
import { domain, learn } from '@page/domain';
import { lang, T } from '@page/text';
import { useSignal } from '@page/signal';
import { shift, usePlace } from '@page/route';
import { Busy, Notices, Page, Trouble } from '@page/ui/parts';
import { Icon, type IconName } from '@page/ui/icon';
import { PinSheet } from '@page/ui/pin';
import { pin_question } from '@page/actor';
import { routes } from '../routes';
import { Join } from '../me/join';
import { Locked } from '../me/locked';
import { sync as syncing_now } from '../sync/state';
import { useNotices } from '../due/unread';
import { useAppearance } from './appearance';
import { useStatus, waitingCount } from './facts';
import { IdleNotice } from './idle';
import { Top } from './top';

const MAIN: { path: string; icon: IconName; name: () => string }[] = [
  { path: '', icon: 'home', name: () => T('首页', 'Home') },
  { path: 'cases', icon: 'list', name: () => T('案件', 'Cases') },
  { path: 'patrol', icon: 'route', name: () => T('巡查', 'Patrol') },
  { path: 'sync', icon: 'sync', name: () => T('同步', 'Sync') },
  { path: 'me', icon: 'person', name: () => T('我', 'Me') },
];

/** What waits for a person behind each of the main pages: a number to see, words to hear. */
function useBadges(): Record<string, { count: number; words: string }> {
  const { status } = useStatus();
  const { unread } = useNotices();
  const waiting = status ? waitingCount(status) : 0;
  const conflicts = status?.conflicts ?? 0;
  return {
    '': { count: unread.length, words: T(`${unread.length} 条通知未读`, `${unread.length} notices not read`) },
    cases: { count: conflicts, words: T(`${conflicts} 处冲突待决定`, `${conflicts} conflicts to decide`) },
    sync: { count: waiting, words: T(`${waiting} 条待传`, `${waiting} waiting to go`) },
  };
}

function MainPages({ at }: { at: string }) {
  const badges = useBadges();
  return (
    <nav class="main-pages" aria-label={T('主要页面', 'Main pages')}>
      {MAIN.map(({ path, icon, name }) => (
        <a key={path} href={`#/${path}`} aria-current={path === at ? 'page' : undefined}>
          <span class="main-icon">
            <Icon name={icon} />
            {!!badges[path]?.count && (
              <span class="badge" aria-hidden="true">
                {badges[path].count > 99 ? '99+' : badges[path].count}
              </span>
            )}
          </span>
          <span>{name()}</span>
          {!!badges[path]?.count && <span class="hidden-words">{T('，', ', ') + badges[path].words}</span>}
        </a>
      ))}
    </nav>
  );
}

/** Said on every page: nobody answers. Calm, for nothing is lost. */
function Disconnected() {
  if (useSignal(connected)) return null;
  return (
    <p class="disconnected" role="status">
      <Icon name="info" />
      {T(
        '本机的巡格程序没有应答，正在重新连接。已保存的都在。',
        'The program on this device does not answer; connecting again. What was saved is safe.',
      )}
    </p>
  );
}

function Stranger() {
  return (
    <Page title={T('请重新打开巡格', 'Please open Xunge again')} root>
      <p>
        {T(
          '这一页不再有效。关掉它，从桌面打开“巡格”，或在终端运行 xunge ui。已保存的记录和草稿都在。',
          'This page is no longer valid. Close it and open Xunge from the desktop, or run xunge ui in a terminal. All records and drafts are there.',
        )}
      </p>
    </Page>
  );
}

/** The gate: join, unlock, or go on. */
type Gate = 'open' | 'join' | 'locked' | Failure | null;

function useGate(): [Gate, () => void] {
  const [gate, setGate] = useState<Gate>(null);
  const now_locked = useSignal(locked);
  const look = (): void => {
    learn().then(
      () => {
        locked.value = false;
        setGate('open');
      },
      (cause: unknown) => {
        const failure = failureOf(cause);
        if (failure.exit === 6) {
          // So that the word that another tab has unlocked is a change.
          locked.value = true;
          setGate('locked');
        } else if (failure.exit === 3) setGate('join');
        else setGate(failure);
      },
    );
  };
  useEffect(look, []);
  useEffect(() => {
    if (!now_locked) {
      // Unlocked in another tab, or from the command line.
      if (gate === 'locked') look();
      return;
    }
    pin_question.value?.answered(false);
    forget();
    setGate('locked');
  }, [now_locked]);
  useEffect(
    () =>
      syncing_now.watch(() => {
        // A sync may have brought new categories, forms, names.
        if (!syncing_now.value.running && domain.value) void learn().catch(() => undefined);
      }),
    [],
  );
  return [gate, look];
}

function Inside() {
  const place = usePlace();
  const known_domain = useSignal(domain);
  const { status, again } = useStatus();
  const name = place.path[0] ?? '';
  const Shown = Object.hasOwn(routes, name) ? routes[name] : undefined;
  useEffect(() => {
    if (!Shown) shift([]);
  }, [Shown]);
  if (!known_domain || !Shown) return <Busy />;
  if (status?.joined === false) return <Join joined={again} />;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById('main')?.querySelector('h1')?.focus())}>
        {T('跳到正文', 'Skip to the page')}
      </a>
      <Top />
      <Disconnected />
      <IdleNotice />
      <Shown key={place.path.join('/')} rest={place.path.slice(1)} query={place.query} />
      <Notices />
      <PinSheet />
      <MainPages at={name} />
    </>
  );
}

export function Shell() {
  useSignal(lang);
  useAppearance();
  const is_known = useSignal(known);
  const [gate, look] = useGate();
  if (!is_known) return <Stranger />;
  if (gate === null) return <Busy what={T('正在打开…', 'Opening…')} />;
  if (gate === 'locked') return <Locked opened={look} />;
  if (gate === 'join') return <Join joined={look} />;
  if (gate instanceof Failure)
    return (
      <Page title={T('打不开', 'It does not open')} root>
        <Trouble of={gate} again={look} />
      </Page>
    );
  return <Inside />;
}
