// How this device looks, how often it syncs, when it locks, which maps it has.
import { useState } from 'preact/hooks';
import { call, type Failure, feed } from '@page/api';
import { useCall } from '@page/store';
import { useTask } from '@page/task';
import { bytes, T } from '@page/text';
import { Bar, Button, Empty, LinkButton, Page, Section, Sheet, tell, Trouble } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { settingsChanged, useSettings, useStatus } from '../shell/facts';
import { Choose } from '../sync/stick';
import './me.css';
import '../sync/sync.css';

interface Named {
  value: string;
  words: string;
}

/** A setting of a few values; another that was set from the command line is shown too. */
function Pick(props: { name: string; label: string; now: string | undefined; choices: Named[]; hint?: string }) {
  const [trouble, setTrouble] = useState<Failure>();
  const { now } = props;
  const known = now === undefined || props.choices.some((one) => one.value === now);
  const choices = known ? props.choices : [...props.choices, { value: now, words: now }];
  const choose = async (value: string): Promise<void> => {
    setTrouble(undefined);
    try {
      await call({ run: 'settings', words: [`${props.name}=${value}`] });
      settingsChanged();
    } catch (cause) {
      setTrouble(cause as Failure);
    }
  };
  return (
    <fieldset class="field">
      <legend>{props.label}</legend>
      <div class="choices">
        {choices.map((one) => (
          <label key={one.value} class="choice">
            <input type="radio" name={props.name} checked={now === one.value} onChange={() => void choose(one.value)} />
            {one.words}
          </label>
        ))}
      </div>
      {props.hint && <p class="hint">{props.hint}</p>}
      <Trouble of={trouble} />
    </fieldset>
  );
}

interface OfflineMap {
  name: string;
  bytes?: number;
  crs?: string;
  attribution?: string;
}

const CRS: () => Named[] = () => [
  { value: 'wgs84', words: T('WGS-84（多数）', 'WGS-84 (most)') },
  { value: 'gcj02', words: 'GCJ-02' },
  { value: 'bd09', words: 'BD-09' },
];

/** Names of maps are of plain letters; of a Chinese file's nothing may be left. */
function plainName(file: string): string {
  const plain = file.replace(/\.[^.]*$/, '').replace(/[^\w.-]+/g, '_').replace(/^[_.-]+|[_.-]+$/g, '');
  return plain || `map-${Date.now().toString(36)}`;
}

function AddMap({ done }: { done: () => void }) {
  const [file, setFile] = useState<File>();
  const [name, setName] = useState('');
  const [crs, setCrs] = useState('wgs84');
  const { busy, trouble, run } = useTask();
  const add = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!file) return;
    await run(async () => {
      await feed({ run: 'maps add', words: ['-'], flags: { name, crs } }, file);
      tell({ text: T(`地图“${name}”已装好`, `The map "${name}" is ready`) });
      setFile(undefined);
      done();
    });
  };
  if (!file)
    return (
      <>
        <Trouble of={trouble} />
        <Choose
          label={T('装一份地图（.mbtiles 文件）', 'Add a map (.mbtiles file)')}
          accept=".mbtiles"
          take={(chosen) => {
            setFile(chosen);
            setName(plainName(chosen.name));
          }}
        />
      </>
    );
  return (
    <form class="card" onSubmit={(event) => void add(event)}>
      <p>{`${file.name} · ${bytes(file.size)}`}</p>
      <div class="field">
        <label for="map-name">{T('名称', 'Name')}</label>
        <input id="map-name" value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </div>
      <fieldset class="field">
        <legend>{T('坐标系', 'Coordinates')}</legend>
        <div class="choices">
          {CRS().map((one) => (
            <label key={one.value} class="choice">
              <input type="radio" name="crs" checked={crs === one.value} onChange={() => setCrs(one.value)} />
              {one.words}
            </label>
          ))}
        </div>
      </fieldset>
      {busy && <Bar share={null} label={T('正在装入并核对', 'Adding and checking')} />}
      <Trouble of={trouble} />
      <div class="buttons">
        <Button disabled={busy} onClick={() => setFile(undefined)}>
          {T('不装了', 'Cancel')}
        </Button>
        <Button type="submit" look="main" busy={busy} disabled={name === ''}>
          {T('装入', 'Add')}
        </Button>
      </div>
    </form>
  );
}

