// Notices: what is not read first. A receipt is given by a button, never by looking.
import { act, actorCode, personNamed } from '@page/actor';
import { useTask } from '@page/task';
import { T, when } from '@page/text';
import { Button, Chip, Empty, Page, tell, Trouble } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { useNotices, type Notice } from './unread';
import './due.css';

function Receipt({ of, again }: { of: Notice; again: () => void }) {
  const { busy, trouble, run } = useTask();
  const give = async (): Promise<void> => {
    await run(async () => {
      await act({ run: 'read', words: [of.id] });
      tell({ text: T(`已回执：${of.fields.title ?? of.number}`, `Receipt given: ${of.fields.title ?? of.number}`) });
      again();
    });
  };
  return (
    <>
      <Trouble of={trouble} />
      <Button look="main" icon="check" busy={busy} onClick={() => void give()}>
        {T('已阅', 'I have read it')}
      </Button>
    </>
  );
}

function Card({ of, again }: { of: Notice; again: () => void }) {
  const read = of.read_by?.includes(actorCode()) ?? false;
  const received = of.delivery === 'received';
  return (
    <li class={read ? 'card notice-card' : 'card notice-card unread'}>
      <div class="notice-head">
        <h2>{of.fields.title ?? of.number}</h2>
        {read ? (
          <Chip tone={received ? 'ok' : 'info'} icon={received ? 'received' : 'waiting'}>
            {received ? T('已阅，回执已收到', 'read, receipt received') : T('已阅，回执待传', 'read, receipt waiting to go')}
          </Chip>
        ) : (
          <Chip tone="warn" icon="bell">
            {T('未读', 'not read')}
          </Chip>
        )}
      </div>
      <p class="notice-text">{of.fields.text ?? ''}</p>
      <p class="quiet">
        {[of.author && personNamed(of.author), when(of.created), of.number].filter(Boolean).join(' · ')}
      </p>
      {!read && <Receipt of={of} again={again} />}
    </li>
  );
}

export function Notices(_: PageProps) {
  const { shown, notices, unread } = useNotices();
  const fresh = new Set(unread.map((one) => one.id));
  const ordered = [...notices.filter((one) => fresh.has(one.id)), ...notices.filter((one) => !fresh.has(one.id))];
  return (
    <Page title={T('通知', 'Notices')}>
      <Trouble of={shown.failure} again={shown.again} />
      {shown.lines && notices.length === 0 && (
        <Empty icon="bell">{T('没有通知。同步后会收到中心发来的通知。', 'There are no notices. A sync brings those that the centre sent.')}</Empty>
      )}
      <ul class="due-list">
        {ordered.map((one) => (
          <Card key={one.id} of={one} again={shown.again} />
        ))}
      </ul>
    </Page>
  );
}
