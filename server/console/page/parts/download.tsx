// What a command prints, as a file of the browser. Where it was made while the board lagged, it is
// said beside the button: the file says it too, and stays as it is.
import { useState } from 'preact/hooks';
import { printed, type Call } from '@page/api';
import { saveFile } from '@page/save';
import { useTask } from '@page/task';
import { T } from '@page/text';
import { Button, Trouble } from '@page/ui/parts';
import { Icon } from '@page/ui/icon';

interface DownloadProps {
  of: Call;
  name: string | (() => string);
  children: string;
  look?: 'quiet';
  title?: string;
}

export function Download({ of, name, children, look, title }: DownloadProps) {
  const { busy, trouble, run } = useTask();
  const [lag, setLag] = useState<{ of: string; at: number; by: number }>();
  const asked = JSON.stringify(of);
  const fetchIt = async (): Promise<void> => {
    const { bytes, at, behind } = await printed(of);
    setLag(behind ? { of: asked, at, by: behind } : undefined);
    saveFile(bytes, typeof name === 'string' ? name : name());
  };
  return (
    <>
      <Button icon="download" busy={busy} {...(look ? { look } : {})} {...(title ? { title } : {})} onClick={() => void run(fetchIt)}>
        {children}
      </Button>
      {lag?.of === asked && (
        <p class="remark" role="status">
          <Icon name="clock" />
          <span>
            {T(
              `${children}：这份表还差 ${lag.by} 件没算进来，截至日志第 ${lag.at} 条；请稍后再下载一次。`,
              `${children}: ${lag.by} more are not in this sheet, which is as of log entry ${lag.at}; download it again in a moment.`,
            )}
          </span>
        </p>
      )}
      <Trouble of={trouble} />
    </>
  );
}
