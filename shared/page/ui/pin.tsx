// The question for a PIN, over whatever page is shown.
import { useState } from 'preact/hooks';
import { call, Failure } from '@page/api';
import { personNamed, pin_question, type PinQuestion } from '@page/actor';
import { T } from '@page/text';
import { useSignal } from '@page/signal';
import { Button, Sheet, Trouble } from '@page/ui/parts';

const HELD_MINUTES = '60';

/** Digits as they are meant, whatever the keyboard makes of them. */
export function plainDigits(typed: string): string {
  return typed.normalize('NFKC').replace(/\s/g, '');
}

function Question({ of }: { of: PinQuestion }) {
  const [pin, setPin] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Failure>();
  const unlock = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setTrouble(undefined);
    try {
      await call({ run: 'pin unlock', flags: { as: of.worker, for: HELD_MINUTES }, secret: pin });
      of.answered(true);
    } catch (cause) {
      setPin('');
      setTrouble(cause as Failure);
      setBusy(false);
    }
  };
  return (
    <Sheet title={T(`${personNamed(of.worker)} 的 PIN`, `PIN of ${personNamed(of.worker)}`)} onClose={() => of.answered(false)}>
      <form class="field" onSubmit={(event) => void unlock(event)}>
        <label for="pin">{T('输入 PIN，之后 1 小时内不再问', 'Enter the PIN; it is not asked again for an hour')}</label>
        <input
          id="pin"
          type="password"
          inputMode="numeric"
          autocomplete="off"
          autofocus
          value={pin}
          onInput={(event) => setPin(plainDigits(event.currentTarget.value))}
        />
        <Trouble of={trouble} />
        <Button type="submit" look="main" icon="lock" busy={busy} disabled={pin.length < 4}>
          {T('确定', 'Go on')}
        </Button>
      </form>
    </Sheet>
  );
}

export function PinSheet() {
  const question = useSignal(pin_question);
  return question ? <Question key={question.worker} of={question} /> : null;
}
