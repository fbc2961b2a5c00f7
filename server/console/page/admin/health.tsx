// How the machine is: the log, the backup, the disk, photos, witnesses; each with what is in doubt.
import { call } from '@page/api';
import type { Json, Row } from '@page/api';
import { refresh, useCall } from '@page/store';
import { useTask } from '@page/task';
import { bytes, T, when } from '@page/text';
import { Button, Chip, Section, tell, Trouble } from '@page/ui/parts';
import { Fetched } from '../parts/fetch';

const row = (value: Json | undefined): Row => (value && typeof value === 'object' && !Array.isArray(value) ? value : {});
const number = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function Fact({ name, says, doubt }: { name: string; says: string; doubt: Json | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {says}{' '}
        {text(doubt) ? (
          <Chip tone="warn" icon="alert">
            {text(doubt)}
          </Chip>
        ) : (
          <Chip tone="ok" icon="check">
            {T('正常', 'fine')}
          </Chip>
        )}
      </dd>
    </div>
  );
}

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

export function Health() {
  const told = useCall({ run: 'health' });
  return (
    <Section title={T('运行', 'Health')}>
      <Fetched of={told}>
        {([of]) => {
          if (!of) return null;
          const [log, backup, disk, photos, certificate] = [row(of.log), row(of.backup), row(of.disk), row(of.photos), row(of.certificate)];
          return (
            <dl class="facts">
              <Fact name={T('日志', 'Log')} says={T(`${number(log.size).toLocaleString()} 条，${when(text(log.time))}`, `${number(log.size).toLocaleString()} entries, ${when(text(log.time))}`)} doubt={log.doubt} />
              <Fact name={T('备份', 'Backup')} says={text(backup.last) ? T(`上次 ${when(text(backup.last))}`, `last ${when(text(backup.last))}`) : T('还没有备份过', 'none yet')} doubt={backup.doubt} />
              <Fact name={T('磁盘', 'Disk')} says={T(`剩 ${bytes(number(disk.free))}，共 ${bytes(number(disk.total))}`, `${bytes(number(disk.free))} of ${bytes(number(disk.total))} free`)} doubt={disk.doubt} />
              <Fact name={T('照片', 'Photos')} says={T(`${number(photos.held).toLocaleString()} 张，${bytes(number(photos.bytes))}`, `${number(photos.held).toLocaleString()}, ${bytes(number(photos.bytes))}`)} doubt={photos.doubt} />
              {text(certificate.until) && <Fact name={T('证书', 'Certificate')} says={T(`有效到 ${when(text(certificate.until))}`, `until ${when(text(certificate.until))}`)} doubt={certificate.doubt} />}
            </dl>
          );
        }}
      </Fetched>
      <Backup />
    </Section>
  );
}
