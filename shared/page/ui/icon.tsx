// Icons: strokes on a grid of 24, in the colour of the text around them. A word always stands
// beside an icon, or names its button; so it is hidden from readers of the screen.
const PATHS = {
  home: 'M4 11l8-7 8 7M6 10v10h4v-6h4v6h4V10',
  camera: 'M4 8h3l2-3h6l2 3h3v11H4zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  list: 'M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01',
  map: 'M9 4L3 7v13l6-3 6 3 6-3V4l-6 3zM9 4v13M15 7v13',
  layers: 'M12 4l9 5-9 5-9-5zM3 14l9 5 9-5',
  whole: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5M9 12h6',
  enlarge: 'M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7',
  here: 'M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12M12 2v4M12 18v4M2 12h4M18 12h4M12 12h.01',
  route: 'M6 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4M18 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4M8 18h7a4 4 0 0 0 0-8H9a4 4 0 0 1 0-8h0M16 6h-4',
  sync: 'M20 11a8 8 0 0 0-14-4L4 9M4 4v5h5M4 13a8 8 0 0 0 14 4l2-2M20 20v-5h-5',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21c0-4 3.5-7 8-7s8 3 8 7',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20c0-3.5 3-6 6.5-6s6.5 2.5 6.5 6M16 4.500a3.5 3.5 0 0 1 0 6.500M18 14.500c2 .8 3.5 2.8 3.5 5.5',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.5 2',
  check: 'M5 12.500l4.5 4.500L19 7.5',
  received: 'M2.5 12.500L7 17l9-9.500M12 16l1 1 9-9.5',
  waiting: 'M12 16V8M8.5 11.500L12 8l3.5 3.500M4 20h16',
  draft: 'M4 20l1-4L16 5l3 3L8 19zM13.5 7.500l3 3',
  photo: 'M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.500L20 17M15.5 9.500h.01',
  alert: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 11v5M12 8h.01',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  back: 'M15 5l-7 7 7 7',
  forward: 'M9 5l7 7-7 7',
  up: 'M5 15l7-7 7 7',
  down: 'M5 9l7 7 7-7',
  download: 'M12 4v10M8 10.500l4 4 4-4M4 19h16',
  print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
  close: 'M6 6l12 12M18 6L6 18',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l5 5',
  filter: 'M4 6h16M7 12h10M10 18h4',
  pin: 'M12 21c4-5 7-8 7-11.500a7 7 0 0 0-14 0C5 13 8 16 12 21M12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5',
  phone: 'M6 3h4l1.5 5L9 10a12 12 0 0 0 5 5l2-2.5 5 1.500v4a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2',
  stick: 'M8 10h8v8a3 3 0 0 1-8 0zM9.5 10V4h5v6M11 6.500h.01M13 6.500h.01',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M9 19.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5',
  play: 'M7 4l13 8-13 8z',
  stop: 'M6 6h12v12H6z',
  undo: 'M4 9h10a6 6 0 0 1 0 12H9M8 5L4 9l4 4',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  fork: 'M6 3v6c0 4 6 3 6 8v4M18 3v6c0 4-6 3-6 8',
  proof: 'M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM8.5 12l2.5 2.500L15.5 9.5',
  trash: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
  task: 'M5 4h14v16H5zM8.5 9l1.5 1.500L13 7.500M8.5 15h7',
  visit: 'M3 21h18M5 21V9l7-5 7 5v12M10 21v-6h4v6',
  talk: 'M4 5h16v11H10l-4 4v-4H4z',
  note: 'M6 3h9l4 4v14H6zM9 12h7M9 16h5',
  compass: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M15.5 8.500l-2 5-5 2 2-5z',
  space: 'M4 5h16v6H4zM4 13h16v6H4zM7 8h.01M7 16h.01',
  flag: 'M6 21V4M6 5h12l-3 4 3 4H6',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, class: extra }: { name: IconName; class?: string }) {
  return (
    <svg class={extra ? `icon ${extra}` : 'icon'} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
