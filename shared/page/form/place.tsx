// Where it is: the receiver's position while one writes, its accuracy in words and metres; or a
// place on the map; or none, said plainly.
import { useEffect, useRef, useState } from 'preact/hooks';
import { stream, type Row } from '@page/api';
import { theDomain, type Field } from '@page/domain';
import { label, metres, T } from '@page/text';
import { Button, Chip, Sheet, type Tone } from '@page/ui/parts';
import { PlacePicker } from '@page/map/place_picker';
import { Wrap } from '@page/form/wrap';

export interface Spot {
  lat: number;
  lon: number;
  /** null: pointed at on a map, or typed. */
  accuracy_m: number | null;
}

/** `35.0512345,118.3412345,6` as the commands take it; null: no position. */
export function spotOf(text: string): Spot | null {
  const found = /^\s*(-?\d+(?:\.\d+)?)\s*[,，]\s*(-?\d+(?:\.\d+)?)\s*(?:[,，]\s*(\d+(?:\.\d+)?)\s*)?$/.exec(text);
  if (!found) return null;
  return { lat: Number(found[1]), lon: Number(found[2]), accuracy_m: found[3] ? Number(found[3]) : null };
}

function spotText(spot: Spot): string {
  const place = `${spot.lat.toFixed(7)},${spot.lon.toFixed(7)}`;
  return spot.accuracy_m === null ? place : `${place},${Math.max(1, Math.round(spot.accuracy_m))}`;
}

/** Good enough to stop looking, and for how long one looks. */
const GOOD_M = 10;
const LOOK_MS = 120_000;
/** Of a fix that does not say how wide it is. */
const UNKNOWN_M = 1000;

const fixed = (row: Row): Spot | null =>
  typeof row.lat === 'number' && typeof row.lon === 'number'
    ? { lat: row.lat, lon: row.lon, accuracy_m: typeof row.accuracy_m === 'number' ? row.accuracy_m : null }
    : null;

/** `said`: the command's words of why there is none, and what helps. */
type Looking = { on: boolean; said?: string; here?: Spot };

/** Ask the receiver until the fix is good; each better one is told. */
function useReceiver(on: boolean, better: (spot: Spot) => void): [Looking, () => void] {
  const [looking, setLooking] = useState<Looking>({ on });
  const [round, setRound] = useState(on ? 1 : 0);
  const tell = useRef(better);
  tell.current = better;
  useEffect(() => {
    if (!round) return undefined;
    const ended = new AbortController();
    let best = Number.POSITIVE_INFINITY;
    setLooking({ on: true });
    const timer = setTimeout(() => ended.abort(), LOOK_MS);
    stream<Row>(
      { run: 'position', flags: { watch: true } },
      (row) => {
        const spot = fixed(row);
        if (!spot) {
          setLooking({ on: true, said: typeof row.text === 'string' ? row.text : '' });
          if (row.none === 'no-gpsd' || row.none === 'no-receiver') ended.abort();
          return;
        }
        const wide = spot.accuracy_m ?? UNKNOWN_M;
        setLooking({ on: true, here: spot });
        if (wide < best * 0.8) {
          best = wide;
          tell.current(spot);
        }
        if (wide <= GOOD_M) ended.abort();
      },
      ended.signal,
    )
      .catch((cause: unknown) => {
        if (!ended.signal.aborted)
          setLooking({ on: false, said: cause instanceof Error ? cause.message : String(cause) });
      })
      .finally(() => setLooking((now) => ({ ...now, on: false })));
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [round]);
  return [looking, () => setRound((old) => old + 1)];
}

function how(spot: Spot): [Tone, string] {
  const wide = spot.accuracy_m;
  if (wide === null) return ['ok', T('地图上选的位置', 'picked on the map')];
  const around = `±${metres(wide)}`;
  if (wide <= 15) return ['ok', T(`精度较好 ${around}`, `accurate, ${around}`)];
  if (wide <= 50) return ['info', T(`精度一般 ${around}`, `fair, ${around}`)];
  return ['warn', T(`精度差 ${around}`, `poor, ${around}`)];
}

interface PlaceProps {
  field: Field;
  value: string;
  problem?: string | undefined;
  /** Look for it at once: a new record. */
  auto: boolean;
  /** `by_person`: she chose it; else the receiver told it. */
  onText(text: string, by_person: boolean): void;
}

export function Place({ field, value, problem, auto, onText }: PlaceProps) {
  // At the centre nobody is where the report is about.
  const has_receiver = Boolean(theDomain().me.device);
  const own = useRef(!auto);
  const [looking, look] = useReceiver(auto && has_receiver, (spot) => {
    if (!own.current) onText(spotText(spot), false);
  });
  const [picking, setPicking] = useState(false);
  const spot = spotOf(value);
  const chosen = (text: string): void => {
    own.current = true;
    onText(text, true);
  };
  return (
    <Wrap field={field.name} id="f-position" name={label(field)} problem={problem} group>
      {() => (
        <>
          <div class="place-now" role="status">
            {spot ? (
              <Chip tone={how(spot)[0]} icon="pin">
                {how(spot)[1]}
              </Chip>
            ) : value ? (
              <span>{value}</span>
            ) : looking.on && !looking.said ? (
              <Chip tone="info" icon="compass">
                {T('正在定位…', 'Finding the position…')}
              </Chip>
            ) : (
              <span class="quiet">{looking.said || T('没有位置。', 'No position.')}</span>
            )}
            {spot && looking.on && <span class="quiet">{T('还在提高精度…', 'getting better…')}</span>}
          </div>
          <div class="buttons place-tools">
            <Button icon="map" onClick={() => setPicking(true)}>
              {T('在地图上选', 'On the map')}
            </Button>
            {has_receiver && (
              <Button
                icon="compass"
                busy={looking.on}
                onClick={() => {
                  own.current = false;
                  look();
                }}
              >
                {value ? T('重新定位', 'Find again') : T('定位', 'Find')}
              </Button>
            )}
            {value !== '' && (
              <Button icon="close" look="quiet" onClick={() => chosen('')}>
                {T('不带位置', 'None')}
              </Button>
            )}
          </div>
          {picking && (
            <Sheet title={T('在地图上选位置', 'Pick the place')} onClose={() => setPicking(false)}>
              <PlacePicker
                value={spot}
                accuracy={spot?.accuracy_m ?? null}
                here={looking.here ?? null}
                onChange={(place, taken) =>
                  chosen(spotText({ ...place, accuracy_m: taken === 'here' ? (looking.here?.accuracy_m ?? null) : null }))
                }
              />
              <Button look="main" icon="check" onClick={() => setPicking(false)}>
                {T('选好了', 'Done')}
              </Button>
            </Sheet>
          )}
        </>
      )}
    </Wrap>
  );
}
