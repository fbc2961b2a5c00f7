// Patrol: begin, walk, end; what was walked.
import './patrol.css';
import { useEffect, useRef } from 'preact/hooks';
import { Busy, Page, Trouble } from '@page/ui/parts';
import { refresh } from '@page/store';
import { T } from '@page/text';
import type { PageProps } from '../routes';
import { Begin, Seven } from './begin';
import { Days } from './day';
import { CutOff, Live } from './live';
import { chinaDay, useDay, useOpen, type Open } from './facts';

/** So often the track on the map is fetched anew while it grows. */
const TRACK_EVERY_S = 10;

function Going({ of }: { of: Open }) {
  // A patrol over midnight is a patrol of the day on which it began.
  const day = useDay(chinaDay(Date.parse(of.start)), of.running ? TRACK_EVERY_S : null);
  return of.running ? <Live of={of} day={day} changed={refresh} /> : <CutOff of={of} day={day} changed={refresh} />;
}

export function Patrol(_: PageProps) {
  const [open, status] = useOpen();
  const state = open === undefined ? '' : open === null ? 'none' : open.running ? 'running' : 'cut off';
  const before = useRef('');
  // The button that was pressed is gone with what stood around it: reading goes on at the top.
  useEffect(() => {
    if (before.current && before.current !== state) document.querySelector('h1')?.focus();
    before.current = state;
  }, [state]);
  return (
    <Page title={T('巡查', 'Patrol')} root>
      <Trouble of={status.failure} again={status.again} />
      {open === undefined && !status.failure && <Busy />}
      {open && <Going of={open} />}
      {open === null && (
        <>
          <Begin changed={refresh} />
          <Seven />
        </>
      )}
      {open !== undefined && <Days walking={open !== null} />}
    </Page>
  );
}
