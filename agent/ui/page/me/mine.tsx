// What is recorded about me, for me: counts, kilometres, every flag, and my answer to each.
import { useState } from 'preact/hooks';
import { act, actor, actorCode, byActor, personNamed } from '@page/actor';
import { useSignal } from '@page/signal';
import { useCall } from '@page/store';
import { useTask } from '@page/task';
import { metres, T } from '@page/text';
import { Button, Chip, Page, Section, tell, Trouble } from '@page/ui/parts';

interface Flag {
  flag: string;
  id: string;
  number: string;
  kind: string;
  count: number;
  answered: boolean;
}

interface Counted {
  worker: string;
  patrols: number;
  distance_m: number;
  visits: number;
  reports: number;
  valid_reports: number;
  flags: Flag[];
}

function flagWords(flag: string): string {
  const words: Record<string, string> = {
    clock: T('设备时间存疑', "the device's clock was in doubt"),
    mock: T('轨迹里有模拟定位', 'simulated positions in the track'),
    jump: T('轨迹里有不可能的移动', 'a movement that cannot be'),
    'photo-place': T('照片自带的位置离得远', 'a photo says that it is from elsewhere'),
    'photo-time': T('照片自带的时间对不上', 'a photo says that it is from another time'),
  };
  return words[flag] ?? flag;
}

function FlagRow({ of, again }: { of: Flag; again: () => void }) {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const { busy, trouble, run } = useTask();
  const id = `note-${of.id}-${of.flag}`;
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    await run(async () => {
      await act({ run: 'note', words: [of.id, text] });
      tell({ text: T('说明已保存，待传', 'Your answer is saved, waiting to go') });
      setOpen(false);
      setText('');
      again();
    });
  };
  return (
    <li class="card">
      <p>
        <strong>{flagWords(of.flag)}</strong>
        {of.count > 1 && T(`（${of.count} 处）`, ` (${of.count})`)}
      </p>
      <a class="photo-case" href={`#/case/${of.id}`}>
        {of.number}
      </a>
      {of.answered && (
        <Chip tone="ok" icon="check">
          {T('已有说明', 'answered')}
        </Chip>
      )}
      {open ? (
        <form class="field" onSubmit={(event) => void save(event)}>
          <label for={id}>{T('我的说明', 'My answer')}</label>
          <textarea id={id} value={text} onInput={(event) => setText(event.currentTarget.value)} />
          <Trouble of={trouble} />
          <div class="buttons">
            <Button onClick={() => setOpen(false)}>{T('不写了', 'Leave it')}</Button>
            <Button type="submit" look="main" icon="check" busy={busy} disabled={text.trim() === ''}>
              {T('保存并待传', 'Save, to be sent')}
            </Button>
          </div>
        </form>
      ) : (
        <Button icon="note" onClick={() => setOpen(true)}>
          {of.answered ? T('再说明', 'Add to it') : T('说明情况', 'Answer it')}
        </Button>
      )}
    </li>
  );
}

export function Mine() {
  useSignal(actor);
  const shown = useCall<Counted>(byActor({ run: 'mine' }));
  const mine = shown.lines?.[0];
  return (
    <Page title={T('记录了我什么', 'What is recorded about me')}>
      <p class="quiet">
        {T(
          `${personNamed(actorCode())}：系统知道的全在这里。不打分、不排名；轨迹只有你自己开始的巡查才有。`,
          `${personNamed(actorCode())}: this is all that the system knows. No points, no rankings; tracks exist only inside patrols that you started.`,
        )}
      </p>
      <Trouble of={shown.failure} again={shown.again} />
      {mine && (
        <>
          <dl class="facts">
            <dt>{T('巡查', 'Patrols')}</dt>
            <dd>{T(`${mine.patrols} 次，${metres(mine.distance_m)}`, `${mine.patrols}, ${metres(mine.distance_m)}`)}</dd>
            <dt>{T('走访', 'Visits')}</dt>
            <dd>{T(`${mine.visits} 次`, `${mine.visits}`)}</dd>
            <dt>{T('上报', 'Reports')}</dt>
            <dd>{T(`${mine.reports} 件，有效 ${mine.valid_reports} 件`, `${mine.reports}, ${mine.valid_reports} valid`)}</dd>
          </dl>
          <Section title={T(`存疑标记 · ${mine.flags.length}`, `Flags · ${mine.flags.length}`)}>
            {mine.flags.length === 0 && <p class="quiet">{T('没有存疑标记。', 'There are no flags.')}</p>}
            <ul class="due-list">
              {mine.flags.map((flag) => (
                <FlagRow key={flag.id + flag.flag} of={flag} again={shown.again} />
              ))}
            </ul>
          </Section>
        </>
      )}
    </Page>
  );
}
