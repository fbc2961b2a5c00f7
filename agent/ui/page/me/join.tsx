// Not joined yet: with a code over the network, or by files where there is none.
import { useState } from 'preact/hooks';
import { call, data, type Failure, failureOf, feed } from '@page/api';
import { lang, speak, T } from '@page/text';
import { Button, Page, Section, tell, Trouble } from '@page/ui/parts';
import { Choose } from '@page/ui/choose';
import { fileName, saveFile } from '@page/save';
import { startSync } from '../sync/state';
import './me.css';
import '../sync/sync.css';

/** What a Chinese keyboard, a line break of an e-mail or a copied sentence adds is taken away. */
function plainCode(typed: string): string {
  const plain = typed.normalize('NFKC').replace(/\s/g, '');
  return /xg1[A-Za-z0-9_-]+/.exec(plain)?.[0] ?? plain;
}

const LEAST = 60;

function codeProblem(code: string): string | undefined {
  if (code === '' || 'xg1'.startsWith(code)) return undefined;
  if (!code.startsWith('xg1')) return T('入网码以 xg1 开头', 'A code begins with xg1');
  const odd = /[^A-Za-z0-9_-]/.exec(code)?.[0];
  if (odd) return T(`入网码里没有“${odd}”`, `A code holds no "${odd}"`);
  return undefined;
}

type Stage = 'idle' | 'busy' | 'asked';

export function Join({ joined }: { joined: () => void }) {
  const [code, setCode] = useState('');
  const [stage, setStage] = useState<Stage>('idle');
  const [trouble, setTrouble] = useState<Failure>();
  const problem = codeProblem(code);
  const ready = !problem && code.length >= LEAST && stage !== 'busy';
  const attempt = async (run: () => Promise<Stage>): Promise<void> => {
    setStage('busy');
    setTrouble(undefined);
    try {
      setStage(await run());
    } catch (cause) {
      setTrouble(failureOf(cause));
      setStage('idle');
    }
  };
  /** The language goes on; the first sync fetches what the site is made of. */
  const settle = async (): Promise<void> => {
    await call({ run: 'settings', words: [`lang=${lang.value}`] }).catch(() => undefined);
    joined();
    tell({ text: T('已加入指挥中心，正在取回类别和网格', 'Joined; categories and grids are being fetched') });
    void startSync();
  };
  const join = (): Promise<void> =>
    attempt(async () => {
      await call({ run: 'enrol', flags: { 'max-time': '20' }, secret: code });
      await settle();
      return 'idle';
    });
  const request = (): Promise<void> =>
    attempt(async () => {
      saveFile(await data({ run: 'enrol', flags: { request: '-' }, secret: code }), fileName('join', 'request', 'xgb'));
      return 'asked';
    });
  const accept = (file: File): Promise<void> =>
    attempt(async () => {
      await feed({ run: 'enrol', flags: { accept: '-' } }, file);
      await settle();
      return 'idle';
    });
  return (
    <Page title={T('加入指挥中心', 'Join the command centre')} root>
      <div class="choices">
        <Button aria-pressed={lang.value === 'zh'} onClick={() => void speak('zh')}>
          <span lang="zh">中文</span>
        </Button>
        <Button aria-pressed={lang.value === 'en'} onClick={() => void speak('en')}>
          <span lang="en">English</span>
        </Button>
      </div>
      <p>
        {T('管理员给你一个入网码，只能用一次。粘贴到下面，点“加入”。', 'The administrator gives you a code that works once. Paste it below and press "Join".')}
      </p>
      <form
        class="section"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void join();
        }}
      >
        <div class="field">
          <label for="code">{T('入网码', 'Code')}</label>
          <textarea
            id="code"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={code}
            aria-invalid={problem ? 'true' : undefined}
            aria-describedby="code-said"
            onInput={(event) => setCode(plainCode(event.currentTarget.value))}
          />
          <p id="code-said" class={problem ? 'problem' : 'hint'} aria-live="polite">
            {problem ??
              (ready
                ? T('样子对了。', 'It looks right.')
                : code.length >= 3
                  ? T('还不完整：入网码要整段复制，再粘贴。', 'Not whole yet: copy all of the code, and paste it.')
                  : T('以 xg1 开头，区分大小写；直接粘贴最稳妥。', 'It begins with xg1; capitals matter. Pasting is safest.'))}
          </p>
        </div>
        <Trouble of={trouble} />
        <Button type="submit" look="main" icon="check" class="sync-button" busy={stage === 'busy'} disabled={!ready}>
          {T('加入', 'Join')}
        </Button>
      </form>
      <Section title={T('这里没有网络？', 'No network here?')}>
        <ol class="steps">
          <li class="step-body">
            <p>{T('1. 填好入网码，存一份申请文件，带到指挥中心。', '1. With the code filled in, save a request and carry it to the command centre.')}</p>
            <Button icon="download" busy={stage === 'busy'} disabled={!ready} onClick={() => void request()}>
              {T('存申请文件', 'Save the request')}
            </Button>
            {stage === 'asked' && (
              <p role="status">
                {T('申请在浏览器的下载文件夹里。现在就可以先记录。', "The request is in the browser's downloads. You may record already now.")}{' '}
                <Button onClick={joined}>{T('先去记录', 'Go and record')}</Button>
              </p>
            )}
          </li>
          <li class="step-body">
            <p>{T('2. 他们会给一份回应文件，在这里读入。', '2. They give you an answer file; read it in here.')}</p>
            <Choose label={T('选回应文件', 'Choose the answer')} take={(file) => void accept(file)} />
          </li>
        </ol>
      </Section>
      <Section title={T('加入以后', 'What comes then')}>
        <p class="quiet">
          {T('先同步一次，取回类别、网格和名单；有的地方要等管理员批准，等的时候照样可以记录。', 'A first sync fetches categories, grids and names. Some places approve each device; record meanwhile.')}
        </p>
      </Section>
    </Page>
  );
}
