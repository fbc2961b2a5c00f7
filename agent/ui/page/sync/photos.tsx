// The photos of this device: what waits and why, how far each is, how long they stay, making room.
import { useEffect, useState } from 'preact/hooks';
import { call, type Failure } from '@page/api';
import { useSignal } from '@page/signal';
import { refresh, useCall } from '@page/store';
import { useTask } from '@page/task';
import { bytes, N, T } from '@page/text';
import { Bar, Button, Empty, Page, Section, tell, Trouble } from '@page/ui/parts';
import { Thumb } from '@page/ui/photo';
import { useStatus } from '../shell/facts';
import { sync } from './state';

interface Waiting {
  sha256: string;
  entity: string;
  number: string;
  bytes: number;
  place: string;
  here: boolean;
  confirmed: number | null;
}

/** One line a photo, though several cases may show it. */
function onePerPhoto(lines: Waiting[]): (Waiting & { cases: Waiting[] })[] {
  const by = new Map<string, Waiting & { cases: Waiting[] }>();
  for (const line of lines) {
    const known = by.get(line.sha256);
    if (known) known.cases.push(line);
    else by.set(line.sha256, { ...line, cases: [line] });
  }
  return [...by.values()];
}

function reason(of: Waiting, running: boolean): string {
  if (!of.here) return T('本机的文件不见了，请告诉管理员', 'its file is gone here; tell the administrator');
  if (of.confirmed)
    return T(`中心已确认 ${bytes(of.confirmed)}/${bytes(of.bytes)}，会接着传`, `${bytes(of.confirmed)} of ${bytes(of.bytes)} confirmed, goes on from there`);
  return running ? T('排队中', 'in the queue') : T('等下次同步（计费网络时等 Wi-Fi）', 'waits for the next sync (for Wi-Fi, where bytes cost)');
}

function WaitingPhotos() {
  const list = useCall<Waiting>({ run: 'photos list', flags: { waiting: true } });
  const { running, progress } = useSignal(sync);
  const sending = running ? progress?.photo : undefined;
  useEffect(() => {
    if (!running) return list.again();
    const timer = setInterval(list.again, 2000);
    return () => clearInterval(timer);
  }, [running]);
  const photos = onePerPhoto(list.lines ?? []).map((photo) =>
    photo.sha256 === sending?.sha256 ? { ...photo, confirmed: Math.max(sending.done, photo.confirmed ?? 0) } : photo,
  );
  return (
    <Section title={T(`等着上传的照片 · ${photos.length}`, `Photos waiting to go · ${photos.length}`)}>
      <Trouble of={list.failure} again={list.again} />
      {list.lines && photos.length === 0 && <Empty icon="received">{T('没有照片在等，中心都有了。', 'No photo waits; the centre has them all.')}</Empty>}
      <ul class="due-list">
        {photos.map((photo) => (
          <li key={photo.sha256} class="card photo-row">
            <Thumb sha256={photo.sha256} alt={T(`${photo.number} 的照片`, `photo of ${photo.number}`)} />
            <div class="photo-bar-words">
              <p>
                {photo.cases.map((one) => (
                  <a key={one.entity} class="photo-case" href={`#/case/${one.entity}`}>
                    {one.number}
                  </a>
                ))}
              </p>
              <p class="quiet">{`${bytes(photo.bytes)} · ${reason(photo, running)}`}</p>
              {photo.confirmed !== null && (
                <Bar share={photo.bytes ? photo.confirmed / photo.bytes : null} label={T(`${photo.number} 的进度`, `progress of ${photo.number}`)} />
              )}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

const KEEP = ['7', '30', '90', 'all'];

function Keep() {
  const keep = useCall<{ keep_days: number | null }>({ run: 'photos keep' });
  const [trouble, setTrouble] = useState<Failure>();
  const now = keep.lines?.[0] ? (keep.lines[0].keep_days === null ? 'all' : String(keep.lines[0].keep_days)) : '';
  const choices = now && !KEEP.includes(now) ? [now, ...KEEP] : KEEP;
  const choose = async (days: string): Promise<void> => {
    setTrouble(undefined);
    try {
      await call({ run: 'photos keep', words: [days] });
      keep.again();
      tell({ text: T('已设定', 'Set') });
    } catch (cause) {
      setTrouble(cause as Failure);
    }
  };
  return (
    <fieldset class="field">
      <legend>{T('中心备份后，原图在本机再留多久', 'Once the centre has a backup, full photos stay here for')}</legend>
      <div class="choices">
        {choices.map((days) => (
          <label key={days} class="choice">
            <input type="radio" name="keep" checked={now === days} onChange={() => void choose(days)} />
            {days === 'all' ? T('一直留着', 'good') : T(`${days} 天`, `${days} days`)}
          </label>
        ))}
      </div>
      <Trouble of={trouble} />
    </fieldset>
  );
}

interface Stays {
  photos: number;
  bytes: number;
}

interface Freed {
  freed: number;
  bytes: number;
  not_on_server: Stays;
  not_backed_up: Stays;
  days: Stays;
  in_draft: Stays;
}

function Free() {
  const { status } = useStatus();
  const [freed, setFreed] = useState<Freed>();
  const { busy, trouble, run } = useTask();
  const free = async (): Promise<void> => {
    await run(async () => {
      setFreed((await call<Freed>({ run: 'photos free', flags: { all: true } })).lines[0]);
      refresh();
    });
  };
  const why: [Stays, string][] = freed
    ? [
        [freed.not_on_server, T('中心还没有收到（先同步）', 'the centre has no proof of them yet (sync first)')],
        [freed.not_backed_up, T('中心还没有备份（备份后同步一次就知道）', 'the centre has not backed them up yet')],
        [freed.in_draft, T('草稿要用', 'a draft needs them')],
      ]
    : [];
  return (
    <>
      {status?.free_bytes != null && <p>{T(`本机还空 ${bytes(status.free_bytes)}。`, `${bytes(status.free_bytes)} are free on this device.`)}</p>}
      <p class="quiet">
        {T(
          '只删中心已收到并备份的原图，每一张都核对证明；缩略图留着，要看可以取回。',
          'Only full photos that the centre has received and backed up go, each against its proof; the small ones stay, and full ones can be fetched back.',
        )}
      </p>
      <Button icon="space" busy={busy} onClick={() => void free()}>
        {T('现在腾出空间', 'Make room now')}
      </Button>
      <Trouble of={trouble} />
      {freed && (
        <div role="status">
          <p>
            {freed.freed
              ? T(`腾出 ${bytes(freed.bytes)}：${freed.freed} 张。`, `${bytes(freed.bytes)} freed: ${N(freed.freed, '', 'photo', 'photos')}.`)
              : T('现在没有可以腾出的照片。', 'There is no photo to let go of now.')}
          </p>
          {why.map(([stays, words]) =>
            stays.photos ? <p key={words} class="quiet">{T(`留下 ${stays.photos} 张（${bytes(stays.bytes)}）：${words}`, `${stays.photos} stay (${bytes(stays.bytes)}): ${words}`)}</p> : null,
          )}
        </div>
      )}
    </>
  );
}

export function Photos() {
  return (
    <Page title={T('本机的照片', 'Photos on this device')}>
      <WaitingPhotos />
      <Section title={T('空间', 'Space')}>
        <Free />
        <Keep />
      </Section>
    </Page>
  );
}
