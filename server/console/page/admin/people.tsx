// Workers: who is registered, and a one-time code with which a device joins in their name.
import { useState } from 'preact/hooks';
import { one } from '@page/api';
import { said, theDomain } from '@page/domain';
import { useCall } from '@page/store';
import { useTask } from '@page/task';
import { T } from '@page/text';
import { Button, Empty, Section, Trouble } from '@page/ui/parts';
import type { Qr } from '../parts/qr';
import { Fetched } from '../parts/fetch';
import { Table } from '../parts/table';
import { OneTimeSheet, type OneTime } from './code';
import { PersonForm } from './person_form';

interface Person {
  code: string;
  name: string;
  role: string;
  unit: string;
  unit_name: string | null;
}

interface Enrolment {
  code: string;
  expires: string;
  qr?: Qr;
}

const SHOWN_MOST = 300;

function Invite({ of, approve }: { of: Person; approve: boolean }) {
  const { busy, trouble, run } = useTask();
  const [made, setMade] = useState<OneTime>();
  const make = (): Promise<boolean> =>
    run(async () => {
      const got = await one<Enrolment & { [key: string]: never }>({ run: 'code', words: [of.code], flags: approve ? { approve: true } : {} });
      if (!got) return;
      setMade({
        title: T(`${of.name}的入网码`, `Code for ${of.name}`),
        text: got.code,
        expires: got.expires,
        qr: got.qr,
        hint: T('在设备上打开巡格，扫这个码，或粘贴下面的文字。', 'Open Xunge on the device and scan this, or paste the text below.'),
      });
    });
  return (
    <>
      <Button look="quiet" icon="phone" busy={busy} onClick={() => void make()}>
        {T('入网码', 'Code')}
      </Button>
      <Trouble of={trouble} />
      {made && <OneTimeSheet of={made} left={() => setMade(undefined)} />}
    </>
  );
}

export function People() {
  const told = useCall<Person>({ run: 'worker list' });
  const [text, setText] = useState('');
  const [approve, setApprove] = useState(false);
  const fits = (of: Person): boolean => [of.code, of.name, of.unit, of.unit_name ?? ''].some((one_text) => one_text.includes(text.trim()));
  return (
    <>
      <Section title={T('登记', 'Register')}>
        <PersonForm run="worker add" roles={theDomain().roles.map((role) => role.name)} save={T('登记', 'Register')} />
      </Section>
      <Section title={T('已登记的', 'Registered')}>
        <div class="controls">
          <div class="field">
            <label for="people-text">{T('找', 'Find')}</label>
            <input id="people-text" type="search" autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </div>
          <label class="choice">
            <input type="checkbox" checked={approve} onChange={(event) => setApprove(event.currentTarget.checked)} />
            {T('入网还须批准', 'joining waits for approval')}
          </label>
        </div>
        <Fetched of={told}>
          {(lines) => {
            const found = lines.filter(fits);
            return found.length === 0 ? (
              <Empty icon="people">{T('没有符合的人。', 'Nobody fits.')}</Empty>
            ) : (
              <>
                <Table
                  caption={T('人员', 'People')}
                  rows={found.slice(0, SHOWN_MOST)}
                  keyOf={(row) => row.code}
                  columns={[
                    { head: T('工号', 'Code'), cell: (row) => row.code },
                    { head: T('姓名', 'Name'), cell: (row) => row.name },
                    { head: T('角色', 'Role'), cell: (row) => said('roles', row.role) },
                    { head: T('单位', 'Unit'), cell: (row) => row.unit_name ?? row.unit },
                    { head: T('设备', 'Device'), cell: (row) => <Invite of={row} approve={approve} /> },
                  ]}
                />
                {found.length > SHOWN_MOST && <p class="quiet">{T(`另有 ${found.length - SHOWN_MOST} 人，请缩小范围。`, `${found.length - SHOWN_MOST} more; narrow it down.`)}</p>}
              </>
            );
          }}
        </Fetched>
      </Section>
    </>
  );
}
