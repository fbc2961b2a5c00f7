// Which page an address names. A page gets what stands after its name.
import type { ComponentType } from 'preact';
import { Admin } from './admin/admin';
import { Attention } from './attention/attention';
import { Figures } from './figures/figures';
import { Me } from './me/me';
import { NoticesAndTasks } from './notices/notices';
import { Patrols } from './patrols/patrols';
import { Review } from './review/review';
import { Supervision } from './supervision/supervision';

export interface PageProps {
  /** What stands after the page's name: `['ID', 'do', 'sign']`. */
  rest: string[];
  query: URLSearchParams;
}

export const routes: Record<string, ComponentType<PageProps>> = {
  attention: Attention,
  supervision: Supervision,
  review: Review,
  patrols: Patrols,
  figures: Figures,
  notices: NoticesAndTasks,
  admin: Admin,
  me: Me,
};
