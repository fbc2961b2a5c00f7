// What stands behind this page: the centre, where photos are asked for by another command.
import { behind } from '@page/behind';
import { address } from '@page/route';
import { T } from '@page/text';

behind.photo = (sha256, small) => ({ run: 'photo get', words: [sha256, '-'], flags: small ? { small: true } : {} });
behind.caller_why = () => T('接报登记，识别来电人', 'intake: is the caller known');
behind.maps = false;
behind.keeps_map = false;
behind.conflicts = (id, field) => address(['attention', 'conflict', id], field ? { field } : undefined);
