// What a form says of its keeper (keeper.ts): that what was typed is kept, calm beside the heading;
// plain words where it is not.
import { useState } from 'preact/hooks';
import { fieldNamed } from '@page/domain';
import { label, lang, N, T } from '@page/text';
import { Button, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import type { Form } from '@page/form/form';

/** 09:12:05, China's time. */
function second(at: number): string {
  return new Intl.DateTimeFormat(lang.value === 'zh' ? 'zh-CN' : 'en-GB', {
    timeZone: 'Asia/Shanghai',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  }).format(at);
}

export function KeptMark({ form }: { form: Form }) {
  const { kept, kept_at } = form.state;
  if (kept === 'empty' || kept === 'waiting' || kept === 'failed' || kept === 'taken' || kept === 'judged') return null;
  return (
    <span class="kept">
      <Icon name={kept_at ? 'check' : 'draft'} />
      {kept_at ? T(`草稿已存 ${second(kept_at)}`, `draft kept ${second(kept_at)}`) : T('正在存…', 'keeping…')}
    </span>
  );
}

/** It goes on where it was left; what has gone since is said. */
function Resumed({ form }: { form: Form }) {
  const { resumed, lost_photos: lost } = form.state;
  if (!resumed) return null;
  return (
    <p class="remark resumed" role="status">
      <Icon name="draft" />
      <span>
        {T('接着上次没办完的写。', 'This goes on with what you had not sent.')}
        {lost
          ? T(`有 ${lost} 张照片放了一天以上，已清除，请重新添加。`, ` ${N(lost, '', 'photo was', 'photos were')} left for more than a day and cleared: add them again.`)
          : ''}
      </span>
      <Button look="quiet" icon="trash" onClick={form.restart}>
        {T('不要了，重新写', 'Begin anew')}
      </Button>
    </p>
  );
}

/** All that stands in the form, a field a line. */
function wordsIn({ filled, kind }: Form): string {
  const lines = [...Object.entries(filled.values), ...Object.entries(filled.opens)].map(
    ([field, texts]) => [label(fieldNamed(kind, field)) || field, ...texts] as const,
  );
  const { contact, phone } = filled.informant;
  return [...lines, [contact, phone].filter(Boolean)]
    .filter(([, ...texts]) => texts.some(Boolean))
    .map((words) => words.join(T('：', ': ')))
    .join('\n');
}

/** A program that was started anew is another address, which this window never finds: what it could
 * not keep is carried over by hand. */
function Carried({ form }: { form: Form }) {
  const [copied, setCopied] = useState<boolean>();
  const copy = (): void =>
    void navigator.clipboard.writeText(wordsIn(form)).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <div class="buttons">
      <Button icon="note" onClick={copy}>
        {copied ? T('已复制', 'Copied') : T('复制这一页的字', 'Copy what stands here')}
      </Button>
      {copied === false && <p class="hint">{T('浏览器不让复制：请照着抄过去。', 'The browser refuses: copy it by hand.')}</p>}
    </div>
  );
}

/** Why it is not kept, and what comes of it. */
export function KeptTrouble({ form }: { form: Form }) {
  const { kept, failure, kept_at } = form.state;
  const last = kept_at
    ? T(`最后存下：${second(kept_at)}。`, `Last kept: ${second(kept_at)}.`)
    : T('还什么都没存下。', 'Nothing of it is kept yet.');
  if (kept === 'waiting')
    return (
      <>
        <p class="not-kept" role="status">
          <Icon name="info" />
          {T(
            `新打的字还没存下：本机的巡格程序没有应答。可以接着写，别关这一页，它一回来就存。若“巡格”已在另一个窗口重新打开，先把这一页的字复制过去，再关。${last}`,
            `What you typed since is not kept: the program does not answer. Go on, and leave this page open; it is kept as soon as the program is back. Where Xunge was opened anew in another window, carry over what stands here before you close this one. ${last}`,
          )}
        </p>
        <Carried form={form} />
      </>
    );
  if (kept === 'judged')
    return (
      <>
        <Resumed form={form} />
        <Trouble of={failure} />
      </>
    );
  if (kept === 'failed')
    return (
      <div class="trouble" role="alert">
        <Icon name="alert" />
        <p>
          {failure?.message} {last} {T('会一直再试，别关这一页。', 'It is tried again; leave this page open.')}
        </p>
      </div>
    );
  if (kept === 'taken')
    return (
      <div class="trouble" role="alert">
        <Icon name="alert" />
        <p>
          {T(
            '这份草稿正在另一个窗口里写，那边的已存下；这一页新打的没有存。',
            'This draft is being written in another window; that is kept, and what you type here is not.',
          )}
        </p>
        <div class="buttons">
          <Button icon="sync" onClick={() => location.reload()}>
            {T('看那边写的', 'Show what is there')}
          </Button>
          <Button icon="draft" onClick={() => form.keeper.takeOver()}>
            {T('用这一页的盖过去', 'Keep this page’s instead')}
          </Button>
        </div>
      </div>
    );
  return null;
}
