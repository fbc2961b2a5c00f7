// What stands behind this page, where the worker's program and the centre differ: each page says it
// once, when it begins. As it stands here it is the worker's.
import type { Call } from '@page/api';
import { address } from '@page/route';

export const behind = {
  /** Bytes of a photo, or of its small picture. */
  photo: (sha256: string, small: boolean): Call => ({
    run: 'photos get',
    words: [sha256],
    flags: small ? { small: true, output: '-' } : { output: '-' },
  }),
  /** Why callers are looked up, where that is recorded; '': it is not. */
  caller_why: (): string => '',
  /** It has maps of its own (`maps`), and the borders of units (`grids`). */
  maps: true,
  /** It keeps which map is drawn (`settings map=…`); else this browser does. */
  keeps_map: true,
  /** Where the conflicts of a case are decided; of one field, when it is to be decided otherwise. */
  conflicts: (id: string, field?: string): string => address(['conflicts', id], field ? { field } : undefined),
};
