import { isStale, link, status } from '../link/live.js';
import { asked } from '../link/token.js';
import { ActionDialog } from './action-dialog.js';
import { Charts } from './charts.js';
import { Errors } from './errors.js';
import { Explain } from './explain.js';
import { Figures } from './figures.js';
import { Header, LostBar, OutdatedBar } from './header.js';
import { Lasting } from './lasting.js';
import { LineDialog } from './line-dialog.js';
import { Notices } from './notices.js';
import { dialog } from './open-dialog.js';
import { AsOf, Configuration, Limits, Listeners, Threads } from './program.js';
import { ReloadDialog } from './reload-dialog.js';
import { Routes } from './routes.js';
import { Tail } from './tail.js';
import { TokenDialog } from './token-dialog.js';
import { Upstreams } from './upstreams.js';

/** The page. */
export function App() {
  const view = status.value;
  return (
    <>
      <a class="skip" href="#upstreams">
        To the upstreams
      </a>
      <Header />
      <LostBar />
      <OutdatedBar />
      {view === undefined && asked.value === undefined && link.value.is === 'opening' && (
        <p class="nothing">Asking the gateway…</p>
      )}
      {view !== undefined && (
        <main class={isStale.value ? 'stale' : ''}>
          <Notices />
          <Figures />
          <Charts />
          <div class="columns">
            <div class="main-column">
              <Upstreams />
              <Routes />
              <Tail />
              <Explain />
            </div>
            <div class="side-column">
              <Errors />
              <Limits />
              <Lasting />
              <Configuration />
              <Listeners />
              <Threads />
            </div>
          </div>
          <AsOf view={view} />
        </main>
      )}
      <Dialogs />
    </>
  );
}

function Dialogs() {
  if (asked.value !== undefined) return <TokenDialog />;
  const { value } = dialog;
  switch (value?.kind) {
    case undefined:
      return null;
    case 'backend':
      return <ActionDialog upstream={value.upstream} backend={value.backend} />;
    case 'reload':
      return <ReloadDialog />;
    case 'line':
      return <LineDialog line={value.line} />;
  }
}
