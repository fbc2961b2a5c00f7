// The notices of this device, and which of them the one who records has not read.
import { useSignal } from '@page/signal';
import { useCall, type Shown } from '@page/store';
import { actor, actorCode } from '@page/actor';

export interface Notice {
  id: string;
  number: string;
  withdrawn: boolean;
  created?: string;
  author?: string;
  /** Of this device's workers, those who gave the receipt. */
  read_by?: string[];
  delivery: string;
  fields: { title?: string; text?: string };
}

export interface NoticeList {
  shown: Shown<Notice>;
  notices: Notice[];
  unread: { id: string; title: string }[];
}

export function useNotices(): NoticeList {
  useSignal(actor);
  const shown = useCall<Notice>({ run: 'list', words: ['notice'] });
  const notices = (shown.lines ?? []).filter((notice) => !notice.withdrawn);
  const me = actorCode();
  const unread = notices
    .filter((notice) => !notice.read_by?.includes(me))
    .map((notice) => ({ id: notice.id, title: notice.fields.title ?? notice.number }));
  return { shown, notices, unread };
}
