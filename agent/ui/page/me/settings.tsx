// How this device looks, how often it syncs, when it locks, which maps it has.
import { useState } from 'preact/hooks';
import { call, type Failure } from '@page/api';
import { MapFiles } from '@page/map/files';
import { T } from '@page/text';
import { LinkButton, Page, Section, Trouble } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { settingsChanged, useSettings, useStatus } from '../shell/facts';
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

function Maps() {
  return (
    <MapFiles
      none={T('还没有地图；没有也能记录，会画出网格边界。地图文件由管理员发放。', 'There is no map; recording works without, on the outlines of the grids. Map files come from the administrator.')}
      gone={T('只删地图文件，记录和照片都不动。', 'Only the map goes; no record and no photo is touched.')}
    />
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
