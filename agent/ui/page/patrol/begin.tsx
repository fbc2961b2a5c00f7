// Before a patrol: which grid, is the receiver there, begin. Or a track that another device recorded.
import { useRef, useState } from 'preact/hooks';
import type { Row } from '@page/api';
import { act } from '@page/actor';
import { theDomain } from '@page/domain';
import { useCall } from '@page/store';
import { useTask } from '@page/task';
import { label, metres, N, T } from '@page/text';
import { Button, Section, tell, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { Fix } from './fix';
import { chinaDay, usePosition } from './facts';

interface Grid {
  code: string;
  name: string;
}

/** Those she answers for, and below them; a unit that has none below is one to walk in. */
function grids(): Grid[] {
  const { site, me } = theDomain();
  const parents = new Set(site.units.map((unit) => unit.parent));
  const under = (code: string | null): boolean =>
    code !== null && (me.units.includes(code) || under(site.units.find((unit) => unit.code === code)?.parent ?? null));
  return site.units.filter((unit) => under(unit.code) && !parents.has(unit.code));
}

function GridChoice(props: { all: Grid[]; chosen: string; onChoose: (code: string) => void }) {
  return (
    <fieldset class="field">
      <legend>{T('走哪个网格', 'Which grid')}</legend>
      <div class="choices">
        {props.all.map((grid) => (
          <label class="choice" key={grid.code}>
            <input
              type="radio"
              name="patrol-grid"
              checked={props.chosen === grid.code}
              onChange={() => props.onChoose(grid.code)}
            />
            {grid.name}
          </label>
        ))}
        <label class="choice">
          <input type="radio" name="patrol-grid" checked={props.chosen === ''} onChange={() => props.onChoose('')} />
          {T('不定', 'none in particular')}
        </label>
      </div>
    </fieldset>
  );
}

const gridWords = (code: string): string[] => (code ? [`grid=${code}`] : []);

function Import({ grid, done }: { grid: string; done: () => void }) {
  const file = useRef<HTMLInputElement>(null);
  const { busy, trouble, run } = useTask();
  const take = async (): Promise<void> => {
    const chosen = file.current?.files?.[0];
    if (!chosen) return;
    try {
      const { lines } = await act<Row>({ run: 'patrol import', words: ['-', ...gridWords(grid)] }, chosen);
      const told = lines[0] ?? {};
      const far = metres(Number(told.distance_m ?? 0));
      const gaps = N(Number(told.gaps ?? 0), ' 处缺口', 'gap', 'gaps');
      tell({
        text: told.held
          ? T(`这个文件早已导入，就是 ${told.number}`, `This file was imported before: ${told.number}`)
          : T(`已导入 ${told.number}：${far}，${gaps}，待传`, `Imported as ${told.number}: ${far}, ${gaps}, waiting to go`),
      });
      done();
    } finally {
      if (file.current) file.current.value = '';
    }
  };
  return (
    <details class="patrol-import">
      <summary>{T('导入别的设备记录的轨迹', 'Import a track from another device')}</summary>
      <div class="field">
        <label for="patrol-file">{T('GPX 或 NMEA 文件', 'A GPX or NMEA file')}</label>
        <p class="hint" id="patrol-file-hint">
          {T('没有时间的点不能用；同一个文件导入两次只算一次。', 'Points without a time cannot be used; the same file twice counts once.')}
        </p>
        <input
          ref={file}
          id="patrol-file"
          class="hidden-words"
          type="file"
          accept=".gpx,.nmea,.log,.txt,application/gpx+xml"
          aria-describedby="patrol-file-hint"
          tabIndex={-1}
          onChange={() => run(take)}
        />
        <Button icon="plus" busy={busy} onClick={() => file.current?.click()}>
          {T('选择文件', 'Choose the file')}
        </Button>
        <Trouble of={trouble} />
      </div>
    </details>
  );
}

export function Begin({ changed }: { changed: () => void }) {
  const all = grids();
  const last = useCall({ run: 'list', words: ['patrol'], flags: { mine: true, limit: '1' } });
  const [picked, setPicked] = useState<string | null>(null);
  const before = (last.lines?.[0]?.fields as Row | undefined)?.grid;
  const usual = all.find((grid) => grid.code === before)?.code ?? (all.length === 1 ? all[0]!.code : '');
  const grid = picked ?? usual;
  const position = usePosition();
  const { busy, trouble, run } = useTask();
  const begin = async (): Promise<void> => {
    await act({ run: 'patrol start', words: gridWords(grid) });
    tell({ text: T('巡查开始。关掉本页也照常记录。', 'The patrol has begun; it is recorded also when this page is closed.') });
    changed();
  };
  return (
    <>
      {all.length > 0 && <GridChoice all={all} chosen={grid} onChoose={setPicked} />}
      <Button look="main" icon="play" class="patrol-main" busy={busy} onClick={() => run(begin)}>
        {T('开始巡查', 'Begin the patrol')}
      </Button>
      <Trouble of={trouble} />
      <Fix of={position} recording={false} />
      <p class="patrol-promise">
        <Icon name="lock" />
        <span>
          {T(
            '只在你开始之后、结束之前记录轨迹。平时不记录你在哪里，上面的定位只给你看，不保存。',
            'A track is kept only between your start and your stop. At other times nobody records where you are; the fix above is shown to you and kept nowhere.',
          )}
        </span>
      </p>
      <Import grid={grid} done={changed} />
    </>
  );
}

/** The patrol's list for leaving home, where the site has one and it was not filled in today. */
export function Seven({ grid }: { grid?: string }) {
  const template = theDomain().site.templates.find((of) => of.code === 'seven');
  const filled = useCall(
    template ? { run: 'list', words: [template.kind], flags: { mine: true, limit: '40' } } : null,
  );
  if (!template || !filled.lines) return null;
  const today = chinaDay();
  const done = filled.lines.some((row) => {
    const form = String((row.fields as Row | undefined)?.form ?? '');
    return form.split('@')[0] === template.code && chinaDay(Date.parse(String(row.created))) === today;
  });
  const query = new URLSearchParams({ form: template.code, ...(grid ? { grid } : {}) });
  return (
    <Section title={label(template)}>
      {done ? (
        <p class="quiet patrol-done">
          <Icon name="check" />
          {T('今天已填', 'filled in today')}
        </p>
      ) : (
        <a class="button" href={`#/new/${template.kind}?${query.toString()}`}>
          <Icon name="task" />
          <span>{T('出门前填一遍', 'Go through it before you leave')}</span>
        </a>
      )}
    </Section>
  );
}
