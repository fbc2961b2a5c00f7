// Who may log in here: with a one-time key at first, then with a password of their own.
import { useState } from 'preact/hooks';
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
}

interface Once {
  once: string;
  url: string | null;
  expires: string;
}

async function invite(code: string): Promise<OneTime | undefined> {
  const got = await one<Once & { [key: string]: never }>({ run: 'operator login', words: [code] });
  if (!got) return undefined;
  return {
    title: T(`${code} 的一次性登录`, `One-time login of ${code}`),
    text: `${location.origin}/#once=${got.once}`,
    expires: got.expires,
    hint: T('交给本人打开这个地址，自己设密码；原来的密码从那时起作废。', 'Hand this to the person, who opens it and chooses a password; the old one is void from then on.'),
  };
}

function Acts({ of, invited }: { of: Operator; invited(login: OneTime): void }) {
  const { busy, trouble, run } = useTask();
  const change = (what: Call, words: string): void =>
    void run(async () => {
      await call(what);
      refresh();
      tell({ text: words });
    });
  const login = (): void =>
    void run(async () => {
      const made = await invite(of.code);
      if (made) invited(made);
    });
  return (
    <>
      <span class="buttons">
        <Button look="quiet" busy={busy} onClick={login}>
          {T('一次性登录', 'One-time login')}
        </Button>
        {of.totp && (
          <Button look="quiet" busy={busy} onClick={() => change({ run: 'operator totp', words: [of.code], flags: { remove: true } }, T('动态验证码已解除', 'The second factor is removed'))}>
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
