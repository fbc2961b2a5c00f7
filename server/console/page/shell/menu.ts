// The main pages, and for whom they are. What a role cannot do is refused by the server anyway.
import type { IconName } from '@page/ui/icon';
import { T } from '@page/text';

export interface Entry {
  path: string;
  icon: IconName;
  name(): string;
  /** `g` and this letter lead there. */
  key: string;
  roles: readonly string[];
}

const DESK = ['dispatcher', 'supervisor', 'community', 'grid_head'];
const HANDLER = ['handler'];
const LOOKS = [...DESK, ...HANDLER, 'auditor'];

const MENU: readonly Entry[] = [
  { path: '', icon: 'list', name: () => T('收件', 'Inbox'), key: 'i', roles: [...DESK, 'auditor'] },
  { path: 'queue', icon: 'task', name: () => T('待我处置', 'My queue'), key: 'q', roles: HANDLER },
  { path: 'cases', icon: 'search', name: () => T('案件', 'Cases'), key: 'c', roles: LOOKS },
  { path: 'intake', icon: 'phone', name: () => T('接报', 'Intake'), key: 'n', roles: DESK },
  { path: 'attention', icon: 'fork', name: () => T('待人决定', 'To decide'), key: 'd', roles: [...LOOKS, 'registrar'] },
  { path: 'supervision', icon: 'clock', name: () => T('督办', 'Supervision'), key: 's', roles: LOOKS },
  { path: 'patrols', icon: 'route', name: () => T('巡查', 'Patrols'), key: 'p', roles: [...DESK, 'auditor'] },
  { path: 'figures', icon: 'proof', name: () => T('数据', 'Figures'), key: 'f', roles: [...LOOKS, 'registrar'] },
  { path: 'notices', icon: 'bell', name: () => T('通知任务', 'Notices'), key: 'o', roles: DESK },
  { path: 'admin', icon: 'settings', name: () => T('管理', 'Administration'), key: 'a', roles: ['registrar'] },
];

export const menuOf = (role: string): Entry[] => MENU.filter((entry) => entry.roles.includes(role));
