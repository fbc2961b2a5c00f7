// Pages beside each other under one heading.
export function Tabs({ label, of }: { label: string; of: { href: string; words: string; here: boolean }[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {of.map((tab) => (
        <a key={tab.href} href={tab.href} aria-current={tab.here ? 'page' : undefined}>
          {tab.words}
        </a>
      ))}
    </nav>
  );
}
