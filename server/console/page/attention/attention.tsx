// Everything that a person has to look at and settle, the oldest first: one queue for all of it.
import type { IconName } from '@page/ui/icon';
import { address, back } from '@page/route';
import { useCall } from '@page/store';
import { T, when } from '@page/text';
import { Chip, Empty, Page } from '@page/ui/parts';
import { Deciding } from '@page/conflict/deciding';
import type { PageProps } from '../routes';
import { Fetched } from '../parts/fetch';
import { spanText } from '../parts/span';
import { Tabs } from '../parts/tabs';
import { ReasonSheet, useReason, wantsReason } from '../shell/reason';
import { Settle } from './settle';
import './attention.css';

export interface Matter {
  what: string;
  /** What `attention settle` takes. */
  key: string;
  id: string | null;
  number: string | null;
  title: string | null;
  reason: string;
  text: string;
  since: string | null;
  age_s: number | null;
  device: string | null;
  /** The command that settles it. */
  how: string | null;
  chain: string | null;
  batch: string | null;
}

interface Sort {
  icon: IconName;
  words: string;
}

function sortOf(what: string): Sort {
  const known: Record<string, Sort> = {
    conflict: { icon: 'fork', words: T('两种说法', 'two versions') },
    overtaken: { icon: 'clock', words: T('晚了一步', 'came too late') },
    fork: { icon: 'fork', words: T('设备分叉', 'a device forked') },
    quarantined: { icon: 'lock', words: T('隔离的批次', 'kept apart') },
    pending: { icon: 'waiting', words: T('等待前序记录', 'waits for others') },
    struck: { icon: 'trash', words: T('已划除', 'struck out') },
    unfolded: { icon: 'alert', words: T('过大，未合并', 'too large to merge') },
    clock: { icon: 'clock', words: T('时钟存疑', 'clock in doubt') },
    position: { icon: 'pin', words: T('位置存疑', 'position in doubt') },
    photo_lost: { icon: 'photo', words: T('照片未到', 'photo not here') },
    other_history: { icon: 'alert', words: T('看到另一份日志', 'saw another log') },
    login: { icon: 'lock', words: T('登录被重置', 'login given anew') },
    login_asked: { icon: 'lock', words: T('重置登录待同意', 'new login to agree to') },
  };
  return known[what] ?? { icon: 'info', words: what };
}

const SORTS = ['conflict', 'overtaken', 'fork', 'quarantined', 'pending', 'struck', 'unfolded', 'clock', 'position', 'photo_lost', 'other_history', 'login', 'login_asked'];

/** Conflicts are decided on a page of their own, the rest where the case or the device is. */
function leadsTo(of: Matter): string | null {
  if (!of.id) return null;
  return of.what === 'conflict' || of.what === 'overtaken' ? address(['attention', 'conflict', of.id]) : address(['case', of.id]);
}

function Row({ of, settled }: { of: Matter; settled(): void }) {
  const { icon, words } = sortOf(of.what);
  const href = leadsTo(of);
  const device = of.device && T(`设备 ${of.device}`, `device ${of.device}`);
  const name = of.title ?? of.number ?? device ?? words;
  return (
    <li class="card matter">
      <div class="matter-head">
        <Chip tone={of.what === 'other_history' || of.what === 'unfolded' ? 'bad' : 'warn'} icon={icon}>
          {words}
        </Chip>
        {href ? <a href={href}>{name}</a> : <strong>{name}</strong>}
        {of.number && of.number !== name && <span class="quiet">{of.number}</span>}
        {of.age_s !== null && <span class="quiet matter-age">{T(`已 ${spanText(of.age_s)}`, spanText(of.age_s))}</span>}
      </div>
      <p dir="auto">{of.text}</p>
      <p class="quiet">
        {[of.since && when(of.since), device !== name && device].filter(Boolean).join(' · ')}
      </p>
      <Settle of={of} settled={settled} />
    </li>
  );
}

function Queue({ what }: { what: string }) {
  const told = useCall<Matter>({ run: 'attention' });
  const all = told.lines ?? [];
  const counted = SORTS.map((sort) => ({ sort, count: all.filter((one) => one.what === sort).length })).filter((one) => one.count > 0);
  const shown = what ? all.filter((one) => one.what === what) : all;
  return (
    <Page title={T('待人决定', 'To be decided by a person')} root>
      <Fetched of={told}>
        {() => (
          <>
            {all.length > 0 && (
              <Tabs
                label={T('哪一类', 'Of which sort')}
                of={[
                  { href: '#/attention', words: T(`全部 ${all.length}`, `all ${all.length}`), here: !what },
                  ...counted.map(({ sort, count }) => ({ href: address(['attention'], { what: sort }), words: `${sortOf(sort).words} ${count}`, here: what === sort })),
                ]}
              />
            )}
            {shown.length === 0 && (
              <Empty icon="check">{T('没有等人决定的：没有冲突，没有分叉，没有被隔离的批次。', 'Nothing waits for a decision: no conflict, no fork, nothing kept apart.')}</Empty>
            )}
            <ul class="matters">
              {shown.map((one) => (
                <Row key={`${one.what} ${one.key}`} of={one} settled={told.again} />
              ))}
            </ul>
          </>
        )}
      </Fetched>
    </Page>
  );
}

function One({ id, query }: { id: string; query: URLSearchParams }) {
  const reason = useReason(id);
  const looked = useCall({ run: 'show', words: [id], flags: reason ? { why: reason } : {} });
  if (wantsReason(looked.failure)) return <ReasonSheet id={id} left={back} />;
  return (
    <Deciding
      id={id}
      query={query}
      at={['attention', 'conflict', id]}
      saved={T('已签名记入日志；经过里能看到，也能另作决定。', 'Signed and logged; the history shows it, and it can be decided otherwise.')}
      why={reason}
    />
  );
}

export function Attention({ rest, query }: PageProps) {
  return rest[0] === 'conflict' && rest[1] ? <One id={rest[1]} query={query} /> : <Queue what={query.get('what') ?? ''} />;
}
