// Is there room for things beside each other? Follows the text size, as the style does.
import { useEffect, useState } from 'preact/hooks';

/** `least`: in rem, as `60rem`. */
export function useRoom(least: string): boolean {
  const room = matchMedia(`(min-width: ${least})`);
  const [is, setIs] = useState(room.matches);
  useEffect(() => {
    const heard = (): void => setIs(room.matches);
    room.addEventListener('change', heard);
    return () => room.removeEventListener('change', heard);
  }, []);
  return is;
}
