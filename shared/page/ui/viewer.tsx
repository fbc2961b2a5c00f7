// Photos of a record: in a grid of one shape, what was before beside what came after; and one at a
// time over the whole screen, by touch or by keys, turned as the camera said.
import { useEffect, useRef, useState } from 'preact/hooks';
import { data, Failure } from '@page/api';
import { behind } from '@page/behind';
import { said } from '@page/domain';
import { metres, T } from '@page/text';
import { whenOf, whoOf, type Element, type PhotoValue } from '@page/entity';
import { Chip, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { Thumb } from '@page/ui/photo';

const photoOf = (of: Element): PhotoValue => of.value as unknown as PhotoValue;

/** 处置前 · 他人转发 */
function wordsOf(of: Element): string {
  const { role, origin } = photoOf(of);
  return [said('photo_roles', role) || T('照片', 'photo'), origin === 'forwarded' ? said('photo_origins', origin) : ''].filter(Boolean).join(' · ');
}

function whereText(place: string | undefined): string {
  switch (place) {
    case 'server':
      return T('已收到', 'received');
    case 'only_here':
      return T('仅在本机', 'only here');
    case 'let_go':
      return T('已收到，原图不在本机', 'received; the full one is not here');
    case 'elsewhere':
      return T('还没有传到', 'has not come yet');
    case 'not_here':
      return T('不在本机', 'not on this device');
    case 'wanted':
      return T('中心要原图', 'the centre asks for it');
    case 'erased':
      return T('已抹除', 'erased');
    default:
      return '';
  }
}

function doubtText({ doubt, distance_m }: { doubt: string; distance_m?: number }): string {
  const words = said('doubts', doubt);
  return distance_m === undefined ? words : T(`${words}（相距 ${metres(distance_m)}）`, `${words} (${metres(distance_m)} away)`);
}

function Large({ of }: { of: Element }) {
  const { sha256 } = photoOf(of);
  const [address, setAddress] = useState('');
  const [small, setSmall] = useState(false);
  const [failure, setFailure] = useState<Failure | undefined>();
  useEffect(() => {
    const ended = new AbortController();
    let made = '';
    const show = (blob: Blob): void => {
      made = URL.createObjectURL(blob);
      setAddress(made);
    };
    setAddress('');
    setSmall(false);
    setFailure(undefined);
    data(behind.photo(sha256, false), ended.signal)
      .then(show)
      .catch((cause: unknown) => {
        if (ended.signal.aborted) return;
        setFailure(cause instanceof Failure ? cause : undefined);
        setSmall(true);
        data(behind.photo(sha256, true), ended.signal).then(show, () => undefined);
      });
    return () => {
      ended.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [sha256]);
  return (
    <>
      {address ? <img class="viewer-image" src={address} alt={wordsOf(of)} /> : <p class="busy">{T('正在打开照片…', 'Opening the photo…')}</p>}
      {small && <p class="quiet">{T('这是缩略图；原图不在本机。', 'This is the small one; the full photo is not here.')}</p>}
      {small && <Trouble of={failure} />}
    </>
  );
}

function Viewer({ of, at, onMove, onClose }: { of: Element[]; at: number; onMove: (at: number) => void; onClose: () => void }) {
  const box = useRef<HTMLDialogElement>(null);
  const from = useRef<number | null>(null);
  useEffect(() => {
    const dialog = box.current;
    const from = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // Taken out of the document, a dialog does not give the focus back by itself.
      if (from instanceof HTMLElement) setTimeout(() => from.focus({ preventScroll: true }));
    };
  }, []);
  const go = (by: number): void => onMove((at + by + of.length) % of.length);
  const one = of[at];
  if (!one) return null;
  const doubts = one.doubts ?? [];
  const several = of.length > 1;
  return (
    <dialog
      ref={box}
      class="viewer"
      aria-label={T(`照片 ${at + 1}/${of.length}`, `photo ${at + 1} of ${of.length}`)}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (by && several) go(by);
      }}
      onPointerDown={(event) => (from.current = event.clientX)}
      onPointerUp={(event) => {
        const by = from.current === null ? 0 : event.clientX - from.current;
        from.current = null;
        if (several && Math.abs(by) > 60) go(by > 0 ? -1 : 1);
      }}
    >
      <header class="section-head">
        <h2 aria-live="polite">
          {wordsOf(one)} · {at + 1}/{of.length}
        </h2>
        <button type="button" class="button" onClick={onClose} aria-label={T('关闭', 'Close')}>
          <Icon name="close" />
        </button>
      </header>
      <div class="viewer-frame">
        <Large of={one} />
      </div>
      <footer class="viewer-foot">
        {several && (
          <div class="buttons">
            <button type="button" class="button" onClick={() => go(-1)}>
              <Icon name="back" />
              <span>{T('上一张', 'Before')}</span>
            </button>
            <button type="button" class="button" onClick={() => go(1)}>
              <span>{T('下一张', 'Next')}</span>
              <Icon name="forward" />
            </button>
          </div>
        )}
        <p>
          {whoOf(one)} · {whenOf(one)} · {whereText(one.place)}
        </p>
        {doubts.map((doubt) => (
          <p key={doubt.doubt}>
            <Chip tone="warn" icon="info">
              {doubtText(doubt)}
            </Chip>
          </p>
        ))}
      </footer>
    </dialog>
  );
}

function Tile({ of, onOpen }: { of: Element; onOpen: () => void }) {
  const place = whereText(of.place);
  return (
    <li>
      <button type="button" class="photo-tile" onClick={onOpen}>
        <Thumb sha256={photoOf(of).sha256} alt="" />
        <span class="photo-words">
          {wordsOf(of)}
          {place && <span class="quiet"> · {place}</span>}
        </span>
        {(of.doubts?.length ?? 0) > 0 && (
          <Chip tone="warn" icon="info">
            {doubtText(of.doubts![0]!)}
          </Chip>
        )}
      </button>
    </li>
  );
}

/** Those that show how it was and how it became, two and two; then the others. */
function inPairs(photos: Element[]): { pairs: Element[]; others: Element[] } {
  const before = photos.filter((one) => photoOf(one).role === 'before');
  const after = photos.filter((one) => photoOf(one).role === 'after');
  const pairs: Element[] = [];
  for (let at = 0; at < Math.min(before.length, after.length); at++) pairs.push(before[at]!, after[at]!);
  return { pairs, others: photos.filter((one) => !pairs.includes(one)) };
}

export function Photos({ of }: { of: Element[] }) {
  const [open, setOpen] = useState<number | null>(null);
  const { pairs, others } = inPairs(of);
  const all = [...pairs, ...others];
  const tiles = (list: Element[], first: number): ReturnType<typeof Tile>[] =>
    list.map((one, at) => <Tile key={`${one.hash}:${one.index}`} of={one} onOpen={() => setOpen(first + at)} />);
  return (
    <>
      {pairs.length > 0 && (
        <ul class="photo-grid photo-pairs" aria-label={T('处置前后', 'Before and after')}>
          {tiles(pairs, 0)}
        </ul>
      )}
      {others.length > 0 && <ul class="photo-grid">{tiles(others, pairs.length)}</ul>}
      {open !== null && <Viewer of={all} at={open} onMove={setOpen} onClose={() => setOpen(null)} />}
    </>
  );
}
