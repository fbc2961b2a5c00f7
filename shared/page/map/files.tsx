// The map files that there are: which, one more, one less. What a device does in its settings, and
// the centre in its administration.
import { useState } from 'preact/hooks';
import { call, type Failure, failureOf, feed, known } from '@page/api';
import { mapOf, crsText, type OfflineMap } from '@page/map/offline';
import type { Crs } from '@page/map/shift';
import { signal, useSignal } from '@page/signal';
import { refreshRun, useCall } from '@page/store';
import { useTask } from '@page/task';
import { bytes, T } from '@page/text';
import { Choose } from '@page/ui/choose';
import { Bar, Button, Empty, Section, Sheet, tell, Trouble } from '@page/ui/parts';
import './files.css';

interface Choice {
  name: string;
  crs: Crs;
  attribution: string;
}

const CRS: () => { value: Crs; words: string }[] = () => [
  { value: 'wgs84', words: T('WGS-84（多数）', 'WGS-84 (most)') },
  { value: 'gcj02', words: T('GCJ-02（火星坐标）', 'GCJ-02') },
  { value: 'bd09', words: T('BD-09（百度）', 'BD-09 (Baidu)') },
];

/** Names of maps are of plain letters; of a Chinese file's nothing may be left. */
function plainName(file: string): string {
  const plain = file.replace(/\.[^.]*$/, '').replace(/[^\w-]+/g, '_').replace(/^[_-]+|[_-]+$/g, '');
  return plain.slice(0, 40) || `map-${Date.now().toString(36)}`;
}

const flagsOf = ({ name, crs, attribution }: Choice): Record<string, string> => ({
  name,
  crs,
  ...(attribution.trim() && { attribution: attribution.trim() }),
});

/** One that is chosen, and is on its way where `sent` says how far. */
interface Adding {
  file: File;
  choice: Choice;
  sent: number | null;
  trouble?: Failure;
}

/** It goes on while other pages are looked at, and is found again here. */
const adding = signal<Adding | null>(null);
let going: AbortController | undefined;
const stop = (): void => going?.abort();

const leave = (event: BeforeUnloadEvent): void => event.preventDefault();
known.watch(() => {
  if (known.value) return;
  stop();
  adding.value = null;
});

async function add({ file, choice }: Adding): Promise<void> {
  const mine = new AbortController();
  const put = (sent: number | null, trouble?: Failure): void => {
    if (known.value) adding.value = { file, choice, sent, ...(trouble && { trouble }) };
  };
  going = mine;
  put(0);
  addEventListener('beforeunload', leave);
  try {
    await feed({ run: 'maps add', words: ['-'], flags: flagsOf(choice) }, file, mine.signal, put);
    adding.value = null;
    tell({ text: T(`地图“${choice.name}”已装好`, `The map "${choice.name}" is ready`) });
    refreshRun('maps');
  } catch (cause) {
    put(null, mine.signal.aborted ? undefined : failureOf(cause));
  } finally {
    removeEventListener('beforeunload', leave);
  }
}

/** On its way, which can be stopped; then read through where it came to. */
function Going({ sent, of }: { sent: number; of: number }) {
  const there = sent >= of;
  return (
    <>
      <p role="status">
        {there ? T('传完了，正在逐块核对…', 'All of it is there; each tile is checked…') : T('正在传…', 'Sending…')}
      </p>
      <Bar share={there ? null : sent / of} label={T('传了多少', 'how far it is')} />
      {!there && <p class="quiet">{T(`${bytes(sent)}，共 ${bytes(of)}`, `${bytes(sent)} of ${bytes(of)}`)}</p>}
    </>
  );
}

