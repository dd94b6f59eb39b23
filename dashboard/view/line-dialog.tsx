import type { TailedLine } from '../../src/admin/api/views.js';
import { Modal } from './modal.js';
import { questionOf } from '../model/question.js';
import { question } from './explain.js';
import { closeDialog } from './open-dialog.js';

/** All fields of an access line. */
export function LineDialog({ line }: { readonly line: TailedLine }) {
  return (
    <Modal title={`${line.method ?? ''} ${line.path ?? ''} ${line.status}`.trim()} close={closeDialog}>
      <dl class="fields">
        {Object.entries(line).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{name === 'time' ? new Date(value as number).toISOString() : written(value)}</dd>
          </div>
        ))}
      </dl>
      <div class="buttons">
        <button type="button" onClick={() => explain(line)}>
          Explain
        </button>
        <button type="button" class="primary" onClick={closeDialog}>
          Close
        </button>
      </div>
    </Modal>
  );
}

/** Leads to the form that explains requests, filled with what the line tells of this one. */
function explain(line: TailedLine): void {
  question.value = questionOf(line);
  closeDialog();
  // When the dialog has given the focus back.
  setTimeout(() => document.querySelector<HTMLElement>('#explain button[type=submit]')?.focus());
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}
