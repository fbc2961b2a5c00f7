// What a call answered, or that it is on its way, or why it did not.
import type { ComponentChildren } from 'preact';
import type { Shown } from '@page/store';
import { Busy, Trouble } from '@page/ui/parts';

export function Fetched<R>({ of, children }: { of: Shown<R>; children: (lines: R[]) => ComponentChildren }) {
  return (
    <>
      <Trouble of={of.failure} again={of.again} />
      {!of.lines && !of.failure && <Busy />}
      {of.lines && children(of.lines)}
    </>
  );
}