function AddMap({ taken }: { taken: string[] }) {
  const now = useSignal(adding);
  if (!now)
    return (
      <Choose
        label={T('装一份地图（.mbtiles 文件）', 'Add a map (.mbtiles file)')}
        accept=".mbtiles"
        take={(file) => (adding.value = { file, choice: { name: plainName(file.name), crs: 'wgs84', attribution: '' }, sent: null })}
      />
    );
  const { file, choice, sent, trouble } = now;
  const busy = sent !== null;
  const change = (part: Partial<Choice>): void => void (adding.value = { ...now, choice: { ...choice, ...part } });
  return (
    <form class="card" onSubmit={(event) => (event.preventDefault(), busy || void add(now))}>
      <p>{`${file.name} · ${bytes(file.size)}`}</p>
      <div class="field">
        <label for="map-name">{T('名称', 'Name')}</label>
        <input
          id="map-name"
          value={choice.name}
          disabled={busy}
          maxLength={40}
          aria-describedby="map-name-hint"
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
        <p id="map-name-hint" class="hint">
          {taken.includes(choice.name)
            ? T('已有这个名称的地图：装好后换上新的。', 'There is a map of this name: it will be replaced.')
            : T('字母、数字、- 和 _。', 'Letters, digits, - and _.')}
        </p>
      </div>
      <fieldset class="field">
        <legend>{T('坐标系', 'Coordinates')}</legend>
        <div class="choices">
          {CRS().map((one) => (
            <label key={one.value} class="choice">
              <input
                type="radio"
                name="crs"
                checked={choice.crs === one.value}
                disabled={busy}
                onChange={() => change({ crs: one.value })}
              />
              {one.words}
            </label>
          ))}
        </div>
        <p class="hint">
          {T('问地图的提供者。选错了，案件会偏几百米。', 'Ask who made the map: by the wrong one, cases lie some hundred metres off.')}
        </p>
      </fieldset>
      <div class="field">
        <label for="map-attribution">
          {T('来源和审图号（不填则用文件里的）', 'Where it is from (else what the file says)')}
        </label>
        <input
          id="map-attribution"
          autocomplete="off"
          maxLength={80}
          value={choice.attribution}
          disabled={busy}
          onInput={(event) => change({ attribution: event.currentTarget.value })}
        />
      </div>
      {busy && <Going sent={sent} of={file.size} />}
      <Trouble of={trouble} />
      <div class="buttons">
        {busy ? (
          <Button icon="close" disabled={sent >= file.size} onClick={stop}>
            {T('停下不传', 'Stop')}
          </Button>
        ) : (
          <Button onClick={() => (adding.value = null)}>{T('不装了', 'Cancel')}</Button>
        )}
        <Button type="submit" look="main" busy={busy} disabled={choice.name === ''}>
          {T('装入', 'Add')}
        </Button>
      </div>
    </form>
  );
}

function Removing(props: { name: string; hint: string; close: () => void }) {
  const { busy, trouble, run } = useTask();
  const remove = async (): Promise<void> => {
    if (!(await run(() => call({ run: 'maps remove', words: [props.name] })))) return;
    refreshRun('maps');
    props.close();
  };
  return (
    <Sheet title={T(`删去地图“${props.name}”？`, `Remove the map "${props.name}"?`)} onClose={props.close}>
      <p>{props.hint}</p>
      <Trouble of={trouble} />
      <div class="buttons">
        <Button onClick={props.close}>{T('留着', 'Keep it')}</Button>
        <Button look="danger" icon="trash" busy={busy} onClick={() => void remove()}>
          {T('删去', 'Remove')}
        </Button>
      </div>
    </Sheet>
  );
}

const aboutOf = (map: OfflineMap): string =>
  [bytes(map.bytes), crsText(map.crs), map.attribution].filter(Boolean).join(' · ');

/** `none`: said where there is none; `gone`: what a removal leaves alone. */
export function MapFiles({ none, gone }: { none: string; gone: string }) {
  const told = useCall({ run: 'maps' });
  const [removing, setRemoving] = useState('');
  const maps = told.lines?.map(mapOf) ?? [];
  return (
    <Section title={T('离线地图', 'Offline maps')}>
      <Trouble of={told.failure} again={told.again} />
      {told.lines?.length === 0 && <Empty icon="map">{none}</Empty>}
      <ul class="map-files">
        {maps.map((map) => (
          <li key={map.name} class="card map-row">
            <span>
              <strong>{map.name}</strong>
              {map.title !== map.name && ` ${map.title}`}
              <span class="quiet">{` ${aboutOf(map)}`}</span>
            </span>
            <Button
              look="danger"
              icon="trash"
              onClick={() => setRemoving(map.name)}
              aria-label={T(`删去地图 ${map.name}`, `Remove the map ${map.name}`)}
            >
              {T('删去', 'Remove')}
            </Button>
          </li>
        ))}
      </ul>
      <AddMap taken={maps.map((map) => map.name)} />
      {removing && <Removing name={removing} hint={gone} close={() => setRemoving('')} />}
    </Section>
  );
}
