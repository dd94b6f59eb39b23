import { useState } from 'preact/hooks';
import type { ReloadedView } from '../../src/admin/api/views.js';
import { ask, type Answer } from '../link/api.js';
import { Modal } from './modal.js';
import { closeDialog } from './open-dialog.js';
import { Outcome } from './outcome.js';

/** Asks whether the configuration is to be read again, does it, and shows what has changed. */
export function ReloadDialog() {
  const [isBusy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer<ReloadedView> | undefined>();
  const reload = async (): Promise<void> => {
    setBusy(true);
    setAnswer(await ask<ReloadedView>('POST', 'reload'));
    setBusy(false);
  };
  return (
    <Modal title="Read the configuration again" close={closeDialog}>
      {answer !== undefined && (
        <Outcome
          {...('refusal' in answer ? { problems: answer.refusal } : answer.body)}
          again={() => setAnswer(undefined)}
        />
      )}
      {answer === undefined && (
        <>
          <p>
            The gateway reads its files, and puts what has changed into force without losing a request. Where something
            in them is wrong, nothing changes.
          </p>
          <div class="buttons">
            <button type="button" onClick={closeDialog}>
              Cancel
            </button>
            <button type="button" class="primary" disabled={isBusy} onClick={() => void reload()}>
              {isBusy ? 'Reading…' : 'Reload'}
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}
