// Photos of a form: taken here, or from a file; what each shows; on their way, kept, or refused.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { data } from '@page/api';
import { behind } from '@page/behind';
import { said, theDomain } from '@page/domain';
import { bytes, label, T } from '@page/text';
import { Bar, Button, Sheet } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { lentPhoto, Thumb } from '@page/ui/photo';
import { Wrap } from '@page/form/wrap';
import type { Arriving, KeptPhoto } from '@page/form/keeper';
import type { Form } from '@page/form/form';

/** Files of this page, by the address of what was kept: told anew when their role changes. */
type Files = Map<string, Blob>;

function TakeButton(props: { text: string; camera: boolean; main?: boolean; onFiles(files: File[]): void; id?: string }) {
  return (
    <label class={`button take ${props.main ? 'button-main take-main' : ''}`}>
      <Icon name={props.camera ? 'camera' : 'photo'} />
      <span>{props.text}</span>
      <input
        id={props.id}
        type="file"
        accept="image/*"
        multiple
        {...(props.camera ? { capture: 'environment' } : {})}
        onChange={(event) => {
          props.onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    </label>
  );
}

/** Phones take a photo when a file is asked for with `capture`; elsewhere that only opens a folder,
 * so the page uses the camera itself where there is one. */
type Way = 'by-input' | 'by-page' | 'none';

function useCamera(): Way {
  const phone = /Android|iPhone|iPad/.test(navigator.userAgent);
  const [way, setWay] = useState<Way>(phone ? 'by-input' : 'none');
  useEffect(() => {
    if (phone) return;
    navigator.mediaDevices?.enumerateDevices().then(
      (devices) => devices.some((device) => device.kind === 'videoinput') && setWay('by-page'),
      () => undefined,
    );
  }, []);
  return way;
}

function CameraSheet({ onPhoto, onClose }: { onPhoto(photo: Blob): void; onClose(): void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [fault, setFault] = useState('');
  useEffect(() => {
    let running: MediaStream | undefined;
    let left = false;
    navigator.mediaDevices
      .getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1920 }, height: { ideal: 1080 } } })
      .then((media) => {
        running = media;
        if (left) media.getTracks().forEach((track) => track.stop());
        else if (video.current) video.current.srcObject = media;
      })
      .catch(() =>
        setFault(
          T('摄像头打不开：请允许使用，或改用“从文件”。', 'The camera does not open: allow its use, or take a file.'),
        ),
      );
    return () => {
      left = true;
      running?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  const shoot = (): void => {
    const from = video.current;
    if (!from?.videoWidth) return;
    const canvas = document.createElement('canvas');
    canvas.width = from.videoWidth;
    canvas.height = from.videoHeight;
    canvas.getContext('2d')?.drawImage(from, 0, 0);
    canvas.toBlob((photo) => photo && onPhoto(photo), 'image/jpeg', 0.9);
  };
  return (
    <Sheet title={T('拍照', 'Take a photo')} onClose={onClose}>
      {fault ? <p role="alert">{fault}</p> : <video class="camera" ref={video} autoplay muted playsInline />}
      <Button look="main" icon="camera" class="take-main" disabled={fault !== ''} onClick={shoot}>
        {T('拍', 'Take')}
      </Button>
    </Sheet>
  );
}

function Preview({ file, alt }: { file: Blob; alt: string }) {
  const address = useMemo(() => URL.createObjectURL(file), [file]);
  const [broken, setBroken] = useState(false);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  return (
    <span class="thumb">
      {broken ? (
        <span class="thumb-none" role="img" aria-label={alt}>
          <Icon name="photo" />
        </span>
      ) : (
        <img src={address} alt={alt} onError={() => setBroken(true)} />
      )}
    </span>
  );
}

function ArrivingRow({ form, photo }: { form: Form; photo: Arriving }) {
  const name = photo.name || T('照片', 'photo');
  return (
    <li class="form-photo">
      <Preview file={photo.file} alt={name} />
      <div class="form-photo-words">
        <span>{`${name} · ${bytes(photo.file.size)}`}</span>
        {photo.failure ? (
          <p class="problem" role="alert">
            <Icon name="alert" />
            {T(`没有存上：${photo.failure.message}`, `Not kept: ${photo.failure.message}`)}
          </p>
        ) : (
          <Bar share={null} label={T('正在存照片', 'Keeping the photo')} />
        )}
      </div>
      {photo.failure && (
        <div class="buttons">
          <Button icon="sync" onClick={() => form.keeper.retryPhoto(photo.key)}>
            {T('再试一次', 'Try again')}
          </Button>
          <Button icon="trash" look="quiet" onClick={() => form.keeper.forgetPhoto(photo.key)}>
            {T('不要这张', 'Leave it out')}
          </Button>
        </div>
      )}
    </li>
  );
}

function PhotoRow({ form, photo, at, files }: { form: Form; photo: KeptPhoto; at: number; files: Files }) {
  const { photo_roles: roles } = theDomain();
  const name = T(`第 ${at + 1} 张照片`, `photo ${at + 1}`);
  const [busy, setBusy] = useState(false);
  const retell = async (role: string, forwarded: boolean): Promise<void> => {
    setBusy(true);
    try {
      const file = files.get(photo.sha256) ?? lentPhoto(photo.sha256) ?? (await data(behind.photo(photo.sha256, false)));
      files.set(photo.sha256, file);
      form.keeper.addPhotos([{ file, name }], role, forwarded);
      await form.keeper.settle();
    } finally {
      setBusy(false);
    }
  };
  const forwarded = photo.origin === 'forwarded';
  return (
    <li class="form-photo">
      <Thumb sha256={photo.thumb} alt={photo.role ? `${name}：${said('photo_roles', photo.role)}` : name} />
      <div class="form-photo-words">
        <select
          aria-label={T(`${name}是什么`, `what ${name} shows`)}
          value={photo.role ?? ''}
          disabled={busy}
          onChange={(event) => void retell(event.currentTarget.value, forwarded)}
        >
          <option value="">{T('不注明', 'not said')}</option>
          {roles.map((role) => (
            <option key={role.name} value={role.name}>
              {label(role)}
            </option>
          ))}
        </select>
        <label class="choice tick">
          <input
            type="checkbox"
            checked={forwarded}
            disabled={busy}
            onChange={(event) => void retell(photo.role ?? '', event.currentTarget.checked)}
          />
          {T('别人转发的', 'forwarded by others')}
        </label>
        {photo.doubts.length > 0 && !forwarded && (
          <span class="quiet">{photo.doubts.map((doubt) => said('doubts', doubt)).join(T('，', ', '))}</span>
        )}
      </div>
      <button
        type="button"
        class="button button-quiet"
        aria-label={T(`删掉${name}`, `Remove ${name}`)}
        onClick={() => form.keeper.dropPhoto(photo.sha256)}
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}

interface PhotosProps {
  form: Form;
  /** What is asked for, a button each: before, after. */
  asked?: readonly string[];
  /** The control that the page is for. */
  main?: boolean;
  /** A touch on another page asked for the camera already. */
  take?: boolean;
  /** They come from somebody else: a resident's, sent to the desk. */
  forwarded?: boolean;
  problem?: string | undefined;
}

export function Photos({ form, asked, main, take, forwarded, problem }: PhotosProps) {
  const { photos, arriving } = form.state;
  const camera = useCamera();
  const [shooting, setShooting] = useState<string | null>(null);
  const files = useRef<Files>(new Map());
  const box = useRef<HTMLDivElement>(null);
  const took = useRef(false);
  // Of a handheld only: at a desk the camera looks at who sits there.
  useEffect(() => {
    if (!take || took.current || camera === 'none' || !matchMedia('(pointer: coarse)').matches) return;
    took.current = true;
    if (camera === 'by-page') setShooting('');
    else if (navigator.userActivation?.isActive) box.current?.querySelector<HTMLInputElement>('input[capture]')?.click();
  }, [camera]);
  const add = (role: string) => (some: File[]) => form.keeper.addPhotos(some.map((file) => ({ file, name: file.name })), role, forwarded ?? false);
  const buttons = (role: string, text: string) => (
    <div class="take-row" key={role} ref={box}>
      {camera === 'by-page' ? (
        <Button icon="camera" look={main ? 'main' : undefined} class={main ? 'take take-main' : 'take'} onClick={() => setShooting(role)}>
          {text}
        </Button>
      ) : (
        <TakeButton text={text} camera={camera === 'by-input'} main={main ?? false} onFiles={add(role)} />
      )}
      {camera !== 'none' && <TakeButton text={T('从文件', 'From a file')} camera={false} onFiles={add(role)} />}
    </div>
  );
  return (
    <Wrap field="photo" id="f-photo" name={T('照片', 'Photos')} problem={problem} group>
      {() => (
        <>
          {asked?.length
            ? asked.map((role) => buttons(role, T(`拍${said('photo_roles', role)}照片`, `Take: ${said('photo_roles', role)}`)))
            : buttons('', photos.length ? T('再拍一张', 'Another photo') : T('拍照', 'Take a photo'))}
          {photos.length + arriving.length > 0 && (
            <ul class="photo-list">
              {photos.map((photo, at) => (
                <PhotoRow key={photo.sha256} form={form} photo={photo} at={at} files={files.current} />
              ))}
              {arriving.map((photo) => (
                <ArrivingRow key={photo.key} form={form} photo={photo} />
              ))}
            </ul>
          )}
          {shooting !== null && (
            <CameraSheet
              onClose={() => setShooting(null)}
              onPhoto={(file) => {
                form.keeper.addPhotos([{ file, name: T('摄像头照片', 'camera photo') }], shooting, false);
                setShooting(null);
              }}
            />
          )}
        </>
      )}
    </Wrap>
  );
}