function Maps() {
  const maps = useCall<OfflineMap>({ run: 'maps' });
  const [going, setGoing] = useState('');
  const [trouble, setTrouble] = useState<Failure>();
  const remove = async (): Promise<void> => {
    try {
      await call({ run: 'maps remove', words: [going] });
      maps.again();
    } catch (cause) {
      setTrouble(cause as Failure);
    }
    setGoing('');
  };
  return (
    <Section title={T('离线地图', 'Offline maps')}>
      <Trouble of={maps.failure ?? trouble} again={maps.again} />
      {maps.lines?.length === 0 && (
        <Empty icon="map">{T('还没有地图；没有也能记录，会画出网格边界。地图文件由管理员发放。', 'There is no map; recording works without, on the outlines of the grids. Map files come from the administrator.')}</Empty>
      )}
      <ul class="due-list">
        {maps.lines?.map((map) => (
          <li key={map.name} class="card map-row">
            <span>
              <strong>{map.name}</strong>
              <span class="quiet">{` ${[map.bytes ? bytes(map.bytes) : '', (map.crs ?? '').toUpperCase(), map.attribution].filter(Boolean).join(' · ')}`}</span>
            </span>
            <Button look="danger" icon="trash" onClick={() => setGoing(map.name)} aria-label={T(`删去地图 ${map.name}`, `Remove the map ${map.name}`)}>
              {T('删去', 'Remove')}
            </Button>
          </li>
        ))}
      </ul>
      <AddMap done={maps.again} />
      {going && (
        <Sheet title={T(`删去地图“${going}”？`, `Remove the map "${going}"?`)} onClose={() => setGoing('')}>
          <p>{T('只删地图文件，记录和照片都不动。', 'Only the map goes; no record and no photo is touched.')}</p>
          <div class="buttons">
            <Button onClick={() => setGoing('')}>{T('留着', 'Keep it')}</Button>
            <Button look="danger" icon="trash" onClick={() => void remove()}>
              {T('删去', 'Remove')}
            </Button>
          </div>
        </Sheet>
      )}
    </Section>
  );
}

/** Without a passphrase there is nothing to lock with. */
function LockAfter({ now }: { now: string | undefined }) {
  const { status } = useStatus();
  if (status && status.vault !== 'passphrase')
    return (
      <p>
        {T('没有设口令，这台设备不会上锁。', 'There is no passphrase, so this device does not lock.')}{' '}
        <a class="photo-case" href="#/me/secrets">
          {T('设口令', 'Set a passphrase')}
        </a>
      </p>
    );
  return (
    <Pick
      name="lock_after"
      label={T('多久不碰就上锁', 'Locks when left alone for')}
      now={now}
      choices={['2', '5', '10', '30', '60'].map((value) => ({ value, words: T(`${value} 分钟`, `${value} min`) }))}
    />
  );
}

export function Settings(_: PageProps) {
  const settings = useSettings();
  const value = (name: string): string | undefined => settings.get(name);
  return (
    <Page title={T('设置', 'Settings')}>
      <Section title={T('显示', 'Display')}>
        <Pick
          name="lang"
          label={T('语言', 'Language')}
          now={value('lang')}
          choices={[
            { value: 'auto', words: T('跟随系统', 'as the system') },
            { value: 'zh', words: '中文' },
            { value: 'en', words: 'English' },
          ]}
        />
        <Pick
          name="theme"
          label={T('亮度和颜色', 'Light and colours')}
          now={value('theme')}
          choices={[
            { value: 'auto', words: T('跟随系统', 'as the system') },
            { value: 'light', words: T('浅色', 'light') },
            { value: 'dark', words: T('深色', 'dark') },
            { value: 'sunlight', words: T('强光下', 'sunlight') },
          ]}
        />
        <Pick
          name="text_scale"
          label={T('字的大小', 'Size of text')}
          now={value('text_scale')}
          choices={['100', '125', '150', '200'].map((size) => ({ value: size, words: `${size}%` }))}
        />
      </Section>
      <Section title={T('同步', 'Sync')}>
        <Pick
          name="sync_every"
          label={T('自动同步', 'By itself')}
          now={value('sync_every')}
          choices={[
            { value: '0', words: T('不自动', 'never') },
            ...['5', '15', '60'].map((minutes) => ({ value: minutes, words: T(`每 ${minutes} 分钟`, `every ${minutes} min`) })),
          ]}
        />
        <Pick
          name="waiting_red_days"
          label={T('待传多少天后变红', 'Waiting turns red after')}
          now={value('waiting_red_days')}
          choices={['1', '3', '7', '14'].map((days) => ({ value: days, words: T(`${days} 天`, days === '1' ? '1 day' : `${days} days`) }))}
          hint={T('没到天数，没有网络也只是灰色，不用着急。', 'Before that, being offline is grey, and nothing to worry about.')}
        />
        <LinkButton href="#/sync/photos" icon="photo">
          {T('照片留多久、腾出空间', 'How long photos stay, making room')}
        </LinkButton>
      </Section>
      <Section title={T('上锁', 'Locking')}>
        <LockAfter now={value('lock_after')} />
      </Section>
      <Maps />
    </Page>
  );
}
