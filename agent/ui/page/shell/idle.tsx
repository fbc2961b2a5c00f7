// Left alone, a device with a passphrase locks: said a minute before, to whoever is still there.
//
// The program counts from the last call that followed a touch; so a person who only scrolls is
// told of it by a call of no other use.
import { useEffect, useState } from 'preact/hooks';
import { call } from '@page/api';
import { T } from '@page/text';
import { Button } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';
import { useSettings, useStatus } from './facts';

const TELL_MS = 20000;
/** A lock that came from elsewhere, by the command line or as the time was up, writes nothing that
 * could be heard of. */
const LOOK_MS = 15000;
const WARN_MS = 60000;
/** Of a short time its last quarter. */
const warnMs = (minutes: number): number => Math.min(WARN_MS, (minutes * 60000) / 4);
/** As the program counts: by what passed, not by a clock that may jump. */
const now_ms = (): number => performance.now();

let last = now_ms();
let told = last;
const tabs = new BroadcastChannel('xunge-touch');
tabs.onmessage = () => {
  last = now_ms();
};
for (const kind of ['pointerdown', 'keydown', 'wheel'])
  addEventListener(kind, () => (last = now_ms()), { passive: true, capture: true });

function tell(): void {
  told = now_ms();
  tabs.postMessage('touched');
  void call({ run: 'settings' }).catch(() => undefined);
}

export function IdleNotice() {
  const { status, again } = useStatus();
  const guarded = status?.vault === 'passphrase';
  const minutes = Number(useSettings().get('lock_after') ?? 0);
  const locks = guarded && minutes > 0;
  const [left_s, setLeft] = useState<number | null>(null);
  useEffect(() => {
    if (!guarded) return undefined;
    const timer = setInterval(again, LOOK_MS);
    return () => clearInterval(timer);
  }, [guarded]);
  useEffect(() => {
    if (!locks) return setLeft(null);
    const timer = setInterval(() => {
      if (last > told && now_ms() - told > TELL_MS) tell();
      const left = last + minutes * 60000 - now_ms();
      setLeft(left < warnMs(minutes) ? Math.max(0, Math.ceil(left / 1000)) : null);
    }, 1000);
    return () => clearInterval(timer);
  }, [locks, minutes]);
  if (left_s === null) return null;
  return (
    <div class="idle-notice">
      <Icon name="lock" />
      {/* The seconds are to be seen, not read out one by one. */}
      <p>
        <span role="status">{T('没有动作，就要上锁了', 'Nobody touched it: it is about to lock')}</span>
        <span aria-hidden="true">{` ${left_s}`}</span>
      </p>
      <Button onClick={tell}>{T('还在用', 'I am here')}</Button>
    </div>
  );
}
