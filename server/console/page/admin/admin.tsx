// Administration: people and devices, operators, units, what the site is run by, maps, the registry,
// the machine.
import { T } from '@page/text';
import { Page } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { Tabs } from '../parts/tabs';
import { Devices } from './devices';
import { Health } from './health';
import { Maps } from './maps';
import { Operators } from './operators';
import { People } from './people';
import { References } from './references';
import { Registry } from './registry';
import { Units } from './units';
import './admin.css';

const PARTS = {
  people: { words: () => T('人员', 'People'), page: People },
  devices: { words: () => T('设备', 'Devices'), page: Devices },
  operators: { words: () => T('操作员', 'Operators'), page: Operators },
  units: { words: () => T('单位', 'Units'), page: Units },
  reference: { words: () => T('资料', 'Reference data'), page: References },
  maps: { words: () => T('地图', 'Maps'), page: Maps },
  registry: { words: () => T('登记', 'Registry'), page: Registry },
  health: { words: () => T('运行和备份', 'Health and backup'), page: Health },
};

type Part = keyof typeof PARTS;

export function Admin({ rest }: PageProps) {
  const asked = rest[0] ?? '';
  const here: Part = Object.hasOwn(PARTS, asked) ? (asked as Part) : 'people';
  const Shown = PARTS[here].page;
  return (
    <Page title={T('管理', 'Administration')} root>
      <Tabs label={T('管理什么', 'What')} of={(Object.keys(PARTS) as Part[]).map((part) => ({ href: `#/admin/${part}`, words: PARTS[part].words(), here: part === here }))} />
      <Shown />
    </Page>
  );
}
