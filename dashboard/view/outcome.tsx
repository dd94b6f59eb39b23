import { useLayoutEffect, useRef } from 'preact/hooks';
import { closeDialog } from './open-dialog.js';
import { Shape } from './state.js';

/** What came of an action: what has changed, what to look out for, or why it was refused. `again`: back to the question. */
export function Outcome(props: {
  readonly changes?: readonly string[];
  readonly warnings?: readonly string[];
  /** Changes that wait for the next start. */
  readonly pending?: readonly string[];
  /** Why it was refused; empty: it was done. */
  readonly problems?: readonly string[];
  readonly again: () => void;
}) {
  const { again, changes = [], pending = [], problems = [], warnings = [] } = props;
  const end = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => end.current?.focus(), []);
  const isRefused = problems.length > 0;
  return (
    <div class="outcome">
      <div role="status">
        <h3>{isRefused ? 'It was refused' : changes.length === 0 ? 'Nothing has changed' : 'Done'}</h3>
        <ul>
          {problems.map(line => (
            <Line key={line} tone="bad" line={line} />
          ))}
          {!isRefused && changes.map(line => <Line key={line} tone="good" line={line} />)}
          {pending.map(line => (
            <Line key={line} tone="busy" line={`only with the next start: ${line}`} />
          ))}
          {warnings.map(line => (
            <Line key={line} tone="warn" line={line} />
          ))}
        </ul>
      </div>
      <div class="buttons">
        <button type="button" onClick={again}>
          Something else
        </button>
        <button type="button" class="primary" ref={end} onClick={closeDialog}>
          Close
        </button>
      </div>
    </div>
  );
}

function Line({ line, tone }: { readonly line: string; readonly tone: 'good' | 'busy' | 'warn' | 'bad' }) {
  return (
    <li>
      <Shape tone={tone} /> <span>{line}</span>
    </li>
  );
}
