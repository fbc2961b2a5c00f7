// The way in: the one-time key of the address that was opened (docs/page.md, "Safety").
import { hold, post, resume, saying } from '@page/api';
import { T } from '@page/text';

saying.gone = () =>
  T(
    '本机的巡格程序没有应答。打过的字已存为草稿；重新打开“巡格”即可继续。',
    'The program on this device does not answer. What you typed is kept as a draft; open Xunge again to go on.',
  );
saying.stranger = () => T('请重新打开“巡格”。', 'Please open Xunge again.');

/** With the key of the address, else as this tab was, else as another tab of ours is. */
export async function enter(): Promise<boolean> {
  const key = /^#key=([\w-]+)$/.exec(location.hash)?.[1];
  if (key) {
    history.replaceState(history.state, '', '#/');
    const let_in = await post<{ token: string }>('/api/enter', { key }).catch(() => undefined);
    if (let_in) hold(let_in.token);
  }
  return resume();
}
