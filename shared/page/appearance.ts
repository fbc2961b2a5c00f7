// How a page looks: its theme, and how large its text is. Who keeps what was chosen tells it here.
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { signal, useSignal } from './signal';
import { lang } from './text';

const THEMES = ['auto', 'light', 'dark', 'sunlight'] as const;
export type Theme = (typeof THEMES)[number];

/** A theme as it was kept; what is no theme is `auto`, as the system has it. */
export function themeOf(kept: string | null | undefined): Theme {
  return THEMES.find((theme) => theme === kept) ?? 'auto';
}

const darkness = matchMedia('(prefers-color-scheme: dark)');
const dark = signal(darkness.matches);
darkness.addEventListener('change', () => (dark.value = darkness.matches));

/** Before the page is painted: none is seen in another theme first. `scale`: per cent. */
export function useLook(theme: Theme, scale: number): void {
  const spoken = useSignal(lang);
  const is_dark = useSignal(dark);
  const shown = theme === 'auto' ? (is_dark ? 'dark' : 'light') : theme;
  const root = document.documentElement;
  useEffect(() => {
    root.lang = spoken === 'zh' ? 'zh-CN' : 'en';
  }, [spoken]);
  useLayoutEffect(() => {
    root.dataset.theme = shown;
  }, [shown]);
  useLayoutEffect(() => {
    root.style.setProperty('--text-scale', String(scale / 100 || 1));
    // With large text nothing may stand over the page but what must.
    root.toggleAttribute('data-large', scale >= 150);
  }, [scale]);
}
