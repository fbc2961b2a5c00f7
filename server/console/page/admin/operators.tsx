// Who may log in here: with a one-time key at first, then with a password of their own.
import { useId, useState } from 'preact/hooks';
import { call, one, type Call } from '@page/api';
import { said } from '@page/domain';
import { refresh, useCall } from '@page/store';
import { useTask } from '@page/task';
import { N, T, when } from '@page/text';
import { Button, Chip, Empty, Section, tell, Trouble } from '@page/ui/parts';
import { unitNamed } from '../cases/row';
import { Fetched } from '../parts/fetch';
import { Table } from '../parts/table';
import { OneTimeSheet, type OneTime } from './code';
import { PersonForm } from './person_form';

/** Those who work at the centre; workers have devices. */
const ROLES = ['dispatcher', 'supervisor', 'handler', 'community', 'grid_head', 'auditor', 'registrar'];

interface Operator {
  code: string;
  name: string;
  /** Null: it waits for the registrar. */
  role: string | null;
  unit: string;
  /** She set one. */
  password: boolean;
  signs: boolean;
  totp: boolean;
  locked: boolean;
  wrong: number;
  last_login: string | null;
  sessions: number;
  /** What others did to her login last; `used`: she has another key since. */
  given: { when: string; by: string | null; why: string; used: string | null } | null;
  /** Who wants to give her another, where that takes two. */
  asked: { by: string; consent: string | null } | null;
}

interface Once {
  once?: string;
  asked?: boolean;
  url: string | null;
  expires: string;
}

/** Undefined: another has to agree first. */
async function invite(code: string, why?: string): Promise<OneTime | undefined> {
  const got = await one<Once & { [key: string]: never }>({ run: 'operator login', words: [code], ...(why ? { flags: { why } } : {}) });
  if (!got?.once) {
    if (got?.asked) tell({ text: T('已提出；等另一位登记员或督办单位同意后，再来拿链接', 'Asked for; come again for the link once another registrar or a supervising office agrees') });
    refresh();
    return undefined;
  }
  return {
    title: T(`${code} 的一次性登录`, `One-time login of ${code}`),
    text: `${location.origin}/#once=${got.once}`,
    expires: got.expires,
    hint: T('交给本人打开这个地址，自己设密码；原来的密码从那时起作废。', 'Hand this to the person, who opens it and chooses a password; the old one is void from then on.'),
  };
}

/** What touches the login of somebody who has one is recorded, with its reason. */
function Reason(props: { save: string; busy: boolean; say(why: string): void; left(): void }) {
  const [why, setWhy] = useState('');
  const id = useId();
  const send = (event: Event): void => {
    event.preventDefault();
    props.say(why.trim());
  };
  return (
    <form class="controls" onSubmit={send}>
      <div class="field matter-why">
        <label for={id}>{T('为什么（记录在案，她的单位会看到）', 'Why (recorded, and shown to her unit)')}</label>
        <input id={id} type="text" autocomplete="off" value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
      </div>
      <Button type="submit" busy={props.busy} disabled={why.trim() === ''}>
        {props.save}
      </Button>
      <Button look="quiet" onClick={props.left}>
        {T('取消', 'Cancel')}
      </Button>
    </form>
  );
}

function Acts({ of, invited }: { of: Operator; invited(login: OneTime): void }) {
  const { busy, trouble, run } = useTask();
  const change = (what: Call, words: string): void =>
    void run(async () => {
      await call(what);
      refresh();
      tell({ text: words });
    });
  const [asks, setAsks] = useState<'login' | 'totp'>();
  const login = (why?: string): void =>
    void run(async () => {
      const made = await invite(of.code, why);
      setAsks(undefined);
      if (made) invited(made);
    });
  const noTotp = (why: string): void => {
    change({ run: 'operator totp', words: [of.code], flags: { remove: true, why } }, T('动态验证码已解除', 'The second factor is removed'));
    setAsks(undefined);
  };
  return (
    <>
      <span class="buttons">
        <Button look="quiet" busy={busy} onClick={() => (of.password ? setAsks('login') : login())}>
          {T('一次性登录', 'One-time login')}
        </Button>
        {of.totp && (
          <Button look="quiet" busy={busy} onClick={() => setAsks('totp')}>
            {T('解除动态码', 'Remove second factor')}
          </Button>
        )}
        {of.locked ? (
          <Button look="quiet" busy={busy} onClick={() => change({ run: 'operator unlock', words: [of.code] }, T('已解锁', 'Unlocked'))}>
            {T('解锁', 'Unlock')}
          </Button>
        ) : (
          <Button look="quiet" icon="lock" busy={busy} onClick={() => change({ run: 'operator lock', words: [of.code] }, T('已停用，其登录已结束', 'Locked; their logins have ended'))}>
            {T('停用', 'Lock')}
          </Button>
        )}
      </span>
      {asks === 'login' && <Reason save={T('重置登录', 'Give another login')} busy={busy} say={login} left={() => setAsks(undefined)} />}
      {asks === 'totp' && <Reason save={T('解除动态码', 'Remove second factor')} busy={busy} say={noTotp} left={() => setAsks(undefined)} />}
      <Trouble of={trouble} />
    </>
  );
}

