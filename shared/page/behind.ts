// What stands behind this page, where the worker's program and the centre differ: each page says it
// once, when it begins. As it stands here it is the worker's.
import { call, type Answer, type Call, type Row } from '@page/api';
import { address } from '@page/route';
import { T } from '@page/text';

export const behind = {
  /** Run a command that records. */
  record: <R = Row>(what: Call): Promise<Answer<R>> => call<R>(what),
  /** Bytes of a photo, or of its small picture. */
  photo: (sha256: string, small: boolean): Call => ({
    run: 'photos get',
    words: [sha256],
    flags: small ? { small: true, output: '-' } : { output: '-' },
  }),
  /** Why callers are looked up, where that is recorded; '': it is not. */
  caller_why: (): string => '',
  /** What to do where there is no map. */
  no_map: (): string =>
    T(
      '本机还没有离线地图。方格和比例尺可以看出远近；地图文件由管理员发放，在“设置”里装入。',
      'There is no offline map on this device. The lattice and the scale show distances; a map file comes from your administrator and is added in the settings.',
    ),
  /** It keeps which map is drawn (`settings map=…`); else this browser does. */
  keeps_map: true,
  /** Where the conflicts of a case are decided; of one field, when it is to be decided otherwise. */
  conflicts: (id: string, field?: string): string => address(['conflicts', id], field ? { field } : undefined),
};
