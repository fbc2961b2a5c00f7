// PINs (who signs) and the passphrase (who may open this device).
import { useState } from 'preact/hooks';
import { call, type Call } from '@page/api';
import { actor, actorCode, personNamed, type PinList } from '@page/actor';
import { domain, personText } from '@page/domain';
import { useSignal } from '@page/signal';
import { refresh, useCall } from '@page/store';
import { useTask } from '@page/task';
import { T } from '@page/text';
import { Button, Page, Section, tell, Trouble } from '@page/ui/parts';
import { useStatus } from '../shell/facts';
import { SecretField } from './secret-field';

const PIN_LEAST = 4;

/** Two fields that must agree, and the old one where there is one. */
function Change(props: {
  id: string;
  pin?: boolean;
  old: boolean;
  button: string;
  newLabel: string;
  oldLabel: string;
  hint: string;
  least: number;
  make: (old: string, fresh: string) => Call[];
  done: string;
}) {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [again, setAgain] = useState('');
  const { busy, trouble, run } = useTask();
  const differs = again !== '' && !fresh.startsWith(again) && fresh !== again;
  const ready = fresh.length >= props.least && fresh === again && (!props.old || old !== '');
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    await run(async () => {
      for (const one of props.make(old, fresh)) await call(one);
      setOld('');
      setFresh('');
      setAgain('');
      refresh();
      tell({ text: props.done });
    });
  };
  return (
    <form class="section" onSubmit={(event) => void save(event)}>
      {props.old && <SecretField id={`${props.id}-old`} label={props.oldLabel} value={old} change={setOld} pin={props.pin ?? false} />}
      <SecretField id={`${props.id}-new`} label={props.newLabel} value={fresh} change={setFresh} pin={props.pin ?? false} hint={props.hint} fresh />
      <SecretField
        id={`${props.id}-again`}
        label={T('再输一遍', 'Once more')}
        value={again}
        change={setAgain}
        pin={props.pin ?? false}
        problem={differs ? T('两次不一样', 'The two differ') : undefined}
        fresh
      />
      <Trouble of={trouble} />
      <Button type="submit" look="main" icon="lock" busy={busy} disabled={!ready}>
        {props.button}
      </Button>
    </form>
  );
}

/** Another worker of this device gives himself a PIN. */
function OtherPin({ people, taken }: { people: { code: string; name: string }[]; taken: string[] }) {
  const [worker, setWorker] = useState('');
  const free = people.filter((person) => !taken.includes(person.code));
  return (
    <details class="card">
      <summary>{T('另一位也用这台设备', 'Somebody else uses this device too')}</summary>
      <div class="field">
        <label for="other">{T('谁', 'Who')}</label>
        <select id="other" value={worker} onChange={(event) => setWorker(event.currentTarget.value)}>
          <option value="">{T('请选择', 'Choose')}</option>
          {free.map((person) => (
            <option key={person.code} value={person.code}>{personText(person)}</option>
          ))}
        </select>
      </div>
      {worker && (
        <Change
          id="other-pin"
          pin
          old={false}
          least={PIN_LEAST}
          newLabel={T(`${personNamed(worker)} 的新 PIN`, `New PIN of ${personNamed(worker)}`)}
          oldLabel=""
          hint={T('由本人输入，至少 4 位。', 'Typed by that person; four digits at least.')}
          button={T('设 PIN', 'Set the PIN')}
          make={(_, fresh) => [{ run: 'pin set', flags: { as: worker }, secret: fresh }]}
          done={T('PIN 已设。同步后请管理员登记指纹，并准许用这台设备。', 'The PIN is set. After a sync, have the administrator register the fingerprint and allow this device.')}
        />
      )}
    </details>
  );
}

export function Secrets() {
  const { status } = useStatus();
  const pins = useCall<PinList>({ run: 'pin list' });
  useSignal(actor);
  const who = actorCode();
  const has_pin = pins.lines?.some((pin) => pin.worker === who) ?? false;
  const has_passphrase = status?.vault === 'passphrase';
  const people = domain.value?.site.people ?? [];
  return (
    <Page title={T('PIN 和口令', 'PIN and passphrase')}>
      <Trouble of={pins.failure} again={pins.again} />
      {pins.lines && (
        <Section title={T(`PIN：${personNamed(who)} 的签名`, `PIN: the signature of ${personNamed(who)}`)}>
          <p class="quiet">
            {T(
              '几个人用一台设备时，各人一个 PIN：用 PIN 记的，能证明是本人。',
              'Where several share a device, each has a PIN: what is recorded with it is proven to be theirs.',
            )}
          </p>
          <Change
            key={`${who}-${String(has_pin)}`}
            id="pin"
            pin
            old={has_pin}
            least={PIN_LEAST}
            newLabel={T('新 PIN', 'New PIN')}
            oldLabel={T('现在的 PIN', 'Present PIN')}
            hint={T('至少 4 位数字。忘了要请管理员重新登记。', 'Four digits at least. If it is forgotten, the administrator must register a new one.')}
            button={has_pin ? T('改 PIN', 'Change the PIN') : T('设 PIN', 'Set a PIN')}
            make={(old, fresh) =>
              has_pin
                ? [{ run: 'pin change', flags: { as: who }, secret: `${old}\n${fresh}` }]
                : [{ run: 'pin set', flags: { as: who }, secret: fresh }]
            }
            done={T('PIN 已保存', 'The PIN is saved')}
          />
          <OtherPin people={people} taken={(pins.lines ?? []).map((pin) => pin.worker).concat(who)} />
        </Section>
      )}
      {status && (
        <Section title={T('口令：打开这台设备', 'Passphrase: opens this device')}>
          <p class="quiet">
            {has_passphrase
              ? T('已设口令：一段时间不碰就上锁。', 'A passphrase is set: the device locks when it is left alone.')
              : T('没有口令：谁拿到这台设备都能看。设了口令，丢了也没人看得到。', 'No passphrase: whoever holds this device can read it. With one, a lost device tells nothing.')}
          </p>
          <Change
            key={String(has_passphrase)}
            id="passphrase"
            old={has_passphrase}
            least={1}
            newLabel={T('新口令', 'New passphrase')}
            oldLabel={T('现在的口令', 'Present passphrase')}
            hint={T(
              '几个词连起来，好记又难猜。忘了只有登记员能救，先想好记在哪里。',
              'A few words in a row: easy to keep, hard to guess. If it is forgotten, only the registrar can help.',
            )}
            button={has_passphrase ? T('改口令', 'Change the passphrase') : T('设口令', 'Set a passphrase')}
            make={(old, fresh) => [
              ...(old ? [{ run: 'unlock', secret: old }] : []),
              { run: 'passphrase set', secret: fresh },
              { run: 'unlock', secret: fresh },
            ]}
            done={T('口令已保存', 'The passphrase is saved')}
          />
        </Section>
      )}
    </Page>
  );
}
