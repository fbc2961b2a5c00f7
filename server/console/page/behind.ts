// What stands behind this page: the centre, where photos are asked for by another command.
import { behind } from '@page/behind';
import { address } from '@page/route';
import { T } from '@page/text';
import { once } from './shell/once';

behind.record = once;
behind.photo = (sha256, small) => ({ run: 'photo get', words: [sha256, '-'], flags: small ? { small: true } : {} });
behind.caller_why = () => T('接报登记，识别来电人', 'intake: is the caller known');
behind.no_map = () =>
  T(
    '指挥中心还没有地图。方格和比例尺可以看出远近；地图文件由登记员在“管理·地图”里装入。',
    'The centre has no map yet. The lattice and the scale show distances; the registrar adds a map file in Administration, Maps.',
  );
behind.keeps_map = false;
behind.conflicts = (id, field) => address(['attention', 'conflict', id], field ? { field } : undefined);
