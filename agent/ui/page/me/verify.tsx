// Everything on this device checked against its proofs, and the keys that it trusts.
import { useState } from 'preact/hooks';
import { Failure, stream } from '@page/api';
import { T } from '@page/text';
import { Bar, Button, Chip, Page, Section, Trouble } from '@page/ui/parts';

interface Verdict {
  verdict: 'good' | 'problems' | string;
  records: number;
  others: number;
  received: number;
  not_received: number;
  photos: number;
  photos_proven: number;
  photos_missing: number;
  receipts: number;
  problem_count: number;
  problems: { what?: string; text?: string }[];
  log_key: string;
  registrar_key: string;
}

function Found({ of }: { of: Verdict }) {
  const good = of.verdict === 'good';
  return (
    <div class="section" role="status">
      <p>
        <Chip tone={good ? 'ok' : 'bad'} icon={good ? 'proof' : 'alert'}>
          {good ? T('没有问题：全部核验通过', 'All verified, nothing is wrong') : T(`有 ${of.problem_count} 处不对`, `${of.problem_count} things are wrong`)}
        </Chip>
      </p>
      {!good && (
        <p>
          {T('不要清空这台设备，也不要交回。马上把这一页给指挥中心管理员看。', 'Do not wipe or return this device. Show this page to the administrator of the command centre at once.')}
        </p>
      )}
      <ul class="sync-lines">
        {of.problems.map((problem, at) => (
          <li key={at} class="trouble">
            {problem.text ?? problem.what}
          </li>
        ))}
      </ul>
      <dl class="facts">
        <dt>{T('记录', 'Records')}</dt>
        <dd>{T(`${of.records} 条，中心已收到 ${of.received} 条（回执 ${of.receipts} 份都对得上）`, `${of.records}, ${of.received} received (${of.receipts} proofs hold)`)}</dd>
        <dt>{T('还没收到', 'Not received yet')}</dt>
        <dd>{of.not_received}</dd>
        <dt>{T('别人的', 'Of others')}</dt>
        <dd>{of.others}</dd>
        <dt>{T('照片', 'Photos')}</dt>
        <dd>
          {T(`${of.photos} 张，中心已收到 ${of.photos_proven} 张`, `${of.photos}, ${of.photos_proven} received`)}
          {of.photos_missing > 0 && T(`，缺 ${of.photos_missing} 张`, `, ${of.photos_missing} missing`)}
        </dd>
      </dl>
      <Section title={T('本机信任的钥匙', 'Keys that this device trusts')}>
        <p class="quiet">{T('和指挥中心公布的一样，就没有被换过。', 'As long as they are what the centre publishes, nobody changed them.')}</p>
        <dl class="facts">
          <dt>{T('日志', 'Log')}</dt>
          <dd>
            <code>{of.log_key}</code>
          </dd>
          <dt>{T('登记员', 'Registrar')}</dt>
          <dd>
            <code>{of.registrar_key}</code>
          </dd>
        </dl>
      </Section>
    </div>
  );
}

export function Verify() {
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<Verdict>();
  const [trouble, setTrouble] = useState<Failure>();
  const verify = async (): Promise<void> => {
    setBusy(true);
    setTrouble(undefined);
    setFound(undefined);
    let said = false;
    try {
      await stream<Verdict>({ run: 'verify' }, (line) => {
        said = typeof line.verdict === 'string';
        setFound(line);
      });
    } catch (cause) {
      // What it found says more than that it found something.
      if (!said) setTrouble(cause as Failure);
    }
    setBusy(false);
  };
  return (
    <Page title={T('核验', 'Verify')}>
      <p>
        {T(
          '不用网络：把本机的每条记录、回执和照片重新算一遍，看有没有被改过、少过。',
          'Needs no network: every record, proof and photo of this device is computed again, to see whether anything was changed or is missing.',
        )}
      </p>
      <Button look="main" icon="proof" busy={busy} onClick={() => void verify()}>
        {T('核验全部', 'Verify everything')}
      </Button>
      {busy && <Bar share={null} label={T('正在核验', 'Verifying')} />}
      <Trouble of={trouble} />
      {found && <Found of={found} />}
    </Page>
  );
}
