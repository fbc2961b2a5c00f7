// A handler's queue: what is in her unit's hands, the most pressing first. Sign for, handle, give back
// with the photo of after; or return it by the duty list, or ask for time.
import { theDomain } from '@page/domain';
import { useCall } from '@page/store';
import { N, T } from '@page/text';
import { Button, Page } from '@page/ui/parts';
import { said } from '@page/domain';
import { asksNothing, hold, myWay, plainCall } from '../case/doing';
import { Beside } from '../case/beside';
import { CaseList, listKeys, targetOf, useDesk, type Desk } from '../cases/list';
import { LedgerTools } from '../cases/ledger_tools';
import { Address, flagsOf, type Query } from '../cases/query';
import type { PageProps } from '../routes';
import { useKeys } from '../shell/keys';
import '../cases/desk.css';
import '../case/case.css';

/** What a handler does next, by where it stands. */
const STEPS = ['dispatched', 'handling', 'rework', 'handled', 'returned', 'shelved', 'deferred'];

const mine = (): string => theDomain().me.units[0] ?? '';

function Steps({ query, address }: { query: Query; address: Address }) {
  const counts = useCall<{ open: number; status: Record<string, number> }>({ run: 'counts', flags: flagsOf({ ...query, state: '' }, ['status', 'light']) }).lines?.[0];
  const offered = STEPS.filter((status, at) => at < 3 || (counts?.status[status] ?? 0) > 0 || query.status === status);
  return (
    <fieldset class="picks">
      <legend class="hidden-words">{T('办到哪一步', 'Where it stands')}</legend>
      {['', ...offered].map((status) => (
        <label class="tab" key={status}>
          <input type="radio" class="hidden-words" name="step" checked={query.status === status} onChange={() => address.change(query, { status, at: '' })} />
          {status ? said('statuses', status) : T('全部', 'All')}
          <span class="tab-count">{(status ? (counts?.status[status] ?? 0) : (counts?.open ?? 0)).toLocaleString()}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Sign for all that are selected at once. */
function signAll(desk: Desk): void {
  const able = desk.targets().filter((row) => {
    const way = myWay('sign', row.status);
    return way && asksNothing('sign', way);
  });
  if (able.length === 0) return;
  hold('sign', able.map(targetOf), plainCall('sign'), { done: desk.rows.settle });
  desk.select([]);
}

export function Queue({ query: from }: PageProps) {
  const address = new Address(['queue'], { state: 'open', by: 'due', holder: mine() });
  const query = address.read(from);
  const desk = useDesk(query, address);
  useKeys(listKeys(desk));
  const unsigned = desk.targets().filter((row) => row.status === 'dispatched').length;
  return (
    <Page
      title={T('待我处置', 'My queue')}
      root
      class="desk-page"
      tools={
        <div class="page-tools">
          <span class="quiet" role="status">
            {desk.rows.count === null ? '' : N(desk.rows.count, ' 件，最紧的在前', 'case, most pressing first', 'cases, most pressing first')}
          </span>
          <LedgerTools query={query} name="queue" />
        </div>
      }
    >
      <Steps query={query} address={address} />
      {desk.selected.size > 0 && (
        <div class="bulk" role="region" aria-label={T('选中的案件', 'Selected cases')}>
          <strong role="status">{T(`已选 ${desk.selected.size} 件`, `${N(desk.selected.size, '', 'case', 'cases')} selected`)}</strong>
          {unsigned > 0 && (
            <Button onClick={() => signAll(desk)}>
              {said('moves', 'sign')} {unsigned}
            </Button>
          )}
          <Button look="quiet" icon="close" onClick={() => desk.select([])}>
            {T('不选', 'None')}
          </Button>
        </div>
      )}
      <div class="desk-pair desk-fold">
        <CaseList desk={desk} query={query} address={address} />
        <div class="desk-pane">
          <Beside id={desk.at} keys />
        </div>
      </div>
    </Page>
  );
}
