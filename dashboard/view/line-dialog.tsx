import type { AccessLine } from '../model/tail-lines.js';
import { Modal } from './modal.js';
import { closeDialog } from './open-dialog.js';

/** All fields of an access line. */
export function LineDialog({ line }: { readonly line: AccessLine }) {
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
        <button type="button" class="primary" onClick={closeDialog}>
          Close
        </button>
      </div>
    </Modal>
  );
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}
