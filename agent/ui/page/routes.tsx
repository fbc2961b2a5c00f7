// Which page an address names. A page gets what stands after its name.
import type { ComponentType } from 'preact';
import { Home } from './home/home';
import { Capture } from './capture/capture';
import { Cases } from './cases/cases';
import { Case } from './cases/case';
import { Conflicts } from './conflicts/conflicts';
import { Patrol } from './patrol/patrol';
import { Due } from './due/due';
import { Notices } from './due/notices';
import { Sync } from './sync/sync';
import { Me } from './me/me';
import { Settings } from './me/settings';

export interface PageProps {
  /** What stands after the page's name: `['ID', 'do', 'sign']`. */
  rest: string[];
  query: URLSearchParams;
}

export const routes: Record<string, ComponentType<PageProps>> = {
  '': Home,
  new: Capture,
  draft: Capture,
  cases: Cases,
  case: Case,
  conflicts: Conflicts,
  patrol: Patrol,
  due: Due,
  notices: Notices,
  sync: Sync,
  me: Me,
  settings: Settings,
};
