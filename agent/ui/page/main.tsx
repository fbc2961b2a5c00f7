// The worker's page: let in, learn the domain, show what the address names.
import { render } from 'preact';
import '@page/theme.css';
import './shell/shell.css';
import { listen } from '@page/store';
import { lang, speak } from '@page/text';
import { enter } from './shell/enter';
import './shell/draft_keeper';
import { Shell } from './shell/shell';

const root = document.getElementById('app');
if (root)
  void Promise.all([enter(), speak(lang.value)]).then(([letIn]) => {
    if (letIn) listen();
    render(<Shell />, root);
  });
