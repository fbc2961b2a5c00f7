// Small acts on a case that need no form of their own: a note, a photo, a withdrawal.
import { useId, useRef, useState } from 'preact/hooks';
import type { Call } from '@page/api';
import { act } from '@page/actor';
import { said, theDomain } from '@page/domain';
import { refresh } from '@page/store';
import { useTask, type Task } from '@page/task';
import { bytes, label, T } from '@page/text';
import { numberOf, type Shown } from '@page/entity';
import { Button, Sheet, tell, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';

/** Run it; what went wrong is said where it was asked for. */
function useAct(): Pick<Task, 'busy' | 'trouble'> & { run: (what: Call, body?: Blob) => Promise<boolean> } {
  const { busy, trouble, run } = useTask();
  return {
    busy,
    trouble,
    run: (what, body) =>
      run(async () => {
        await act(what, body);
        refresh();
      }),
  };
}

interface LaterProps {
  of: Shown;
  onClose: () => void;
}

export function NoteSheet({ of, onClose, kept }: LaterProps & { kept: { text: string } }) {
  const [text, setText] = useState(kept.text);
  const { busy, trouble, run } = useAct();
  const id = useId();
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(await run({ run: 'note', words: [of.id, text.trim()] }))) return;
    kept.text = '';
    tell({ text: T('备注已保存，待传', 'The note is saved, and waits to go') });
    onClose();
  };
  return (
    <Sheet title={T('写备注', 'Write a note')} onClose={onClose}>
      <form class="sheet-form" onSubmit={(event) => void save(event)}>
        <div class="field">
          <label for={id}>{T('备注', 'Note')}</label>
          <textarea
            id={id}
            autofocus
            value={text}
            onInput={(event) => {
              kept.text = event.currentTarget.value;
              setText(kept.text);
            }}
          />
        </div>
        <Trouble of={trouble} />
        <Button type="submit" look="main" icon="check" busy={busy} disabled={text.trim() === ''}>
          {T('保存', 'Save')}
        </Button>
      </form>
    </Sheet>
  );
}

export function WithdrawSheet({ of, onClose }: LaterProps) {
  const [why, setWhy] = useState('');
  const { busy, trouble, run } = useAct();
  const id = useId();
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(await run({ run: 'withdraw', words: [of.id], flags: { why: why.trim() } }))) return;
    tell({ text: T(`${numberOf(of)} 已撤回，记录仍可查看`, `${numberOf(of)} is withdrawn; it stays to be seen`) });
    onClose();
  };
  return (
    <Sheet title={T('撤回误报', 'Withdraw a mistaken report')} onClose={onClose}>
      <form class="sheet-form" onSubmit={(event) => void save(event)}>
        <p>
          {T(
            '撤回后不再办理，也不能恢复；但记录和经过都留着，谁都看得到为什么撤回。',
            'It will not be worked on any more, and this cannot be taken back; but the record stays, with your reason.',
          )}
        </p>
        <div class="field">
          <label for={id}>{T('理由（必填）', 'Reason (needed)')}</label>
          <textarea id={id} autofocus value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
        </div>
        <Trouble of={trouble} />
        <Button type="submit" look="danger" icon="close" busy={busy} disabled={why.trim() === ''}>
          {T('撤回', 'Withdraw')}
        </Button>
      </form>
    </Sheet>
  );
}

export function PhotoSheet({ of, onClose }: LaterProps) {
  const [role, setRole] = useState('');
  const [forwarded, setForwarded] = useState(false);
  const [done, setDone] = useState(0);
  const { busy, trouble, run } = useAct();
  const rest = useRef<File[]>([]);
  const send = async (files: File[]): Promise<void> => {
    const marks = [role, forwarded ? 'forwarded' : ''].filter(Boolean).join(',');
    rest.current = files;
    for (const file of files) {
      if (!(await run({ run: 'photo', words: [of.id, marks ? `-:${marks}` : '-'] }, file))) return;
      rest.current = rest.current.slice(1);
      setDone((count) => count + 1);
      tell({ text: T(`照片已保存（${bytes(file.size)}），待传`, `The photo is saved (${bytes(file.size)}), and waits to go`) });
    }
  };
  const pick = (camera: boolean): preact.JSX.Element => (
    <label class="button button-large">
      <Icon name={camera ? 'camera' : 'photo'} />
      <span>{camera ? T('拍照', 'Take one') : T('从文件选', 'From files')}</span>
      <input
        class="hidden-words"
        type="file"
        accept="image/*"
        multiple={!camera}
        disabled={busy}
        {...(camera ? { capture: 'environment' } : {})}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          void send(files);
        }}
      />
    </label>
  );
  return (
    <Sheet title={T('加照片', 'Add photos')} onClose={onClose}>
      <fieldset class="field">
        <legend>{T('照片是', 'It shows')}</legend>
        <div class="choices">
          {theDomain().photo_roles.map((one) => (
            <label class="choice" key={one.name}>
              <input type="radio" name="photo-role" checked={role === one.name} onChange={() => setRole(one.name)} />
              {label(one, one.name)}
            </label>
          ))}
        </div>
      </fieldset>
      <label class="choice">
        <input type="checkbox" checked={forwarded} onChange={(event) => setForwarded(event.currentTarget.checked)} />
        {said('photo_origins', 'forwarded')}
      </label>
      <div class="buttons">
        {pick(true)}
        {pick(false)}
      </div>
      <Trouble of={trouble} again={() => void send(rest.current)} />
      <p role="status">{busy ? T('正在保存…', 'Saving…') : done > 0 ? T(`已加 ${done} 张`, `${done} added`) : ''}</p>
      {done > 0 && (
        <Button look="main" icon="check" onClick={onClose} disabled={busy}>
          {T('好了', 'Done')}
        </Button>
      )}
    </Sheet>
  );
}
