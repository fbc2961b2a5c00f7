// What an address of capture shows: #/new (which kind), #/new/KIND, #/new/KIND?saved=ID, #/draft
// (all of them), #/draft/draft-3.
import { useEffect, useState } from 'preact/hooks';
import { type Failure, failureOf, one, type Row } from '@page/api';
import { kindNamed } from '@page/domain';
import { address } from '@page/route';
import { T } from '@page/text';
import { Busy, LinkButton, Page, Trouble } from '@page/ui/parts';
import type { Values } from '@page/form/filled';
import type { PageProps } from '../routes';
import { Drafts } from './drafts';
import { KindList } from './kinds';
import { ReportPage } from './report';
import { Saved } from './saved';
import './capture.css';

/** Each coming to an address begins anew, also where the address is the same as before. */
function useArrivals(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const again = (): void => setCount((old) => old + 1);
    addEventListener('hashchange', again);
    return () => removeEventListener('hashchange', again);
  }, []);
  return count;
}

function Begun({ number }: { number: string }) {
  const [row, setRow] = useState<Row>();
  const [trouble, setTrouble] = useState<Failure>();
  const look = (): void => {
    setTrouble(undefined);
    one<Row>({ run: 'show', words: [number] }).then(
      (told) => setRow(told),
      (cause: unknown) => setTrouble(failureOf(cause)),
    );
  };
  useEffect(look, [number]);
  const kind = row ? kindNamed(String(row.kind)) : undefined;
  if (row && kind) return <ReportPage kind={kind} given={{}} begun={row} />;
  return (
    <Page title={T(`草稿 ${number}`, `Draft ${number}`)}>
      {trouble ? <Trouble of={trouble} again={look} /> : <Busy />}
      <LinkButton icon="draft" href={address(['draft'])}>
        {T('全部草稿', 'All drafts')}
      </LinkButton>
    </Page>
  );
}

function given(query: URLSearchParams, names: Set<string>): Values {
  const values: Values = {};
  for (const [name, text] of query) if (names.has(name) && text) (values[name] ??= []).push(text);
  return values;
}

export function Capture({ rest, query }: PageProps) {
  const arrivals = useArrivals();
  const name = rest[0] ?? '';
  const drafts = location.hash.startsWith('#/draft');
  const key = `${arrivals}?${query.toString()}`;
  // The page's own steps (a draft's address, the saved one) are no arrivals.
  const [is_draft] = useState(drafts);
  if (is_draft) return name ? <Begun key={key} number={name} /> : <Drafts />;
  const kind = kindNamed(name);
  const saved = query.get('saved');
  if (!kind?.captured)
    return (
      <Page title={T('记一条', 'Record')}>
        <KindList />
      </Page>
    );
  if (saved) return <Saved key={saved} kind={kind} id={saved} />;
  return (
    <ReportPage
      key={key}
      kind={kind}
      take={query.get('take') === 'now'}
      given={given(query, new Set(kind.fields.map((field) => field.name)))}
    />
  );
}
