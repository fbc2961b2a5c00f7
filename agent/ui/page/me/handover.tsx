// From one worker to the next: write for a successor, accept from a predecessor, how each stands.
import { useState } from 'preact/hooks';
import { call, Failure, feed } from '@page/api';
import { actAsOwner, bytesAsOwner, ownerCode, personNamed } from '@page/actor';
import { personText, theDomain } from '@page/domain';
import { refresh, useCall } from '@page/store';
import { bytes, T } from '@page/text';
import { Button, Chip, Page, Section, Trouble } from '@page/ui/parts';
import { Choose } from '@page/ui/choose';
import { useSticks, type Volume } from '../sync/stick';
import { fileName, saveFile } from '@page/save';
import { SecretField } from './secret-field';
import '../sync/sync.css';

interface Counted {
  cases: number;
  subjects: number;
  drafts: number;
  photos: number;
}

function countsWords(of: Counted): string {
  return T(
    `未结案件 ${of.cases} · 重点对象 ${of.subjects} · 草稿 ${of.drafts} · 照片 ${of.photos}`,
    `open cases ${of.cases} · subjects ${of.subjects} · drafts ${of.drafts} · photos ${of.photos}`,
  );
}

interface Info extends Counted {
  number: string;
  handover: string;
  from: string;
  to: string;
  taken: boolean;
  stage: 'open' | 'replaced' | 'answered' | 'accepted';
}

interface Standing {
  handovers: Info[];
  carried: { batches: number; to_push: number; unconfirmed: number; photos: number };
}

function stageChip(of: Info) {
  if (of.stage === 'replaced') return <Chip tone="quiet" icon="info">{T('已被后来的替代', 'replaced by a later one')}</Chip>;
  if (of.taken)
    return of.stage === 'accepted' ? (
      <Chip tone="ok" icon="received">{T('我已签收，中心已收到', 'accepted by me, received by the centre')}</Chip>
    ) : (
      <Chip tone="info" icon="waiting">{T('我已签收，待同步', 'accepted by me, to be synced')}</Chip>
    );
  return of.stage === 'open' ? (
    <Chip tone="info" icon="clock">{T('等对方签收', 'waiting to be accepted')}</Chip>
  ) : (
    <Chip tone="ok" icon="received">{T('对方已签收', 'accepted by the successor')}</Chip>
  );
}

function List() {
  const shown = useCall<Standing>({ run: 'handover status' });
  const standing = shown.lines?.[0];
  return (
    <Section title={T('交接情况', 'How handovers stand')}>
      <Trouble of={shown.failure} again={shown.again} />
      {standing?.handovers.length === 0 && <p class="quiet">{T('没有交接。', 'There is no handover.')}</p>}
      <ul class="due-list">
        {standing?.handovers.map((info) => (
          <li key={info.handover} class="card">
            <p>
              <strong>{`${personNamed(info.from)} → ${personNamed(info.to)}`}</strong> <span class="quiet">{info.number}</span>
            </p>
            {stageChip(info)}
            <p class="quiet">{countsWords(info)}</p>
          </li>
        ))}
      </ul>
      {!!standing?.carried.to_push && (
        <p>{T(`替前任代传：${standing.carried.to_push} 批待传，同步时一起传`, `For the predecessor: ${standing.carried.to_push} batches go with the next sync`)}</p>
      )}
    </Section>
  );
}

const isCounted = (of: Partial<Counted>): of is Counted => of.cases !== undefined;

interface Wrote extends Partial<Counted> {
  code?: string | null;
  safe_to_remove?: boolean;
  number: string;
  bytes: number;
}

