// Me: who I am, who records on this device, how it is locked, and what is known about me.
import { useState } from 'preact/hooks';
import { call, Failure } from '@page/api';
import { said, theDomain } from '@page/domain';
import { actor, actorCode, askPin, personNamed, setActor, type PinList } from '@page/actor';
import { useSignal } from '@page/signal';
import { locked, refresh, useCall } from '@page/store';
import { T } from '@page/text';
import { Button, Chip, LinkButton, Page, Section, tell, Trouble } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { useStatus, type Status } from '../shell/facts';
import { Secrets } from './secrets';
import { Mine } from './mine';
import { Handover } from './handover';
import { Verify } from './verify';
import './me.css';

function Who({ of }: { of: Status }) {
  const me = theDomain().me;
  const units = theDomain().site.units;
  const unitNamed = (code: string): string => units.find((unit) => unit.code === code)?.name ?? code;
  return (
    <dl class="facts">
      <dt>{T('本机使用人', "This device's worker")}</dt>
      <dd>{me.name === me.worker ? me.worker : T(`${me.name}（${me.worker}）`, `${me.name} (${me.worker})`)}</dd>
      <dt>{T('身份', 'Role')}</dt>
      <dd>{said('roles', me.role)}</dd>
      <dt>{T('网格', 'Units')}</dt>
      <dd>{me.units.map(unitNamed).join(T('、', ', ')) || T('没有', 'none')}</dd>
      <dt>{T('设备', 'Device')}</dt>
      <dd>{of.device || T('待批准', 'waiting for approval')}</dd>
      <dt>{T('中心', 'Centre')}</dt>
      <dd>{of.log}</dd>
    </dl>
  );
}

/** Those who have a PIN here, and the owner: one is recording. */
function Workers({ owner }: { owner: string }) {
  const pins = useCall<PinList>({ run: 'pin list' });
  useSignal(actor);
  const now = actorCode();
  const [trouble, setTrouble] = useState<Failure>();
  const workers = [...new Set([owner, ...(pins.lines ?? []).map((pin) => pin.worker)])];
  const change = async (worker: string): Promise<void> => {
    setTrouble(undefined);
    try {
      const pin = pins.lines?.find((one) => one.worker === worker);
      // Whoever takes over proves who they are, even where the PIN was given a while ago.
      if (pin?.unlocked) await call({ run: 'pin lock', flags: { as: worker } });
      if (pin && !(await askPin(worker))) return;
      if (pins.lines?.some((one) => one.worker === now)) await call({ run: 'pin lock', flags: { as: now } });
      setActor(worker);
      refresh();
      tell({ text: T(`现在由 ${personNamed(worker)} 记录`, `${personNamed(worker)} is recording now`) });
    } catch (cause) {
      setTrouble(cause as Failure);
    }
  };
  return (
    <Section title={T('谁在记录', 'Who is recording')}>
      <Trouble of={pins.failure ?? trouble} />
      <ul class="workers">
        {workers.map((worker) => {
          const pin = pins.lines?.find((one) => one.worker === worker);
          return (
            <li key={worker} class={worker === now ? 'card worker worker-now' : 'card worker'}>
              <span class="worker-name">
                <strong>{personNamed(worker)}</strong>
                {personNamed(worker) !== worker && <span class="quiet">{worker}</span>}
                {pin?.other_registered && (
                  <Chip tone="warn" icon="alert">
                    {T('中心登记的是另一把钥匙', 'another key is registered')}
                  </Chip>
                )}
                {pin && !pin.registered && !pin.other_registered && (
                  <Chip tone="quiet" icon="info">
                    {T('钥匙未登记', 'key not registered yet')}
                  </Chip>
                )}
              </span>
              {worker === now ? (
                <Chip tone="ok" icon="check">
                  {T('正在记录', 'recording')}
                </Chip>
              ) : (
                <Button icon="people" onClick={() => void change(worker)}>
                  {T('换成我', 'I am taking over')}
                </Button>
              )}
              {pin && !pin.registered && (
                <p class="quiet worker-key">
                  {T('把这个指纹报给管理员登记：', 'Tell the administrator this fingerprint: ')}
                  <code>{pin.fingerprint}</code>
                </p>
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function LockNow({ of }: { of: Status }) {
  const [trouble, setTrouble] = useState<Failure>();
  if (of.vault !== 'passphrase') return null;
  const lock = async (): Promise<void> => {
    try {
      await call({ run: 'lock' });
      locked.value = true;
    } catch (cause) {
      setTrouble(cause as Failure);
    }
  };
  return (
    <>
      <Button icon="lock" onClick={() => void lock()}>
        {T('现在上锁', 'Lock now')}
      </Button>
      <Trouble of={trouble} />
    </>
  );
}

function About() {
  return (
    <Page title={T('关于', 'About')}>
      <dl class="facts">
        <dt>{T('程序', 'Program')}</dt>
        <dd>{`巡格 Xunge ${theDomain().program}`}</dd>
        <dt>{T('日历知道到', 'Calendar known until')}</dt>
        <dd>{theDomain().site.calendar.known_until ?? T('没有', 'none')}</dd>
        <dt>{T('表单', 'Forms')}</dt>
        <dd>{theDomain().site.templates.length}</dd>
        <dt>{T('类别', 'Categories')}</dt>
        <dd>{theDomain().site.categories.length}</dd>
      </dl>
      <p class="quiet">
        {T(
          '离岗清空（leave）不在页面上：它抹去这台设备上的一切，只能由管理员在终端运行 xunge leave。',
          'Wiping a device (leave) is not offered here: it ends everything on it, and is done by an administrator in a terminal with xunge leave.',
        )}
      </p>
    </Page>
  );
}

function MeHome() {
  const { status, failure, again } = useStatus();
  return (
    <Page title={T('我', 'Me')} root>
      <Trouble of={failure} again={again} />
      {status && (
        <>
          <Who of={status} />
          <Workers owner={status.worker} />
          <nav class="me-links" aria-label={T('我的页面', 'My pages')}>
            <LinkButton href="#/me/mine" icon="note">
              {T('记录了我什么', 'What is recorded about me')}
            </LinkButton>
            <LinkButton href="#/me/handover" icon="people">
              {T('交接', 'Handover')}
            </LinkButton>
            <LinkButton href="#/me/verify" icon="proof">
              {T('核验', 'Verify')}
            </LinkButton>
            <LinkButton href="#/me/secrets" icon="lock">
              {T('PIN 和口令', 'PIN and passphrase')}
            </LinkButton>
            <LinkButton href="#/settings" icon="settings">
              {T('设置', 'Settings')}
            </LinkButton>
            <LinkButton href="#/me/about" icon="info">
              {T('关于', 'About')}
            </LinkButton>
          </nav>
          <LockNow of={status} />
        </>
      )}
    </Page>
  );
}

export function Me({ rest }: PageProps) {
  if (rest[0] === 'mine') return <Mine />;
  if (rest[0] === 'handover') return <Handover />;
  if (rest[0] === 'verify') return <Verify />;
  if (rest[0] === 'secrets') return <Secrets />;
  if (rest[0] === 'about') return <About />;
  return <MeHome />;
}
