// Picks a place: the cross in the middle stays, the map is moved under it, by a finger, by arrow keys,
// by buttons; or the receiver's word is taken, or coordinates are typed.
//
//   <PlacePicker value={place} accuracy={8} here={here} onChange={(place, how) => …} />
//
// What was typed, and what the receiver said, is the place itself and is never read back from the
// map, which may be resized, hidden or laid anew at any time; its middle is read only when her own
// hand moved it there.
//
// Nothing is picked until she moved the map or pressed a button: a map that happens to be open at
// some place says nothing about where anything is.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { metres, T } from '@page/text';
import { Button } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { MapFrame, type Chart } from '@page/map/frame';
import { degrees, distance_m, placeTyped, whither, type Here, type LatLon } from '@page/map/geo';

export interface PlacePickerProps {
  value: LatLon | null;
  /** `how`: taken from the receiver, or picked by hand; then nobody knows an accuracy. */
  onChange: (place: LatLon, how: 'here' | 'picked') => void;
  /** Of `value`, in metres; null: unknown. */
  accuracy?: number | null;
  /** Where the receiver says we are; null: it does not know. */
  here?: Here | null;
}

const STEP_M = 10;
/** Nearer than this, two places are one: what is read back from a screen is never exact. */
const SAME_M = 0.5;

function Typed({ onPlace }: { onPlace: (place: LatLon) => void }) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const take = (event: Event): void => {
    event.preventDefault();
    const place = placeTyped(text);
    setWrong(!place);
    if (place) onPlace(place);
  };
  return (
    <details class="map-typed">
      <summary>{T('输入经纬度', 'Type coordinates')}</summary>
      <div class="field">
        <label for="place-typed">{T('纬度, 经度（WGS-84）', 'latitude, longitude (WGS-84)')}</label>
        <input
          id="place-typed"
          autocomplete="off"
          inputMode="decimal"
          placeholder="31.17743, 121.52721"
          value={text}
          aria-invalid={wrong}
          aria-describedby="place-typed-wrong"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && take(event)}
        />
        <p id="place-typed-wrong" class={wrong ? 'problem' : 'hint'}>
          {wrong
            ? T('要两个数，如 31.17743, 121.52721', 'It takes two numbers, as 31.17743, 121.52721')
            : T('高德、百度上抄来的坐标有偏移，请在地图上选。', 'Numbers from AMap or Baidu are shifted; pick on the map instead.')}
        </p>
        <Button onClick={take}>{T('到那里', 'Go there')}</Button>
      </div>
    </details>
  );
}

export function PlacePicker({ value, onChange, accuracy = null, here = null }: PlacePickerProps) {
  const chart = useRef<Chart | null>(null);
  const told = useRef<LatLon | null>(value);

  const pick = (place: LatLon, how: 'here' | 'picked'): void => {
    told.current = place;
    onChange(place, how);
  };

  // A value from outside is gone to; our own comes back unchanged.
  useEffect(() => {
    if (!value || (told.current && distance_m(value, told.current) < SAME_M)) return;
    told.current = value;
    chart.current?.look(value, 16);
  }, [value?.lat, value?.lon]);

  const on = useMemo(
    () => ({
      here,
      chosen: value && accuracy !== null ? { ...value, accuracy_m: accuracy } : null,
    }),
    [here, value?.lat, value?.lon, accuracy],
  );

  const step = (east: number, north: number): void => chart.current?.shift(east * STEP_M, north * STEP_M);
  const winds = [
    { icon: 'up', name: T('向北', 'north'), east: 0, north: 1 },
    { icon: 'down', name: T('向南', 'south'), east: 0, north: -1 },
    { icon: 'back', name: T('向西', 'west'), east: -1, north: 0 },
    { icon: 'forward', name: T('向东', 'east'), east: 1, north: 0 },
  ] as const;

  return (
    <div class="picker">
      <MapFrame
        label={T('选位置的地图：十字所指就是位置', 'Map to pick a place: the cross is where it is')}
        on={on}
        start={value ? [value] : []}
        grip="map"
        crosshair
        here={here}
        onHere={() => here && pick({ lat: here.lat, lon: here.lon }, 'here')}
        onSeen={(seen) => seen.pointed && pick(seen.centre, 'picked')}
        chart={(made) => (chart.current = made)}
      />
      <div class="picker-steps" role="group" aria-label={T(`每次移 ${STEP_M} 米`, `${STEP_M} metres at a time`)}>
        {winds.map((wind) => (
          <button type="button" class="map-tool" key={wind.icon} onClick={() => step(wind.east, wind.north)}>
            <Icon name={wind.icon} />
            <span>
              {wind.name} {STEP_M} {T('米', 'm')}
            </span>
          </button>
        ))}
      </div>
      <p class="picker-place" role="status">
        {value ? (
          <>
            <strong>{degrees(value)}</strong>
            {accuracy !== null && <span>{T(`误差约 ${metres(accuracy)}`, `within about ${metres(accuracy)}`)}</span>}
            {here && distance_m(here, value) >= SAME_M && (
              <span>{T(`在我的${whither(here, value)}`, `${whither(here, value)} of me`)}</span>
            )}
          </>
        ) : (
          T('还没有选：移动地图，让十字对准位置。', 'Nothing picked yet: move the map until the cross is on the place.')
        )}
      </p>
      <div class="buttons">
        {here && (
          <Button
            icon="here"
            onClick={() => {
              pick({ lat: here.lat, lon: here.lon }, 'here');
              chart.current?.look(here, 17);
            }}
          >
            {here.accuracy_m === null
              ? T('用我现在的位置', 'Use where I am')
              : T(`用我现在的位置（误差 ${metres(here.accuracy_m)}）`, `Use where I am (within ${metres(here.accuracy_m)})`)}
          </Button>
        )}
        {!value && (
          <Button icon="pin" look="main" onClick={() => chart.current && pick(chart.current.centre(), 'picked')}>
            {T('就是十字这里', 'It is where the cross is')}
          </Button>
        )}
      </div>
      <Typed
        onPlace={(place) => {
          pick(place, 'picked');
          chart.current?.look(place, 17);
        }}
      />
    </div>
  );
}
