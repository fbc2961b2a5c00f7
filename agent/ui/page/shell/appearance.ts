// Language, theme and text size, as this device is set; they hold before anything is unlocked.
import { useEffect } from 'preact/hooks';
import { themeOf, useLook } from '@page/appearance';
import { useCall } from '@page/store';
import { lang, speak } from '@page/text';

interface Setting {
  name: string;
  value: string;
}

export function useAppearance(): void {
  const settings = useCall<Setting>({ run: 'settings' });
  const value = (name: string): string | undefined =>
    settings.lines?.find((setting) => setting.name === name)?.value;
  const set_lang = value('lang');
  useEffect(() => {
    if ((set_lang === 'zh' || set_lang === 'en') && set_lang !== lang.value) void speak(set_lang);
  }, [set_lang]);
  useLook(themeOf(value('theme')), Number(value('text_scale') ?? '100'));
}
