// Which page an address names. A page gets what stands after its name.
import type { ComponentType } from 'preact';
import { Admin } from './admin/admin';
import { Attention } from './attention/attention';
import { Case } from './case/case';
import { Cases } from './cases/cases';
import { Figures } from './figures/figures';
import { Inbox } from './inbox/inbox';
import { Intake } from './intake/intake';
import { Me } from './me/me';
import { NoticesAndTasks } from './notices/notices';
import { Patrols } from './patrols/patrols';
import { Print } from './print/print';
import { Queue } from './queue/queue';
import { Review } from './review/review';
import { Supervision } from './supervision/supervision';

export interface PageProps {
  /** What stands after the page's name: `['ID', 'do', 'sign']`. */
  rest: string[];
  query: URLSearchParams;
}

export const routes: Record<string, ComponentType<PageProps>> = {
  '': Inbox,
  cases: Cases,
  case: Case,
  queue: Queue,
  intake: Intake,
  print: Print,
  attention: Attention,
  supervision: Supervision,
  review: Review,
  patrols: Patrols,
  figures: Figures,
  notices: NoticesAndTasks,
  admin: Admin,
  me: Me,
};
