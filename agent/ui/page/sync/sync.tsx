// Sync: one button; what is here and not there yet; the stick where there is no network.
import { useState } from 'preact/hooks';
import { useSignal } from '@page/signal';
import { ago, bytes, T, when } from '@page/text';
import { Button, LinkButton, Page, Section } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { useStatus, waitingCount, type Status } from '../shell/facts';
import { Outcome, Underway } from './results';
import { Photos } from './photos';
import { Stick } from './stick';
import { startSync, sync, type SyncFlags } from './state';
import './sync.css';

function Standing({ of }: { of: Status }) {
  const waiting = waitingCount(of);
  return (
    <dl class="facts">
      <dt>{T('上次成功同步', 'Last synced')}</dt>
      <dd>{of.last_sync ? T(`${ago(of.last_sync)}（${when(of.last_sync)}）`, `${ago(of.last_sync)} (${when(of.last_sync)})`) : T('还没有', 'never')}</dd>
      <dt>{T('待传', 'Waiting to go')}</dt>
      <dd>{waiting > 0 ? T(`${waiting} 条`, `${waiting}`) : T('没有，都已收到', 'nothing, all received')}</dd>
      <dt>{T('照片仅在本机', 'Photos only here')}</dt>
      <dd>
        {of.photos.only_here > 0
          ? T(`${of.photos.only_here} 张，${bytes(of.photos.bytes_only_here)}`, `${of.photos.only_here}, ${bytes(of.photos.bytes_only_here)}`)
          : T('没有', 'none')}
      </dd>
    </dl>
  );
}

type Cost = 'auto' | 'metered' | 'unmetered';

/** Whether bytes cost, for this time or as a rule. */
function Costs({ cost, choose, remember, setRemember }: {
  cost: Cost;
  choose: (cost: Cost) => void;
  remember: boolean;
  setRemember: (remember: boolean) => void;
}) {
  const choices: [Cost, string][] = [
    ['auto', T('由系统判断', 'As the system says')],
    ['metered', T('流量要花钱：照片等 Wi-Fi', 'Bytes cost: photos wait for Wi-Fi')],
    ['unmetered', T('不花钱：全都传', 'Bytes are free: send all')],
  ];
  return (
    <details class="card">
      <summary>{T('网络流量要不要钱', 'Do bytes cost here?')}</summary>
      <fieldset class="field">
        <legend class="hidden-words">{T('网络流量要不要钱', 'Do bytes cost here?')}</legend>
        <div class="choices">
          {choices.map(([name, words]) => (
            <label key={name} class="choice">
              <input type="radio" name="cost" checked={cost === name} onChange={() => choose(name)} />
              {words}
            </label>
          ))}
        </div>
        {cost !== 'auto' && (
          <label class="choice">
            <input type="checkbox" checked={remember} onChange={(event) => setRemember(event.currentTarget.checked)} />
            {T('以后都这样（系统看不出来的时候）', 'Keep it so (when the system cannot tell)')}
          </label>
        )}
      </fieldset>
    </details>
  );
}

function SyncHome() {
  const { status } = useStatus();
  const now = useSignal(sync);
  const [cost, choose] = useState<Cost>('auto');
  const [remember, setRemember] = useState(false);
  const begin = (): void => {
    const flags: SyncFlags = cost === 'auto' ? {} : { [cost]: true, ...(remember ? { remember: true } : {}) };
    void startSync(flags);
  };
  return (
    <Page title={T('同步', 'Sync')} root>
      {status && <Standing of={status} />}
      <Button look="main" icon="sync" class="sync-button" busy={now.running} onClick={begin}>
        {now.running ? T('正在同步…', 'Syncing…') : T('现在同步', 'Sync now')}
      </Button>
      <Underway of={now} />
      <Outcome of={now} />
      <Costs cost={cost} choose={choose} remember={remember} setRemember={setRemember} />
      <LinkButton href="#/sync/photos" icon="photo">
        {T('本机的照片和空间', 'Photos and space on this device')}
      </LinkButton>
      <Section title={T('没有网络：用U盘', 'No network: use a stick')}>
        <Stick />
      </Section>
    </Page>
  );
}

export function Sync({ rest }: PageProps) {
  return rest[0] === 'photos' ? <Photos /> : <SyncHome />;
}
