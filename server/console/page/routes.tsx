// Which page an address names. A page gets what stands after its name.
import type { ComponentType } from 'preact';
import { Me } from './me/me';

export interface PageProps {
  /** What stands after the page's name: `['ID', 'do', 'sign']`. */
  rest: string[];
  query: URLSearchParams;
}

export const routes: Record<string, ComponentType<PageProps>> = {
  me: Me,
};
