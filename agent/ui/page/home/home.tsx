// Today: record, what is due, how far what was recorded has come. Nothing here stands in the way
// of the one large button.
import { useEffect } from 'preact/hooks';
import { useCall } from '@page/store';
import { ago, duration, lang, metres, N, T } from '@page/text';
import { Page, Section, Trouble } from '@page/ui/parts';
import { Icon, type IconName } from '@page/ui/icon';
import type { PageProps } from '../routes';
import { isLate, useSettings, useStatus, waitingCount, type Status } from '../shell/facts';
import { DueRow, type DueItem } from '../due/row';
import { useNotices } from '../due/unread';
import { Doubts } from './doubts';
import './home.css';

const SHOWN_DUE = 4;

/** A number that leads to its list. */
function Count(props: { href: string; icon: IconName; count: number; words: string; tone?: string }) {
  return (
    <li>
      <a class={`tally ${props.count ? (props.tone ?? '') : 'tally-none'}`} href={props.href}>
        <span class="tally-number">{props.count.toLocaleString(lang.value === 'zh' ? 'zh-CN' : 'en')}</span>
        <span class="tally-words">
          <Icon name={props.icon} />
          {props.words}
        </span>
      </a>
    </li>
  );
}

function Counts({ of }: { of: Status }) {
  const days = Number(useSettings().get('waiting_red_days') ?? 3);
  const late = isLate(of, days);
  const waiting = waitingCount(of);
  return (
    <Section title={T('我的记录', 'My records')}>
      <ul class="tallies">
        <Count href="#/cases?state=draft" icon="draft" count={of.drafts} words={T('草稿', 'drafts')} />
        <Count href="#/cases?state=waiting" icon="waiting" count={waiting} words={T('待传', 'waiting to go')} tone={late ? 'tally-bad' : 'tally-info'} />
        <Count href="#/cases?state=received" icon="received" count={of.entities.received} words={T('已收到', 'received')} tone="tally-ok" />
        <Count href="#/sync/photos" icon="photo" count={of.photos.only_here} words={T('照片仅在本机', 'photos only here')} tone="tally-info" />
        {of.conflicts > 0 && (
          <Count href="#/cases?state=conflict" icon="fork" count={of.conflicts} words={T('冲突待决定', 'to decide')} tone="tally-warn" />
        )}
      </ul>
      <a class="card last-sync" href="#/sync">
        <Icon name="sync" />
        <span>
          {of.last_sync
            ? T(`上次成功同步 ${ago(of.last_sync)}`, `Last synced ${ago(of.last_sync)}`)
            : T('还没有同步过', 'Not synced yet')}
          {waiting > 0 && T(`，${waiting} 条待传`, `, ${waiting} waiting to go`)}
          {late && (
            <strong class="late">
              {T(`有记录等了 ${days} 天以上，请找有网络的地方同步，或用U盘。`, `Some have waited for more than ${days} days: sync where there is a network, or use a stick.`)}
            </strong>
          )}
        </span>
        <Icon name="forward" />
      </a>
    </Section>
  );
}

interface Walked {
  distance_m?: number;
}

/** 巡查中 · 42 分钟 · 1.2 公里 */
function Walking({ of }: { of: NonNullable<Status['patrol']> }) {
  const shown = useCall<Walked>({ run: 'patrol show' });
  useEffect(() => {
    const timer = setInterval(shown.again, 20000);
    return () => clearInterval(timer);
  }, []);
  const walked = shown.lines?.[0]?.distance_m;
  const minutes = Math.max(0, (Date.now() - Date.parse(of.start)) / 1000);
  return (
    <a class="card last-sync walking" href="#/patrol">
      <Icon name="route" />
      <span>
        <strong>{of.running ? T('巡查中', 'On patrol') : T('巡查中断', 'Patrol interrupted')}</strong>
        {` · ${duration(minutes)}`}
        {walked !== undefined && ` · ${metres(walked)}`}
      </span>
      <Icon name="forward" />
    </a>
  );
}

function Today() {
  const due = useCall<DueItem>({ run: 'due' });
  const { unread } = useNotices();
  const items = due.lines ?? [];
  return (
    <Section title={T('今天要办', 'To do today')}>
      {unread.length > 0 && (
        <a class="card last-sync" href="#/notices">
          <Icon name="bell" />
          <span>
            <strong>{T(`${unread.length} 条通知未读`, N(unread.length, '', 'notice not read', 'notices not read'))}</strong>
            {T('：', ': ') + (unread[0]?.title ?? '')}
          </span>
          <Icon name="forward" />
        </a>
      )}
      <Trouble of={due.failure} again={due.again} />
      {due.lines && items.length === 0 && (
        <p class="quiet">{T('今天没有到期的走访、任务和案件。', 'No visit, task or case is due today.')}</p>
      )}
      <ul class="due-list">
        {items.slice(0, SHOWN_DUE).map((item) => (
          <DueRow key={item.what + item.id} of={item} brief />
        ))}
      </ul>
      {items.length > 0 && (
        <a class="button" href="#/due">
          {T(`全部 ${items.length} 项和以后的`, `All ${items.length}, and what comes later`)}
        </a>
      )}
    </Section>
  );
}

/** Nothing is here yet: what to do first. */
function First({ of }: { of: Status }) {
  const is_empty = of.drafts + waitingCount(of) + of.entities.received === 0;
  if (!is_empty) return null;
  return (
    <Section title={T('第一次用？', 'Here for the first time?')}>
      <ol class="card first">
        <li>{T('看到情况，按下面的“记一条”：拍照，选类别，保存。没有网络也行。', 'When you see something, press "Record": a photo, its category, save. No network is needed.')}</li>
        <li>{T('保存后先存在本机，写着“待传”。', 'It is kept on this device first, and says "waiting to go".')}</li>
        <li>{T('有网络就自动上传；中心收到会变成“已收到”。', 'It is sent by itself where there is a network, and then says "received".')}</li>
      </ol>
    </Section>
  );
}

export function Home(_: PageProps) {
  const { status, failure, again } = useStatus();
  return (
    <Page title={T('今天', 'Today')} root class="home">
      <div class="capture-bar">
        <a class="button button-main capture" href="#/new/incident?take=now">
          <Icon name="camera" />
          <span>{T('记一条', 'Record')}</span>
        </a>
        <a class="button" href="#/new">
          {T('别的种类', 'Other kinds')}
        </a>
      </div>
      <Trouble of={failure} again={again} />
      {status && (
        <>
          <Doubts of={status} />
          {status.patrol?.running && <Walking of={status.patrol} />}
          <First of={status} />
          <Today />
          <Counts of={status} />
        </>
      )}
    </Page>
  );
}
