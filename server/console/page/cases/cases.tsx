// All cases: whatever is looked for, open and settled; the ledger of them to print or to take along.
import { N, T } from '@page/text';
import { Page } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { useKeys } from '../shell/keys';
import { FilterBar } from './filters';
import { CaseList, listKeys, useDesk } from './list';
import { LedgerTools } from './ledger_tools';
import { Address } from './query';
import './desk.css';

const CASES = new Address(['cases']);

export function Cases({ query: from }: PageProps) {
  const query = CASES.read(from);
  const desk = useDesk(query, CASES);
  useKeys(listKeys(desk));
  return (
    <Page
      title={T('案件', 'Cases')}
      root
      class="desk-page"
      tools={
        <div class="page-tools">
          <span class="quiet" role="status">
            {desk.rows.count === null ? '' : N(desk.rows.count, ' 件', 'case', 'cases')}
          </span>
          <LedgerTools query={query} name="cases" />
        </div>
      }
    >
      <FilterBar query={query} address={CASES} states />
      <CaseList desk={desk} query={query} address={CASES} />
    </Page>
  );
}