/** To a successor: who, and how only they can open it. */
function Write() {
  const [to, setTo] = useState('');
  const [way, setWay] = useState<'code' | 'key'>('code');
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Failure>();
  const [wrote, setWrote] = useState<Wrote>();
  const sticks = useSticks();
  const people = theDomain().site.people.filter((person) => person.code !== ownerCode());
  const flags = (): Record<string, string | string[] | true> => ({ to, ...(way === 'key' ? { key: [key.trim()] } : { code: true }) });
  const run = async (make: () => Promise<Wrote | undefined>): Promise<void> => {
    setBusy(true);
    setTrouble(undefined);
    setWrote(undefined);
    try {
      setWrote(await make());
      refresh();
    } catch (cause) {
      setTrouble(cause as Failure);
    }
    setBusy(false);
  };
  const file = (): string => fileName('handover', to, 'xgh');
  const ready = to !== '' && (way === 'code' || key.trim() !== '') && !busy;
  return (
    <Section title={T('交给接任的人', 'Hand over to a successor')}>
      <p class="quiet">
        {T('未结的案件、重点对象、草稿和照片写成一个加密文件，只有接任的人打得开。本机什么都不删。', 'Open cases, subjects, drafts and photos go into an encrypted file that only the successor opens. Nothing is deleted here.')}
      </p>
      <div class="field">
        <label for="successor">{T('交给谁', 'To whom')}</label>
        <select id="successor" value={to} onChange={(event) => setTo(event.currentTarget.value)}>
          <option value="">{T('请选择', 'Choose')}</option>
          {people.map((person) => (
            <option key={person.code} value={person.code}>{personText(person)}</option>
          ))}
        </select>
      </div>
      <fieldset class="field">
        <legend>{T('对方怎么打开', 'How they open it')}</legend>
        <div class="choices">
          <label class="choice">
            <input type="radio" name="way" checked={way === 'code'} onChange={() => setWay('code')} />
            {T('电话里念一个口令码', 'A code, read out on the telephone')}
          </label>
          <label class="choice">
            <input type="radio" name="way" checked={way === 'key'} onChange={() => setWay('key')} />
            {T('对方设备的钥匙', "The key of their device")}
          </label>
        </div>
      </fieldset>
      {way === 'key' && (
        <div class="field">
          <label for="key">{T('钥匙（对方在“交接”页上看得到）', 'Key (they see it on their page "Handover")')}</label>
          <textarea id="key" spellcheck={false} value={key} onInput={(event) => setKey(event.currentTarget.value)} />
        </div>
      )}
      <Trouble of={trouble} />
      {sticks.map((volume) => (
        <Button
          key={volume.name}
          icon="stick"
          disabled={!ready}
          onClick={() =>
            void run(async () => (await actAsOwner<Wrote>({ run: 'handover write', words: [`stick:${volume.name}/${file()}`], flags: flags() })).lines[0])
          }
        >
          {T(`写到U盘 ${volume.name}（空 ${bytes(volume.free_bytes)}）`, `Write to stick ${volume.name} (${bytes(volume.free_bytes)} free)`)}
        </Button>
      ))}
      {way === 'key' ? (
        <Button
          icon="download"
          disabled={!ready}
          busy={busy}
          onClick={() =>
            void run(async () => {
              const blob = await bytesAsOwner({ run: 'handover write', words: ['-'], flags: flags() });
              saveFile(blob, file());
              return { number: '', bytes: blob.size };
            })
          }
        >
          {T('存成文件', 'Save as a file')}
        </Button>
      ) : (
        sticks.length === 0 && (
          <p class="quiet">{T('用口令码要插U盘；没有U盘就用对方的钥匙，可以存成文件。', 'With a code a stick is needed; without one use their key, and save a file.')}</p>
        )
      )}
      {wrote && (
        <div class="card" role="status">
          <p>{T(`交接文件已写好（${bytes(wrote.bytes)}）。`, `The handover file is written (${bytes(wrote.bytes)}).`)}</p>
          {isCounted(wrote) && <p>{countsWords(wrote)}</p>}
          {wrote.safe_to_remove && <p>{T('可以拔下U盘了。', 'You may pull the stick out.')}</p>}
          {wrote.code && (
            <>
              <p>{T('把下面的口令码念给对方，不要和文件放在一起：', 'Read this code out to them; do not keep it with the file:')}</p>
              <p class="code">{wrote.code}</p>
            </>
          )}
        </div>
      )}
    </Section>
  );
}

interface Accepted extends Counted {
  number: string;
  from: string;
  before: boolean;
  answer: string | null;
}

function acceptedWords(of: Accepted): string {
  const from = personNamed(of.from);
  return of.before
    ? T(`${from} 的这份交接早已签收，没有重复。${countsWords(of)}。`, `This handover from ${from} was accepted before; nothing was done twice. ${countsWords(of)}.`)
    : T(`已签收 ${from} 的交接。${countsWords(of)}。`, `Accepted from ${from}. ${countsWords(of)}.`);
}

