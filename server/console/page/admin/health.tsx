// How the machine is: the log, the backup, the disk, photos, witnesses; each with what is in doubt.
import { call } from '@page/api';
import type { Json, Row } from '@page/api';
import { refresh, useCall } from '@page/store';
import { useTask } from '@page/task';
import { bytes, T, when } from '@page/text';
import { Button, Chip, Section, tell, Trouble } from '@page/ui/parts';
import { Fetched } from '../parts/fetch';
import { Table } from '../parts/table';

const row = (value: Json | undefined): Row => (value && typeof value === 'object' && !Array.isArray(value) ? value : {});
const number = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

interface Fact {
  name: string;
  says: string;
  doubt: string;
}

const State = ({ doubt }: { doubt: string }) =>
  doubt ? (
    <Chip tone="warn" icon="alert">
      {doubt}
    </Chip>
  ) : (
    <Chip tone="ok" icon="check">
      {T('正常', 'fine')}
    </Chip>
  );

function Backup() {
  const { busy, trouble, run } = useTask();
  const now = async (): Promise<void> => {
    const ok = await run(() => call({ run: 'backup' }));
    if (!ok) return;
    refresh();
    tell({ text: T('备份完成', 'The backup is made') });
  };
  return (
    <>
      <Button icon="received" busy={busy} onClick={() => void now()}>
        {busy ? T('正在备份…', 'Backing up…') : T('现在备份', 'Back up now')}
      </Button>
      <Trouble of={trouble} />
    </>
  );
}

function factsOf(of: Row): Fact[] {
  const fact = (part: Json | undefined, name: string, says: (part: Row) => string): Fact => ({ name, says: says(row(part)), doubt: text(row(part).doubt) });
  const facts = [
    fact(of.log, T('日志', 'Log'), (log) => T(`${number(log.size).toLocaleString()} 条，${when(text(log.time))}`, `${number(log.size).toLocaleString()} entries, ${when(text(log.time))}`)),
    fact(of.clock, T('时钟', 'Clock'), (clock) => when(text(clock.server))),
    fact(of.backup, T('备份', 'Backup'), (backup) => (text(backup.last) ? T(`上次 ${when(text(backup.last))}`, `last ${when(text(backup.last))}`) : T('还没有备份过', 'none yet'))),
    fact(of.disk, T('磁盘', 'Disk'), (disk) => T(`剩 ${bytes(number(disk.free))}，共 ${bytes(number(disk.total))}`, `${bytes(number(disk.free))} of ${bytes(number(disk.total))} free`)),
    fact(of.photos, T('照片', 'Photos'), (photos) => T(`${number(photos.held).toLocaleString()} 张，${bytes(number(photos.bytes))}`, `${number(photos.held).toLocaleString()}, ${bytes(number(photos.bytes))}`)),
  ];
  const until = text(row(of.certificate).until);
  const shown: Record<string, string> = {
    proxy: T('由前面的代理出示，到期在那里看', 'shown by the proxy in front: see there until when'),
    none: T('没有', 'none'),
  };
  const says = shown[text(row(of.certificate).by)] ?? (until && T(`有效到 ${when(until)}`, `until ${when(until)}`));
  return says ? [...facts, fact(of.certificate, T('证书', 'Certificate'), () => says)] : facts;
}

export function Health() {
  const told = useCall({ run: 'health' });
  return (
    <Section title={T('运行', 'Health')}>
      <Fetched of={told}>
        {([of]) =>
          of && (
            <Table
              caption={T('运行', 'Health')}
              rows={factsOf(of)}
              keyOf={(fact) => fact.name}
              columns={[
                { head: T('什么', 'What'), cell: (fact) => fact.name },
                { head: T('现在', 'Now'), cell: (fact) => fact.says },
                { head: T('状态', 'State'), cell: (fact) => <State doubt={fact.doubt} /> },
              ]}
            />
          )
        }
      </Fetched>
      <div class="controls">
        <Backup />
      </div>
    </Section>
  );
}
