// The way round without a network: written here, carried to the centre, its answer read here.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, type Call, data, type Failure, failureOf, feed, type Row } from '@page/api';
import { refresh, useCall } from '@page/store';
import { actorCode } from '@page/actor';
import { bytes, N, T, when } from '@page/text';
import { Button, Chip, tell, Trouble } from '@page/ui/parts';
import { Choose } from '@page/ui/choose';
import { Icon } from '@page/ui/icon';
import { fileName, saveFile } from '@page/save';

export interface Volume {
  name: string;
  read_only: boolean;
  free_bytes: number;
  files: { name: string; bytes: number; kind: string }[];
}

/** What sticks are in, looked at again every few seconds while the page shows them. */
export function useSticks(): Volume[] {
  const sticks = useCall<Volume>({ run: 'sticks' });
  useEffect(() => {
    const timer = setInterval(sticks.again, 4000);
    return () => clearInterval(timer);
  }, []);
  return sticks.lines ?? [];
}

interface Written extends Row {
  bytes: number;
  records: number;
  photos: number;
}

interface Taken extends Row {
  old: boolean;
  cut: boolean;
  records_received: number;
  records_pulled: number;
  photos_proven: number;
}

function writtenWords(of: Written): string {
  return T(
    `已写好：${of.records} 条记录、${of.photos} 张照片（${bytes(of.bytes)}），写完并核对过`,
    `Written and checked: ${N(of.records, '', 'record', 'records')}, ${N(of.photos, '', 'photo', 'photos')} (${bytes(of.bytes)})`,
  );
}

function takenWords(of: Taken): string {
  if (of.old) return T('这份回应以前读过，没有新的内容。', 'This answer was read before; there is nothing new in it.');
  return T(
    `已读回应：中心已收到 ${of.records_received} 条、照片文件 ${of.photos_proven} 份（含小图）；取回 ${of.records_pulled} 条`,
    `The answer is read: ${of.records_received} records and ${of.photos_proven} photo files (small ones too) received; ${of.records_pulled} fetched`,
  );
}

function Step({ n, title, done, children }: { n: number; title: string; done?: string | undefined; children: ComponentChildren }) {
  return (
    <li class="step">
      <span class="step-number" aria-hidden="true">
        {n}
      </span>
      <div class="step-body">
        <h3>{title}</h3>
        {done && (
          <Chip tone="ok" icon="check">
            {done}
          </Chip>
        )}
        {children}
      </div>
    </li>
  );
}

export function Stick() {
  const sticks = useSticks();
  const [busy, setBusy] = useState('');
  const [trouble, setTrouble] = useState<Failure>();
  const [written, setWritten] = useState('');
  const [at, setAt] = useState(0);
  const [taken, setTaken] = useState('');
  const attempt = async (what: string, run: () => Promise<void>): Promise<void> => {
    setBusy(what);
    setTrouble(undefined);
    try {
      await run();
    } catch (cause) {
      setTrouble(failureOf(cause));
    }
    setBusy('');
  };
  const name = (): string => fileName('xunge', actorCode(), 'xgb');
  const write = (volume: Volume): Promise<void> =>
    attempt(volume.name, async () => {
      const answer = await call<Written>({ run: 'bundle write', words: [`stick:${volume.name}/${name()}`], flags: { seal: true } });
      const first = answer.lines[0];
      if (first) setWritten(`${writtenWords(first)}${T('。可以拔下U盘了', '. You may pull the stick out')}`);
      setAt(Date.now());
    });
  const download = (): Promise<void> =>
    attempt('download', async () => {
      const blob = await data({ run: 'bundle write', words: ['-'], flags: { seal: true } });
      saveFile(blob, name());
      setWritten(T(`已写好（${bytes(blob.size)}），在浏览器的下载文件夹里`, `Written (${bytes(blob.size)}); it is in the browser's downloads`));
      setAt(Date.now());
    });
  const read = (what: Call, body?: Blob): Promise<void> =>
    attempt('read', async () => {
      const answer = body ? await feed<Taken>(what, body) : await call<Taken>(what);
      const first = answer.lines[0];
      if (first) setTaken(takenWords(first));
      tell({ text: T('回应已读入并核验', 'The answer is read and verified') });
      refresh();
    });
  const answers = sticks.flatMap((volume) =>
    volume.files.filter((file) => file.kind === 'answer').map((file) => ({ volume, file })),
  );
  return (
    <>
      <Trouble of={trouble} />
      <ol class="steps">
        <Step n={1} title={T('把要传的写成文件', 'Write what waits into a file')} done={written}>
          {sticks.map((volume) => (
            <Button key={volume.name} icon="stick" busy={busy === volume.name} disabled={busy !== ''} onClick={() => void write(volume)}>
              {T(`写到U盘 ${volume.name}（空 ${bytes(volume.free_bytes)}）`, `Write to stick ${volume.name} (${bytes(volume.free_bytes)} free)`)}
            </Button>
          ))}
          {sticks.length === 0 && <p class="quiet">{T('插上U盘，这里会出现它的名字。没有U盘也可以存成文件。', 'Put a stick in and its name appears here. Without one, save a file.')}</p>}
          <Button icon="download" busy={busy === 'download'} disabled={busy !== ''} onClick={() => void download()}>
            {T('存成文件', 'Save as a file')}
          </Button>
        </Step>
        <Step n={2} title={T('带到指挥中心，请他们读入', 'Carry it to the command centre to be read')}>
          <p class="quiet">
            {at > 0
              ? T(`${when(at)} 写好的。内容是加密的，路上丢了别人也看不到；本机的记录不会少。`, `Written ${when(at)}. It is encrypted: if it is lost, nobody can read it; nothing is taken away from this device.`)
              : T('他们会给你一份回应文件。', 'They give you an answer file.')}
          </p>
        </Step>
        <Step n={3} title={T('读入他们的回应', 'Read their answer')} done={taken}>
          {answers.map(({ volume, file }) => (
            <Button
              key={volume.name + file.name}
              icon="received"
              busy={busy === 'read'}
              disabled={busy !== ''}
              onClick={() => void read({ run: 'bundle read', words: [`stick:${volume.name}/${file.name}`] })}
            >
              {T(`读 ${volume.name} 上的 ${file.name}`, `Read ${file.name} on ${volume.name}`)}
            </Button>
          ))}
          <Choose label={T('选一个回应文件', 'Choose an answer file')} take={(file) => void read({ run: 'bundle read', words: ['-'] }, file)} />
          <p class="quiet">
            <Icon name="info" class="inline" />
            {T('读入后，文字和照片才会显示“已收到”。', 'Only then do texts and photos say "received".')}
          </p>
        </Step>
      </ol>
    </>
  );
}
