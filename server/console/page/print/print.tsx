// What goes onto paper: an order (交办单), a supervision (督办单), the ledger (台账). A page with a style for
// print; the browser makes PDF of it.
import type { ComponentChildren } from 'preact';
import { T } from '@page/text';
import { Button, Page } from '@page/ui/parts';
import type { PageProps } from '../routes';
import { Ledger } from './ledger';
import { Order } from './order';
import './print.css';

export function Print({ rest, query }: PageProps) {
  const [what, id = ''] = rest;
  if (what === 'order' || what === 'supervise') return <Order key={id} id={id} supervise={what === 'supervise'} />;
  if (what === 'ledger') return <Ledger query={query} />;
  return (
    <Page title={T('打印', 'Print')}>
      <p>{T('没有这种单子。', 'There is no such paper.')}</p>
    </Page>
  );
}

/** A sheet on the screen as it will be on paper, with its button. */
export function Paper({ title, wide, ready, children }: { title: string; wide?: boolean; ready: boolean; children: ComponentChildren }) {
  return (
    <Page
      title={title}
      tools={
        <Button look="main" icon="print" disabled={!ready} class="no-print" onClick={() => print()}>
          {T('打印', 'Print')}
        </Button>
      }
      class="print-page"
    >
      <article class={wide ? 'paper paper-wide' : 'paper'}>{children}</article>
    </Page>
  );
}
