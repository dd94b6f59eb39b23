import type { StateView } from '../../src/admin/api/views.js';
import { clockHere, isOutdated, link, status, type LinkState } from '../link/live.js';
import { asked } from '../link/token.js';
import { chooseTheme, theme, type Theme } from '../link/theme.js';
import { ages } from '../model/attention.js';
import type { Shown, Tone } from '../model/backend-state.js';
import { duration, moment } from '../model/format.js';
import { State } from './state.js';

const tones: Readonly<Record<StateView, Tone>> = { ready: 'good', starting: 'busy', draining: 'warn', unserved: 'bad' };

/** Which gateway this is, in which state, and whether the page is connected to it. */
export function Header() {
  const view = status.value;
  return (
    <header class="top">
      <div class="brand">
        <Mark />
        <h1>Gatehouse</h1>
        {view !== undefined && <span class="muted version">{view.version.version}</span>}
      </div>
      {view !== undefined && (
        <dl class="facts">
          <div>
            <dt>State</dt>
            <dd>
              <State tone={tones[view.state]} word={view.state} />
            </dd>
          </div>
          <div>
            <dt>Up</dt>
            <dd title={`process ${view.version.pid}, since ${moment(view.version.startedAt)}`}>{ages(view).up}</dd>
          </div>
          <div>
            <dt>Configuration</dt>
            <dd title={`${view.configuration.hash}, in force since ${moment(view.configuration.loadedAt)}`}>
              <code>{view.configuration.hash.slice(0, 7)}</code> for {ages(view).loaded}
            </dd>
          </div>
        </dl>
      )}
      <div class="top-end">
        <LinkShown />
        <ThemeChoice />
      </div>
    </header>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path fill="currentColor" d="M3 6h5v3h3V6h10v3h3V6h5v21h-8v-6a5 5 0 0 0-10 0v6H3z" />
    </svg>
  );
}

const links: Readonly<Record<LinkState['is'], Pick<Shown, 'tone' | 'word'>>> = {
  opening: { tone: 'busy', word: 'connecting' },
  live: { tone: 'good', word: 'live' },
  lost: { tone: 'bad', word: 'not connected' },
};
const locked = { tone: 'idle', word: 'locked' } as const;

/** Whether what is seen is of now. */
function LinkShown() {
  const { value } = link;
  const { tone, word } = asked.value === undefined ? links[value.is] : locked;
  return (
    <span class="link" role="status" data-link={value.is}>
      <State tone={tone} word={word} />
    </span>
  );
}

/** Says that the connection is lost, for how long, and that it is tried again. */
export function LostBar() {
  const { value } = link;
  if (value.is !== 'lost' || asked.value !== undefined) return null;
  return (
    <p class="lost" role="alert">
      <State tone="bad" word="Connection lost" />
      <span aria-hidden="true"> {duration(clockHere.value - value.since)} ago.</span>{' '}
      {value.why ?? 'What is shown is from before.'} Trying again.
    </p>
  );
}

/** Says that the gateway has become another version, which may have another page. */
export function OutdatedBar() {
  if (!isOutdated.value) return null;
  return (
    <p class="outdated" role="status">
      The gateway is another version than this page now.{' '}
      <button type="button" class="small" onClick={() => location.reload()}>
        Load the page again
      </button>
    </p>
  );
}

const choices: readonly Theme[] = ['system', 'light', 'dark'];

function ThemeChoice() {
  return (
    <fieldset class="segments" aria-label="Colours">
      {choices.map(each => (
        <label key={each}>
          <input type="radio" name="theme" checked={theme.value === each} onChange={() => chooseTheme(each)} />
          <span>{each === 'system' ? 'auto' : each}</span>
        </label>
      ))}
    </fieldset>
  );
}
