/** The dashboard of the admin listener: shows what goes on in a gateway, and has it do things. */
import { effect } from '@preact/signals';
import { render } from 'preact';
import { keepLive, link, status } from './link/live.js';
import { applyTheme } from './link/theme.js';
import { notices } from './model/attention.js';
import { App } from './view/app.js';

applyTheme();
render(<App />, document.body);
keepLive();

// What a reader sees of a page in another tab.
effect(() => {
  const worst = status.value === undefined ? 0 : notices(status.value).filter(({ tone }) => tone === 'bad').length;
  const mark = link.value.is === 'lost' ? '✕ ' : worst > 0 ? `(${worst}) ` : '';
  document.title = `${mark}Gatehouse`;
});
