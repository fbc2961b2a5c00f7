// Language, theme and text size of this browser. Nothing of the cases is kept in it.
import { themeOf, useLook, type Theme } from '@page/appearance';
import { signal, useSignal } from '@page/signal';
import { lang, speak, type Lang } from '@page/text';

const KEPT = { lang: 'xunge-lang', theme: 'xunge-theme', scale: 'xunge-scale' };

export function preferredLang(): Lang {
  const kept = localStorage.getItem(KEPT.lang);
  return kept === 'zh' || kept === 'en' ? kept : lang.value;
}

export const theme = signal(themeOf(localStorage.getItem(KEPT.theme)));
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
  useLook(useSignal(theme), useSignal(text_scale));
}
