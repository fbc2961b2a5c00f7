// Devices: those that wait for a yes first, then all; the fingerprint is compared with the one that
// the device shows before it is let in.
import { useState } from 'preact/hooks';
import { call } from '@page/api';
import { refresh, useCall } from '@page/store';
import { useTask } from '@page/task';
import { T } from '@page/text';
import { Button, Chip, Empty, Section, Sheet, tell, Trouble } from '@page/ui/parts';
import { Fetched } from '../parts/fetch';
import { Table } from '../parts/table';

interface Device {
  device: string;
  worker: string;
  name: string;
  state: string;
  key: string;
}

function Act({ of, run, words, look, done }: { of: Device; run: string; words: string; look?: 'main' | 'danger'; done: string }) {
  const task = useTask();
  const [asks, setAsks] = useState(false);
  const go = async (): Promise<void> => {
    const ok = await task.run(() => call({ run, words: [of.device] }));
    if (!ok) return;
    setAsks(false);
    refresh();
    tell({ text: done });
  };
  return (
    <>
      <Button look={look} busy={task.busy} onClick={() => setAsks(true)}>
        {words}
      </Button>
      {asks && (
        <Sheet title={`${words}: ${of.device}`} onClose={() => setAsks(false)}>
          <p>
            {run === 'device approve'
              ? T(`与 ${of.name || of.worker} 核对：设备上显示的公钥应与下面的一字不差。`, `Compare with ${of.name || of.worker}: the key that the device shows must be this one, letter by letter.`)
              : T('吊销以后，这台设备还能交上已有的记录（隔离存放），收不到新的。这一步记入登记，不能撤销，只能重新入网。', 'Once revoked, the device can still hand in what it has (kept apart) and receives nothing more. This is logged and cannot be undone; it can only join anew.')}
          </p>
          <p>
            <code class="admin-code">{of.key}</code>
          </p>
          <Trouble of={task.trouble} />
          <div class="buttons">
            <Button onClick={() => setAsks(false)}>{T('不', 'No')}</Button>
            <Button look={look ?? 'main'} busy={task.busy} onClick={() => void go()}>
              {words}
            </Button>
          </div>
        </Sheet>
      )}
    </>
  );
}

function StateChip({ state }: { state: string }) {
  const words: Record<string, string> = {
    enrolled: T('在用', 'in use'),
    pending: T('等待批准', 'waits for approval'),
    revoked: T('已吊销', 'revoked'),
  };
  return (
    <Chip tone={state === 'enrolled' ? 'ok' : state === 'pending' ? 'warn' : 'quiet'} icon={state === 'enrolled' ? 'check' : state === 'pending' ? 'clock' : 'close'}>
      {words[state] ?? state}
    </Chip>
  );
}

export function Devices() {
  const told = useCall<Device>({ run: 'device list' });
  return (
    <Section title={T('设备', 'Devices')}>
      <Fetched of={told}>
        {(lines) =>
          lines.length === 0 ? (
            <Empty icon="phone">{T('还没有设备。在“人员”里给人入网码。', 'There are no devices. Give somebody a code under "People".')}</Empty>
          ) : (
            <Table
              caption={T('设备', 'Devices')}
              rows={[...lines].sort((a, b) => Number(b.state === 'pending') - Number(a.state === 'pending'))}
              keyOf={(row) => row.device}
              columns={[
                { head: T('设备', 'Device'), cell: (row) => row.device },
                { head: T('谁', 'Who'), cell: (row) => (row.name ? T(`${row.name}（${row.worker}）`, `${row.name} (${row.worker})`) : row.worker) },
                { head: T('状态', 'State'), cell: (row) => <StateChip state={row.state} /> },
                { head: T('公钥', 'Key'), cell: (row) => <code>{row.key.slice(0, 12)}…</code> },
                {
                  head: T('办理', 'Do'),
                  cell: (row) => (
                    <span class="buttons">
                      {row.state === 'pending' && <Act of={row} run="device approve" words={T('批准', 'Approve')} look="main" done={T('已批准', 'Approved')} />}
                      {row.state !== 'revoked' && row.worker !== 'server' && <Act of={row} run="device revoke" words={T('吊销', 'Revoke')} look="danger" done={T('已吊销', 'Revoked')} />}
                    </span>
                  ),
                },
              ]}
            />
          )
        }
      </Fetched>
    </Section>
  );
}