function Accept() {
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Failure>();
  const [accepted, setAccepted] = useState<Accepted>();
  const sticks = useSticks();
  const key = useCall<{ key: string }>({ run: 'handover key' });
  /** The answer goes back on the stick that the handover came on. */
  const answerOn = (volume: Volume): string | undefined =>
    volume.read_only ? undefined : `stick:${volume.name}/${fileName('accepted', ownerCode(), 'xga')}`;
  const files = sticks.flatMap((volume) => volume.files.filter((file) => file.kind === 'handover').map((file) => ({ volume, file })));
  const accept = async (word: string, body?: Blob, answer?: string): Promise<void> => {
    setBusy(true);
    setTrouble(undefined);
    setAccepted(undefined);
    const secret = code.trim();
    const flags: Record<string, string | true> = { ...(secret ? { code: true } : {}), ...(answer ? { answer } : {}) };
    const what = { run: 'handover accept', words: [word], flags, ...(secret ? { secret } : {}) };
    try {
      const took = await actAsOwner<Accepted>(what, body);
      setAccepted(took.lines[0]);
      setCode('');
      refresh();
    } catch (cause) {
      setTrouble(cause as Failure);
    }
    setBusy(false);
  };
  return (
    <Section title={T('接前任的', 'Accept from a predecessor')}>
      <SecretField id="handover-code" label={T('口令码（文件用钥匙加密的不用填）', 'Code (not needed where the file is for your key)')} value={code} change={setCode} />
      <Trouble of={trouble} />
      <div class="buttons">
        {files.map(({ volume, file }) => (
          <Button key={volume.name + file.name} icon="stick" busy={busy} onClick={() => void accept(`stick:${volume.name}/${file.name}`, undefined, answerOn(volume))}>
            {T(`读 ${volume.name} 上的 ${file.name}`, `Read ${file.name} on ${volume.name}`)}
          </Button>
        ))}
        <Choose label={T('选交接文件', 'Choose the handover file')} take={(file) => void accept('-', file)} />
      </div>
      {accepted && (
        <div class="card" role="status">
          <p>{acceptedWords(accepted)}</p>
          <p class="quiet">
            {accepted.answer
              ? T('回执也写到了U盘上：拔下，带回给移交的人。', 'The answer is on the stick too: pull it out and bring it back to them.')
              : T('移交的人同步后就看得到；没有网络，就从U盘读，回执会写在U盘上。', 'They see it after a sync; without a network read it from a stick, and the answer is written there.')}
          </p>
        </div>
      )}
      {key.lines?.[0] && (
        <details class="card">
          <summary>{T('我这台设备的钥匙（给移交的人）', "This device's key (for the one who hands over)")}</summary>
          <p>
            <code>{key.lines[0].key}</code>
          </p>
        </details>
      )}
    </Section>
  );
}

/** The successor's answer, where there is no network to bring it. */
function Finish() {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Failure>();
  const [finished, setFinished] = useState<Info>();
  const sticks = useSticks();
  const files = sticks.flatMap((volume) => volume.files.filter((file) => file.kind === 'accepted').map((file) => ({ volume, file })));
  const finish = async (word: string, body?: Blob): Promise<void> => {
    const what = { run: 'handover finish', words: [word] };
    setBusy(true);
    setTrouble(undefined);
    setFinished(undefined);
    try {
      setFinished((body ? await feed<Info>(what, body) : await call<Info>(what)).lines[0]);
      refresh();
    } catch (cause) {
      setTrouble(cause as Failure);
    }
    setBusy(false);
  };
  return (
    <Section title={T('读接任人的回执', "Read the successor's answer")}>
      <p class="quiet">{T('有网络时不用：同步会带来。', 'Not needed with a network: a sync brings it.')}</p>
      <Trouble of={trouble} />
      <div class="buttons">
        {files.map(({ volume, file }) => (
          <Button key={volume.name + file.name} icon="stick" busy={busy} onClick={() => void finish(`stick:${volume.name}/${file.name}`)}>
            {T(`读 ${volume.name} 上的 ${file.name}`, `Read ${file.name} on ${volume.name}`)}
          </Button>
        ))}
        <Choose label={T('选回执文件', 'Choose the answer')} take={(file) => void finish('-', file)} />
      </div>
      {finished && (
        <p role="status">
          {T(`${personNamed(finished.to)} 已签收。${countsWords(finished)}。`, `Accepted by ${personNamed(finished.to)}. ${countsWords(finished)}.`)}
        </p>
      )}
    </Section>
  );
}

export function Handover() {
  return (
    <Page title={T('交接', 'Handover')}>
      <List />
      <Write />
      <Finish />
      <Accept />
      <p class="quiet">
        {T('清空这台设备（离岗）不在页面上，由管理员在终端运行 xunge leave；有东西只在本机时它会拒绝。', 'Wiping this device is not offered here: an administrator runs xunge leave in a terminal. It refuses while anything is only here.')}
      </p>
    </Page>
  );
}
