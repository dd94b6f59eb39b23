import { useState } from 'preact/hooks';
import { status } from '../link/live.js';
import { notices } from '../model/attention.js';
import { plural } from '../model/format.js';
import { Shape } from './state.js';

/** Notices that are shown without being asked for, and at all. */
const [few, most] = [6, 100];

/** What needs attention, the worst first. */
export function Notices() {
  const [isOpen, open] = useState(false);
  const view = status.value;
  if (view === undefined) return null;
  const all = notices(view);
  const isLong = all.length > few + 2;
  const shown = all.slice(0, isOpen || !isLong ? most : few);
  const worst = all[0]?.tone ?? 'good';
  return (
    <section class={`notices ${worst}`} aria-labelledby="notices-title" id="notices">
      <h2 id="notices-title">
        <Shape tone={worst} />
        {all.length === 0 ? 'All is well' : plural(all.length, 'thing needs', 'things need') + ' attention'}
      </h2>
      {all.length > 0 && (
        <ul>
          {shown.map(({ about, says, tone }) => (
            <li key={`${about} ${says.slice(0, 12)}`} class={tone}>
              <Shape tone={tone} />
              <span>
                <b>{about}</b> {says}
              </span>
            </li>
          ))}
        </ul>
      )}
      {isLong && (
        <button type="button" class="more" aria-expanded={isOpen} onClick={() => open(!isOpen)}>
          {isOpen ? 'Show fewer' : `Show ${Math.min(all.length, most) - few} more`}
        </button>
      )}
    </section>
  );
}