function StateChips({ of }: { of: Operator }) {
  return (
    <span class="chips">
      {of.locked && (
        <Chip tone="bad" icon="lock">
          {T('已停用', 'locked')}
        </Chip>
      )}
      {!of.password && (
        <Chip tone="warn" icon="clock">
          {T('还没有登录过', 'never logged in')}
        </Chip>
      )}
      {of.totp && (
        <Chip tone="ok" icon="proof">
          {T('动态验证码', 'second factor')}
        </Chip>
      )}
      {of.given && (
        <Chip tone="warn" icon="alert">
          {of.given.used
            ? T(`${when(of.given.used)} 换过钥匙（${of.given.by ?? '服务器本机'}）`, `another key since ${when(of.given.used)} (by ${of.given.by ?? 'the machine itself'})`)
            : T(`${when(of.given.when)} 登录被动过（${of.given.by ?? '服务器本机'}）`, `login touched on ${when(of.given.when)} (by ${of.given.by ?? 'the machine itself'})`)}
        </Chip>
      )}
      {of.asked && (
        <Chip tone="info" icon="waiting">
          {of.asked.consent ? T(`重置登录：${of.asked.consent} 已同意`, `new login: ${of.asked.consent} agreed`) : T('重置登录，等人同意', 'new login: waits for who agrees')}
        </Chip>
      )}
      {of.sessions > 0 && (
        <Chip tone="info" icon="person">
          {T(`在线 ${of.sessions}`, `${of.sessions} logged in`)}
        </Chip>
      )}
      {of.wrong > 0 && (
        <Chip tone="warn" icon="alert">
          {N(of.wrong, ' 次密码错', 'wrong password', 'wrong passwords')}
        </Chip>
      )}
    </span>
  );
}

export function Operators() {
  const told = useCall<Operator>({ run: 'operator list' });
  const [login, setLogin] = useState<OneTime>();
  const { trouble, run } = useTask();
  const added = (code: string): void => void run(async () => setLogin(await invite(code)));
  return (
    <>
      <Section title={T('登记操作员', 'Register an operator')}>
        <PersonForm run="operator add" roles={ROLES} save={T('登记，给一次性登录', 'Register, and give a one-time login')} done={added} />
        <Trouble of={trouble} />
      </Section>
      <Section title={T('操作员', 'Operators')}>
        <Fetched of={told}>
          {(lines) =>
            lines.length === 0 ? (
              <Empty icon="people">{T('还没有操作员。', 'There are no operators yet.')}</Empty>
            ) : (
              <Table
                caption={T('操作员', 'Operators')}
                rows={lines}
                keyOf={(row) => row.code}
                columns={[
                  { head: T('工号', 'Code'), cell: (row) => row.code },
                  { head: T('姓名', 'Name'), cell: (row) => row.name },
                  { head: T('角色', 'Role'), cell: (row) => said('roles', row.role) || T('等登记员签名', 'waits for the registrar') },
                  { head: T('单位', 'Unit'), cell: (row) => unitNamed(row.unit) },
                  { head: T('状态', 'State'), cell: (row) => <StateChips of={row} /> },
                  { head: T('上次登录', 'Last login'), cell: (row) => (row.last_login ? when(row.last_login) : '') },
                  { head: T('办理', 'Do'), cell: (row) => <Acts of={row} invited={setLogin} /> },
                ]}
              />
            )
          }
        </Fetched>
      </Section>
      {login && <OneTimeSheet of={login} left={() => setLogin(undefined)} />}
    </>
  );
}
