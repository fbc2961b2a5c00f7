// Language, theme and text size of this browser. Nothing of the cases is kept in it.
import { useEffect } from 'preact/hooks';
import { signal, useSignal } from '@page/signal';
import { lang, speak, type Lang } from '@page/text';

export type Theme = 'auto' | 'light' | 'dark' | 'sunlight';

const KEPT = { lang: 'xunge-lang', theme: 'xunge-theme', scale: 'xunge-scale' };
const THEMES: readonly Theme[] = ['auto', 'light', 'dark', 'sunlight'];

export function preferredLang(): Lang {
  const kept = localStorage.getItem(KEPT.lang);
  return kept === 'zh' || kept === 'en' ? kept : lang.value;
}

export const theme = signal<Theme>(THEMES.find((one) => one === localStorage.getItem(KEPT.theme)) ?? 'auto');
/** Per cent. */
export const text_scale = signal(Number(localStorage.getItem(KEPT.scale)) || 100);

export function setLang(next: Lang): void {
  localStorage.setItem(KEPT.lang, next);
  void speak(next);
}

export function setTheme(next: Theme): void {
  localStorage.setItem(KEPT.theme, next);
  theme.value = next;
}

export function setScale(next: number): void {
  localStorage.setItem(KEPT.scale, String(next));
  text_scale.value = next;
}

export function useAppearance(): void {
  const spoken = useSignal(lang);
  const shown = useSignal(theme);
  const scale = useSignal(text_scale);
  useEffect(() => {
    document.documentElement.lang = spoken === 'zh' ? 'zh-CN' : 'en';
  }, [spoken]);
  useEffect(() => {
    const root = document.documentElement;
    if (shown === 'auto') delete root.dataset.theme;
    else root.dataset.theme = shown;
    root.style.setProperty('--text-scale', String(scale / 100));
    root.toggleAttribute('data-large', scale >= 150);
  }, [shown, scale]);
}
