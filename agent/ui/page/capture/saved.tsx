// It is saved: said only after the command said so. Its number, how it stands, what may come next.
import { useState } from 'preact/hooks';
import { type Failure, failureOf, type Row } from '@page/api';
import { act } from '@page/actor';
import type { Kind } from '@page/domain';
import { address, go } from '@page/route';
import { label, T } from '@page/text';
import { useCall } from '@page/store';
import { Button, LinkButton, Page, Section, Sheet, tell, Trouble } from '@page/ui/parts';
import { DeliveryChip, PhotosChip, StatusChip, type Delivery, type PhotoCounts } from '@page/ui/states';
import { Icon } from '@page/ui/icon';
import { ActForm } from '@page/form/act_form';

const REASONS = [
  () => T('记错了', 'a mistake'),
  () => T('重复了', 'a duplicate'),
  () => T('只是试一下', 'only a trial'),
];

function Withdraw({ id, onClose }: { id: string; onClose: () => void }) {
  const [why, setWhy] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Failure>();
  const withdraw = async (): Promise<void> => {
    setBusy(true);
    setTrouble(undefined);
    try {
      await act({ run: 'withdraw', words: [id], flags: { why } });
      tell({ tone: 'quiet', text: T('已撤回', 'Withdrawn') });
      onClose();
      go([]);
    } catch (cause) {
      setTrouble(failureOf(cause));
      setBusy(false);
    }
  };
  return (
    <Sheet title={T('撤回这一条', 'Withdraw it')} onClose={onClose}>
      <p>{T('记录还在，但写明是撤回的。', 'The record stays, and says that it was withdrawn.')}</p>
      <div class="field">
        <label for="why">{T('为什么撤回', 'Why')}</label>
        <input id="why" value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
      </div>
      <div class="choices">
        {REASONS.map((reason) => (
          <Button key={reason()} onClick={() => setWhy(reason())}>
            {reason()}
          </Button>
        ))}
      </div>
      <Trouble of={trouble} />
      <Button look="danger" icon="undo" busy={busy} disabled={why.trim() === ''} onClick={() => void withdraw()}>
        {T('撤回', 'Withdraw')}
      </Button>
    </Sheet>
  );
}

export function Saved({ kind, id }: { kind: Kind; id: string }) {
  const shown = useCall<Row>({ run: 'show', words: [id] });
  const [photos, setPhotos] = useState(0);
  const [withdrawing, setWithdrawing] = useState(false);
  const row = shown.lines?.[0];
  const number = typeof row?.number === 'string' ? row.number : '';
  return (
    <Page title={T(`${label(kind)}已保存`, `${label(kind)}: saved`)}>
      <Trouble of={shown.failure} again={shown.again} />
      {row && (
        <>
          <div class="saved" role="status">
            <Icon name="check" />
            {number && <p class="saved-number">{number}</p>}
            <p>
              {row.delivery === 'received'
                ? T('已写进本机，断电也不会丢；中心已收到文字。', 'Written on this device, safe even from a power cut; the centre has received the text.')
                : T('已写进本机，断电也不会丢；有网时自动上传。', 'Written on this device, safe even from a power cut; sent when there is a network.')}
            </p>
            <div class="chips">
              <DeliveryChip of={row.delivery as Delivery} />
              <PhotosChip of={row.photos as unknown as PhotoCounts} />
              <StatusChip of={row.status as string | null} />
            </div>
          </div>
          <div class="buttons">
            <LinkButton look="main" icon="plus" href={address(['new', kind.name], { after: id })}>
              {T('再记一条', 'Another one')}
            </LinkButton>
            <LinkButton icon="list" href={address(['case', id])}>
              {T('看这一条', 'Look at it')}
            </LinkButton>
            <LinkButton icon="home" href={address([])}>
              {T('回首页', 'Home')}
            </LinkButton>
          </div>
          <Section title={T('补照片', 'Add photos')}>
            <ActForm
              key={photos}
              about={{ id, kind: kind.name, status: (row.status as string | null) ?? null }}
              fields={[]}
              photos
              inline
              save={T('保存照片', 'Save the photos')}
              done={() => {
                tell({ text: T('照片已保存', 'The photos are saved') });
                setPhotos(photos + 1);
                shown.again();
              }}
              left={() => setPhotos(photos + 1)}
            />
          </Section>
          <Button look="quiet" icon="undo" onClick={() => setWithdrawing(true)}>
            {T('记错了，撤回', 'A mistake: withdraw it')}
          </Button>
          {withdrawing && <Withdraw id={id} onClose={() => setWithdrawing(false)} />}
        </>
      )}
    </Page>
  );
}
