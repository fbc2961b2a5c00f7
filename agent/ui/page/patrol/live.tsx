// While a patrol is walked: how long, how far, how well we are seen, what to do next. And a patrol
// whose recorder was ended by a crash or an empty battery: go on with it, or close it.
import { useMemo, useState } from 'preact/hooks';
import { clockTime, metres, T, when } from '@page/text';
import { Button, Chip, LinkButton, Section, Sheet, tell, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import type { Here } from '@page/map/geo';
import { useTask } from '@page/task';
import { TrackMap } from '@page/map/track_map';
import { Seven } from './begin';
import { Gaps, mapVisits, NO_WALKS } from './day';
import { Fix } from './fix';
import { Near } from './near';
import { hoursMinutes, ofPatrol, useNow, usePosition, type Day, type Open } from './facts';

const RECEIVED_S = 10;

function Stop(props: { of: Open; far: string; onClose: () => void; changed: () => void }) {
  const { busy, trouble, run } = useTask();
  const stop = async (): Promise<void> => {
    await ofPatrol({ run: 'patrol stop' });
    tell({ text: T(`巡查结束，已保存并待传：${props.far}`, `The patrol is over, saved and waiting to go: ${props.far}`) });
    props.onClose();
    props.changed();
  };
  return (
    <Sheet title={T('结束巡查？', 'End the patrol?')} onClose={props.onClose}>
      <p>
        {T(
          `从 ${clockTime(props.of.start)} 起，走了 ${props.far}。结束后保存为一条记录，不再记录位置。`,
          `Since ${clockTime(props.of.start)} you walked ${props.far}. It is saved as one record, and no position is recorded any more.`,
        )}
      </p>
      <Trouble of={trouble} />
      <div class="buttons">
        <Button look="main" icon="stop" busy={busy} onClick={() => run(stop)}>
          {T('结束并保存', 'End and save')}
        </Button>
        <Button onClick={props.onClose}>{T('接着走', 'Go on walking')}</Button>
      </div>
    </Sheet>
  );
}

export function Live({ of, day, changed }: { of: Open; day: Day; changed: () => void }) {
  const position = usePosition();
  const now = useNow(10);
  const [stopping, setStopping] = useState(false);
  const walk = day.walks?.find((each) => each.id === of.id);
  const at = position?.at ?? null;
  const old = (position?.age_s ?? 0) > RECEIVED_S;
  const here = useMemo<Here | null>(
    () => at && { lat: at.lat, lon: at.lon, accuracy_m: at.accuracy_m, old },
    [at?.lat, at?.lon, at?.accuracy_m, old],
  );
  const visits = useMemo(() => mapVisits(walk ? [walk] : NO_WALKS), [walk]);
  const far = metres(walk?.distance_m ?? 0);
  return (
    <>
      <section class="card patrol-now" aria-label={T('正在巡查', 'On patrol')}>
        <p class="chips">
          {position?.quality === 'none' ? (
            <Chip tone="warn" icon="route">
              {T('巡查中，没有定位：现在记不了轨迹', 'on patrol, no fix: no track is recorded now')}
            </Chip>
          ) : (
            <Chip tone="ok" icon="route">
              {T('巡查中，轨迹在记录', 'on patrol, the track is recorded')}
            </Chip>
          )}
        </p>
        <dl class="patrol-figures">
          <div>
            <dt>{T('时间', 'time')}</dt>
            <dd>{hoursMinutes(now - Date.parse(of.start))}</dd>
          </div>
          <div>
            <dt>{T('路程', 'distance')}</dt>
            <dd>{far}</dd>
          </div>
        </dl>
        <Fix of={position} recording />
      </section>
      <div class="buttons">
        <LinkButton look="main" icon="camera" class="patrol-main" href="#/new/incident">
          {T('记一条', 'Record')}
        </LinkButton>
        <Button icon="stop" class="patrol-main" onClick={() => setStopping(true)}>
          {T('结束巡查', 'End the patrol')}
        </Button>
      </div>
      <Trouble of={day.failure} again={day.again} />
      <TrackMap lines={walk?.lines ?? []} gaps={walk?.gaps ?? []} visits={visits} here={here} follow />
      {walk && <Gaps of={walk} />}
      <Seven />
      <Near here={here} />
      {stopping && <Stop of={of} far={far} onClose={() => setStopping(false)} changed={changed} />}
    </>
  );
}

export function CutOff({ of, day, changed }: { of: Open; day: Day; changed: () => void }) {
  const { busy, trouble, run } = useTask();
  const walk = day.walks?.find((each) => each.id === of.id);
  const end = (what: string, flags: Record<string, true>, words: string): Promise<boolean> =>
    run(async () => {
      await ofPatrol({ run: what, flags });
      tell({ text: words });
      changed();
    });
  return (
    <Section title={T('上一次巡查中断了', 'The last patrol was cut off')}>
      <div class="notice-box">
        <Icon name="alert" />
        <p>
          {T(
            `${when(of.start)} 开始的巡查没有结束，但轨迹记录停了：多半是断电、重启，或程序被关掉。断之前的轨迹都在${walk ? `，共 ${metres(walk.distance_m)}` : ''}。`,
            `The patrol that began at ${when(of.start)} was not ended, but its recording stopped: most likely no power, a restart, or the program was ended. The track until then is safe${walk ? `: ${metres(walk.distance_m)}` : ''}.`,
          )}
        </p>
      </div>
      <div class="patrol-ways">
        <Button
          look="main"
          icon="play"
          class="patrol-main"
          busy={busy}
          onClick={() => end('patrol continue', {}, T('接着记录，中间记为缺口', 'Recording again; what lies between is a gap'))}
        >
          {T('我还在走：接着记录', 'I am still walking: go on')}
        </Button>
        <Button
          icon="stop"
          busy={busy}
          onClick={() => end('patrol close', {}, T('已在最后一个定位点结束，已保存并待传', 'Ended at its last fix; saved and waiting to go'))}
        >
          {T('早走完了：在最后一个定位点结束', 'It was over: end it at its last fix')}
        </Button>
        <Button
          icon="clock"
          busy={busy}
          onClick={() => end('patrol stop', { now: true }, T('已结束到现在，中间记为缺口，已保存并待传', 'Ended now, with a gap; saved and waiting to go'))}
        >
          {T('刚走完：到现在结束，中间记为缺口', 'I just came to its end: end it now, with a gap')}
        </Button>
      </div>
      <Trouble of={trouble} />
    </Section>
  );
}
