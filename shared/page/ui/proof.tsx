// The proof that the centre has a record: its place in the log at once, and verified on this
// device when it is asked for.
import { useState } from 'preact/hooks';
import { call, Failure, type Row } from '@page/api';
import { lang, N, T } from '@page/text';
import { whenOf, type Shown, type Told } from '@page/entity';
import { Icon } from '@page/ui/icon';
import { Button, Trouble } from '@page/ui/parts';

interface Verified {
  verdict: string;
  problems: (Row | string)[];
  history: Told[];
}

const figure = (of: number): string => of.toLocaleString(lang.value === 'zh' ? 'zh-CN' : 'en');

function entryText(of: number | undefined): string {
  return of === undefined
    ? T('还没有回执', 'no receipt yet')
    : T(`第 ${figure(of)} 条`, `entry ${figure(of)}`);
}

function Result({ of }: { of: Verified }) {
  const good = of.verdict === 'good';
  const entries = of.history.map((one) => one.entry).filter((one) => one !== undefined);
  const missing = of.history.length - entries.length;
  return (
    <div class={good ? 'proof proof-good' : 'proof proof-bad'}>
      <p>
        <Icon name={good ? 'proof' : 'alert'} />
        <strong>
          {good
            ? entries.length > 0
              ? `${T('指挥中心日志', 'In the log of the centre: ')}${entryText(entries[0])}${T('，已核验', ', verified')}`
              : T('签名无误；还没有传到，所以没有回执', 'The signatures are right; not sent yet, so there is no receipt')
            : T('核验没有通过，请报告管理员', 'It does not verify: tell the operator')}
        </strong>
      </p>
      {of.problems.map((problem, at) => (
        <p key={at}>{typeof problem === 'string' ? problem : String(problem.text ?? problem.what ?? JSON.stringify(problem))}</p>
      ))}
      {missing > 0 && entries.length > 0 && (
        <p>{N(missing, ' 条还没有回执', 'record has no receipt yet', 'records have no receipt yet')}</p>
      )}
      {of.history.length > 1 && (
        <details>
          <summary>{N(of.history.length, ' 条记录，逐条看', 'record', 'records, one by one')}</summary>
          <ol class="proof-list">
            {of.history.map((one) => (
              <li key={one.hash}>
                {entryText(one.entry)} · {whenOf(one)} · <code>{one.hash.slice(0, 12)}</code>
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}

export function Proof({ of }: { of: Shown }) {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<Verified | undefined>();
  const [failure, setFailure] = useState<Failure | undefined>();
  const verify = (): void => {
    setBusy(true);
    setFailure(undefined);
    call<Verified>({ run: 'verify', words: [of.id] })
      .then(
        ({ lines }) => setResult(lines[0]),
        (cause: unknown) => cause instanceof Failure && setFailure(cause),
      )
      .finally(() => setBusy(false));
  };
  const known = of.created.entry !== undefined;
  return (
    <div class="proof-box">
      <Button icon="proof" busy={busy} onClick={verify}>
        {busy
          ? T('正在核验…', 'Verifying…')
          : known
            ? T(`核验凭据：${entryText(of.created.entry)}`, `Verify the proof: ${entryText(of.created.entry)}`)
            : T('核验', 'Verify')}
      </Button>
      <Trouble of={failure} />
      <div role="status">{result && <Result of={result} />}</div>
    </div>
  );
}
