// The command centre's page: log in, learn the domain, show what the address names.
import { render } from 'preact';
import '@page/theme.css';
import './shell/shell.css';
import { resume } from '@page/api';
import { listen } from '@page/store';
import { speak } from '@page/text';
import { preferredLang } from './shell/appearance';
import { takeOnce } from './shell/session';
import './form/trial_keeper';
import './behind';
import { Shell } from './shell/shell';

/** News of a busy district come many a second; the screen follows every three. */
const NEWS_EVERY_MS = 3000;

const root = document.getElementById('app');
if (root) {
  const once = takeOnce();
  void Promise.all([resume(), speak(preferredLang())]).then(() => {
    listen(NEWS_EVERY_MS);
    render(<Shell once={once} />, root);
  });
}
