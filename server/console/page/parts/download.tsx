// What a command prints, as a file of the browser.
import { data, type Call } from '@page/api';
import { useTask } from '@page/task';
import { Button, Trouble } from '@page/ui/parts';

export function Download({ of, name, children }: { of: Call; name: string; children: string }) {
  const { busy, trouble, run } = useTask();
  const fetchIt = async (): Promise<void> => {
    const address = URL.createObjectURL(await data(of));
    const link = document.createElement('a');
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };
  return (
    <>
      <Button icon="download" busy={busy} onClick={() => void run(fetchIt)}>
        {children}
      </Button>
      <Trouble of={trouble} />
    </>
  );
}
