// Notices and tasks of the centre: who has read them, what is done, and a new one.
import { useState } from 'preact/hooks';
import type { Row } from '@page/api';
import { kindNamed } from '@page/domain';
import { address, go } from '@page/route';
import { refresh, useCall } from '@page/store';
import { useTask } from '@page/task';
import { T, when } from '@page/text';
import type { Listed } from '@page/entity';
import { titleOf } from '@page/value';
import { Fields } from '@page/form/fields';
import { nothing } from '@page/form/filled';
import { useForm } from '@page/form/form';
import { Busy, Button, Chip, Empty, LinkButton, Page, tell, Trouble } from '@page/ui/parts';
import { StatusChip } from '@page/ui/states';
import type { PageProps } from '../routes';
import { Fetched } from '../parts/fetch';
import { Table } from '../parts/table';
import { Tabs } from '../parts/tabs';
import '@page/form/form.css';

type Sent = Listed & { read_by?: string[] };

const KINDS = ['notice', 'task'] as const;
type Kind = (typeof KINDS)[number];
const nameOf = (kind: Kind): string => (kind === 'notice' ? T('通知', 'Notices') : T('任务', 'Tasks'));

function List({ kind }: { kind: Kind }) {
  const told = useCall<Sent>({ run: 'list', words: [kind], flags: { limit: '200' } });
  return (
    <Fetched of={told}>
      {(lines) =>
        lines.length === 0 ? (
          <Empty icon="bell">{kind === 'notice' ? T('还没有发过通知。', 'No notice was sent yet.') : T('还没有派过任务。', 'No task was given yet.')}</Empty>
        ) : (
          <Table
            caption={nameOf(kind)}
            rows={lines}
            keyOf={(row) => row.id ?? ''}
            columns={[
              { head: T('标题', 'Title'), cell: (row) => <a href={address(['case', row.id ?? ''])}>{titleOf(row)}</a> },
              { head: T('时间', 'When'), cell: (row) => (typeof row.created === 'string' ? when(row.created) : '') },
              { head: T('编号', 'Number'), cell: (row) => row.number ?? '' },
              kind === 'notice'
                ? {
                    head: T('已阅', 'Read by'),
                    numeric: true,
                    cell: (row: Sent) => (
                      <Chip tone={row.read_by?.length ? 'ok' : 'quiet'} icon="received">
                        {T(`${row.read_by?.length ?? 0} 人`, String(row.read_by?.length ?? 0))}
                      </Chip>
                    ),
                  }
                : { head: T('状态', 'Status'), cell: (row: Sent) => <StatusChip of={row.status} /> },
            ]}
          />
        )
      }
    </Fetched>
  );
}

function New({ kind }: { kind: Kind }) {
  const of = kindNamed(kind);
  return of ? <Opened kind={kind} /> : <Busy />;
}

function Opened({ kind }: { kind: Kind }) {
  const of = kindNamed(kind)!;
  const form = useForm(of, {}, nothing, undefined);
  const { busy, trouble, run } = useTask();
  const [more, setMore] = useState(false);
  const save = async (): Promise<void> => {
    let answer: Row | undefined;
    const done = await run(async () => {
      if (await form.ready()) answer = await form.keeper.finish();
    });
    if (!done || !answer) return;
    refresh();
    tell({ text: T('已记入日志，下一次同步就到各设备', 'Logged; it reaches the devices with their next sync') });
    go(['notices'], kind === 'notice' ? {} : { kind });
  };
  return (
    <div class="form" ref={form.around.ref} onFocusIn={form.around.onFocusIn} onFocusOut={form.around.onFocusOut}>
      <Fields form={form} names={of.first} />
      {of.more.length > 0 && !more && (
        <Button look="quiet" icon="down" onClick={() => setMore(true)}>
          {T('更多', 'More')}
        </Button>
      )}
      {more && <Fields form={form} names={of.more} />}
      <Trouble of={form.state.failure ?? trouble} />
      <div class="buttons">
        <Button look="main" icon="check" busy={busy} onClick={() => void save()}>
          {kind === 'notice' ? T('发出', 'Send') : T('派出', 'Give out')}
        </Button>
      </div>
    </div>
  );
}

export function NoticesAndTasks({ rest, query }: PageProps) {
  const kind = KINDS.find((one) => one === (rest[1] ?? query.get('kind'))) ?? 'notice';
  if (rest[0] === 'new')
    return (
      <Page title={kind === 'notice' ? T('发通知', 'Send a notice') : T('派任务', 'Give a task')}>
        <New kind={kind} />
      </Page>
    );
  return (
    <Page
      title={T('通知和任务', 'Notices and tasks')}
      root
      tools={
        <LinkButton href={address(['notices', 'new', kind])} icon="plus">
          {kind === 'notice' ? T('发通知', 'Send a notice') : T('派任务', 'Give a task')}
        </LinkButton>
      }
    >
      <Tabs label={T('哪一种', 'Of which kind')} of={KINDS.map((one) => ({ href: address(['notices'], one === 'notice' ? {} : { kind: one }), words: nameOf(one), here: one === kind }))} />
      <List kind={kind} />
    </Page>
  );
}
