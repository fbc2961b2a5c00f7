// The drafts of this device: what was begun and is no record yet.
import { type Row } from '@page/api';
import { categoryNamed, kindNamed, said } from '@page/domain';
import { address } from '@page/route';
import { ago, label, N, T } from '@page/text';
import { useCall } from '@page/store';
import { Busy, Chip, Empty, LinkButton, Page, Trouble } from '@page/ui/parts';
import { Thumb } from '@page/ui/photo';
import type { Json } from '@page/api';

const firstText = (texts: Json | undefined, name: string): string => {
  if (!texts || typeof texts !== 'object' || Array.isArray(texts)) return '';
  const value = texts[name];
  const text = Array.isArray(value) ? value[0] : value;
  return typeof text === 'string' ? text : '';
};

function titleOf(row: Row): string {
  const category = firstText(row.texts, 'category');
  const words = ['description', 'title', 'topic', 'name', 'address', 'place', 'type', 'text']
    .map((name) => firstText(row.texts, name))
    .find((text) => text !== '');
  return [label(categoryNamed(category), category), words].filter(Boolean).join(' · ');
}

/** Where a draft is opened: a new thing here, a later act at its case. */
function draftAddress(row: Row): string {
  if (typeof row.about !== 'string') return address(['draft', String(row.number)]);
  return typeof row.move === 'string' && row.move
    ? address(['case', row.about, 'do', row.move])
    : address(['case', row.about]);
}

function DraftRow({ row }: { row: Row }) {
  const photos = Array.isArray(row.photos) ? row.photos : [];
  const first = photos[0] as { sha256: string; thumbnail?: { sha256: string } } | undefined;
  const problems = Array.isArray(row.problems) ? row.problems.length : 0;
  const move = typeof row.move === 'string' ? said('moves', row.move) : '';
  return (
    <li>
      <a class="card" href={draftAddress(row)}>
        <div class="near-row">
          {first && <Thumb sha256={first.thumbnail?.sha256 ?? first.sha256} alt="" />}
          <div class="near-words">
            <strong>
              {[label(kindNamed(String(row.kind)), String(row.kind)), row.about_number, move].filter(Boolean).join(' · ')}
            </strong>
            <span>{titleOf(row) || T('还没写什么', 'nothing written yet')}</span>
            <span class="quiet">
              {String(row.number)} · {ago(row.changed as string)}
            </span>
            <span class="chips">
              <Chip tone="quiet" icon="draft">
                {T('草稿', 'draft')}
              </Chip>
              {photos.length > 0 && (
                <Chip tone="quiet" icon="photo">
                  {N(photos.length, ' 张照片', 'photo', 'photos')}
                </Chip>
              )}
              {problems > 0 && (
                <Chip tone="warn" icon="alert">
                  {N(problems, ' 处要改', 'thing to mend', 'things to mend')}
                </Chip>
              )}
            </span>
          </div>
        </div>
      </a>
    </li>
  );
}

export function Drafts() {
  const list = useCall<Row>({ run: 'draft list' });
  return (
    <Page title={T('草稿', 'Drafts')}>
      <Trouble of={list.failure} again={list.again} />
      {!list.lines && !list.failure && <Busy />}
      {list.lines?.length === 0 && (
        <Empty icon="draft">{T('没有草稿。写到一半的会自动存在这里。', 'No drafts. What is half written is kept here by itself.')}</Empty>
      )}
      <ul class="near-list">
        {list.lines?.map((row) => (
          <DraftRow key={String(row.number)} row={row} />
        ))}
      </ul>
      <LinkButton look="main" icon="camera" href={address(['new', 'incident'])}>
        {T('报一件事件', 'Report an incident')}
      </LinkButton>
    </Page>
  );
}
