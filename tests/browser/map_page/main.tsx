// The three maps by themselves, for tests/browser/map.mjs: what they show is given from outside, and
// what they said is kept in `globalThis.maps`.
import { render } from 'preact';
import { useState } from 'preact/hooks';
import '@page/theme.css';
import { enter } from '../../../agent/ui/page/shell/enter';
import { useLook } from '@page/appearance';
import { learn } from '@page/domain';
import { lang, speak } from '@page/text';
import { Page } from '@page/ui/parts';
import { CaseMap, type CaseMapProps } from '@page/map/case_map';
import type { LatLon } from '@page/map/geo';
import { PlacePicker, type PlacePickerProps } from '@page/map/place_picker';
import { fromShown, toShown } from '@page/map/shift';
import { TrackMap, type TrackMapProps } from '@page/map/track_map';

type Given =
  | { map: 'cases'; props: Pick<CaseMapProps, 'points'> }
  | { map: 'place'; props: Pick<PlacePickerProps, 'here' | 'value' | 'accuracy'> }
  | { map: 'track'; props: TrackMapProps };

const said: { selected: string[]; bounds: number[]; place: LatLon | null; how: string } = {
  selected: [],
  bounds: [],
  place: null,
  how: '',
};

function Shown({ given }: { given: Given }) {
  const [selected, setSelected] = useState<string | null>(null);
  const [place, setPlace] = useState<LatLon | null>(given.map === 'place' ? given.props.value : null);
  if (given.map === 'track') return <TrackMap {...given.props} />;
  if (given.map === 'place')
    return (
      <PlacePicker
        {...given.props}
        value={place}
        onChange={(to, how) => {
          said.place = to;
          said.how = how;
          setPlace(to);
        }}
      />
    );
  return (
    <CaseMap
      {...given.props}
      selected={selected}
      onSelect={(ids) => {
        said.selected = ids;
        setSelected(ids[0] ?? null);
      }}
      onBounds={(bounds) => (said.bounds = bounds)}
    />
  );
}

function Maps({ given, turn }: { given?: Given; turn: number }) {
  useLook('auto', 100);
  return (
    <Page title="maps" root>
      {given && <Shown key={turn} given={given} />}
    </Page>
  );
}

const root = document.getElementById('app')!;
let turn = 0;
const maps = {
  said,
  toShown,
  fromShown,
  show: (given: Given): void => render(<Maps given={given} turn={turn++} />, root),
};
(globalThis as unknown as { maps: typeof maps }).maps = maps;

void Promise.all([enter(), speak(lang.value)])
  .then(learn)
  .then(() => render(<Maps turn={turn++} />, root));
