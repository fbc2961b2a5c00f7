// Locked: the passphrase, said calmly when it is wrong; and a way to save the data even so.
import { useEffect, useState } from 'preact/hooks';
import { call, data, type Failure } from '@page/api';
import { useTask } from '@page/task';
import { T } from '@page/text';
import { Button, Page, Section, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { fileName, saveFile } from '@page/save';
import { SecretField } from './secret-field';
import './me.css';
import '../sync/sync.css';

const HOLD_MINUTES = '480';
const FREE_TRIES = 2;
const WAIT_MOST_S = 60;

/** From the third wrong one on a pause, each twice as long: a finger slips, a guesser tires. */
function pauseAfter(wrong: number): number {
  return wrong <= FREE_TRIES ? 0 : Math.min(WAIT_MOST_S, 2 ** (wrong - FREE_TRIES));
}

function Rescue() {
  const [done, setDone] = useState(false);
  const { busy, trouble, run } = useTask();
  const save = async (): Promise<void> => {
    await run(async () => {
      saveFile(await data({ run: 'bundle write', words: ['-'], flags: { rescue: true } }), fileName('rescue', 'xunge', 'xgr'));
      setDone(true);
    });
  };
  return (
    <Section title={T('忘了口令？', 'Forgotten?')}>
      <p class="quiet">
        {T('记录都还在，只是打不开。请联系指挥中心登记员，他们能重设口令，什么都不会丢。', 'All records are there, only locked. Ask the registrar of the command centre: they can set a new passphrase, and nothing is lost.')}
      </p>
      <p class="quiet">
        {T('设备快不行了？先存一份救援包：里面是加密的全部数据，交给登记员。', 'Is the device failing? Save a rescue bundle first: all data, encrypted as it is, for the registrar.')}
      </p>
      <Button icon="download" busy={busy} onClick={() => void save()}>
        {T('存救援包', 'Save a rescue bundle')}
      </Button>
      {done && <p role="status">{T('救援包在浏览器的下载文件夹里。', "The rescue bundle is in the browser's downloads.")}</p>}
      <Trouble of={trouble} />
    </Section>
  );
}

export function Locked({ opened }: { opened: () => void }) {
  const [passphrase, setPassphrase] = useState('');
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(0);
  const [wait_s, setWait] = useState(0);
  const [trouble, setTrouble] = useState<Failure>();
  useEffect(() => {
    if (wait_s <= 0) return undefined;
    const timer = setTimeout(() => setWait(wait_s - 1), 1000);
    return () => clearTimeout(timer);
  }, [wait_s]);
  const unlock = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy || wait_s > 0 || passphrase === '') return;
    setBusy(true);
    setTrouble(undefined);
    try {
      await call({ run: 'unlock', flags: { for: HOLD_MINUTES }, secret: passphrase });
      setPassphrase('');
      opened();
    } catch (cause) {
      setTrouble(cause as Failure);
      setWrong(wrong + 1);
      setWait(pauseAfter(wrong + 1));
    }
    setBusy(false);
  };
  return (
    <Page title={T('已上锁', 'Locked')} root>
      <p>
        <Icon name="lock" class="inline" />
        {T('输入口令继续。没打完的已存为草稿。', 'Give the passphrase to go on. What was half typed is kept as a draft.')}
      </p>
      <form class="section" onSubmit={(event) => void unlock(event)}>
        <SecretField
          id="passphrase"
          label={T('口令', 'Passphrase')}
          value={passphrase}
          change={setPassphrase}
          problem={trouble?.message}
        />
        {wait_s > 0 && <p role="status">{T(`${wait_s} 秒后可以再试`, `You may try again in ${wait_s} s`)}</p>}
        <Button type="submit" look="main" icon="lock" class="sync-button" busy={busy} disabled={passphrase === '' || wait_s > 0}>
          {T('解锁', 'Unlock')}
        </Button>
      </form>
      <Rescue />
    </Page>
  );
}
