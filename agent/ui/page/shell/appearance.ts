// Language, theme and text size, as this device is set; they hold before anything is unlocked.
import { useEffect } from 'preact/hooks';
import { useCall } from '@page/store';
import { lang, speak } from '@page/text';
import { useSignal } from '@page/signal';

interface Setting {
  name: string;
  value: string;
}

export function useAppearance(): void {
  const settings = useCall<Setting>({ run: 'settings' });
  const spoken = useSignal(lang);
  const value = (name: string): string | undefined =>
    settings.lines?.find((setting) => setting.name === name)?.value;
  const set_lang = value('lang');
  const theme = value('theme') ?? 'auto';
  const scale = value('text_scale') ?? '100';
  useEffect(() => {
    if ((set_lang === 'zh' || set_lang === 'en') && set_lang !== lang.value) void speak(set_lang);
  }, [set_lang]);
  useEffect(() => {
    document.documentElement.lang = spoken === 'zh' ? 'zh-CN' : 'en';
  }, [spoken]);
  useEffect(() => {
    const root = document.documentElement;
    if (theme === 'auto') delete root.dataset.theme;
    else root.dataset.theme = theme;
    root.style.setProperty('--text-scale', String(Number(scale) / 100 || 1));
    // With large text nothing may stand over the page but what must.
    root.toggleAttribute('data-large', Number(scale) >= 150);
  }, [theme, scale]);
}
