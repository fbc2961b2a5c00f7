// An act with a button: while it runs the button is busy, and why it did not work is said beside it.
import { useState } from 'preact/hooks';
import { failureOf, type Failure } from '@page/api';

export interface Task {
  busy: boolean;
  trouble: Failure | undefined;
  /** Told whether it was done; never throws. */
  run(act: () => Promise<unknown>): Promise<boolean>;
}

export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Failure>();
  return {
    busy,
    trouble,
    run: async (act) => {
      setBusy(true);
      setTrouble(undefined);
      try {
        await act();
        return true;
      } catch (cause) {
        setTrouble(failureOf(cause));
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
