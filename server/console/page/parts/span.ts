// Days and spans of time as an operator reads and chooses them, in China's time.
import { N, T } from '@page/text';

/** `2026-11-22` in China, whatever zone this machine is set to. */
export const chinaDay = (at = Date.now()): string => new Date(at + 8 * 3600000).toISOString().slice(0, 10);

export function dayBefore(day: string, days = 1): string {
  return chinaDay(Date.parse(`${day}T00:00:00+08:00`) - days * 86400000);
}

/** 2 天 3 小时; 40 分钟 */
export function spanText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return N(minutes, ' 分钟', 'minute', 'minutes');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return T(`${hours} 小时 ${minutes % 60} 分`, `${hours} h ${minutes % 60} min`);
  return T(`${Math.floor(hours / 24)} 天 ${hours % 24} 小时`, `${Math.floor(hours / 24)} d ${hours % 24} h`);
}
