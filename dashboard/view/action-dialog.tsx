import { useState } from 'preact/hooks';
import type { ControlledView } from '../../src/admin/api/views.js';
import { ask, backendPath, type Answer } from '../link/api.js';
import { status } from '../link/live.js';
import { actionsFor, consequence, type Action } from '../model/actions.js';
import { backendState } from '../model/backend-state.js';
import { count } from '../model/format.js';
import { Field } from './field.js';
import { Modal } from './modal.js';
import { closeDialog } from './open-dialog.js';
import { Outcome } from './outcome.js';
import { State } from './state.js';

/** Asks what is to be done to a backend, does it, and shows what came of it. */
export function ActionDialog({ backend: id, upstream: name }: { readonly upstream: string; readonly backend: string }) {
  const [chosen, choose] = useState<string | undefined>();
  const [values, setValues] = useState({ for: '', weight: '' });
  const [isBusy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer<ControlledView> | undefined>();
  const upstream = status.value?.upstreams.find(each => each.name === name);
  const backend = upstream?.backends.find(each => each.id === id);
  const actions = actionsFor(backend);
  const action = actions.find(({ verb }) => verb === chosen);
  const follows = action && consequence(action, upstream, id);

  const act = async ({ fixed, path, values: takes }: Action): Promise<void> => {
    const given = takes.flatMap(each => (values[each].trim() === '' ? [] : [[each, values[each].trim()]]));
    setBusy(true);
    setAnswer(
      await ask<ControlledView>('POST', backendPath(name, id, path), { ...fixed, ...Object.fromEntries(given) }),
    );
    setBusy(false);
  };

  const outcome = answer && ('refusal' in answer ? { problems: answer.refusal } : answer.body);
  return (
    <Modal title={`${name}/${id}`} close={closeDialog}>
      <p class="dialog-state">
        {backend === undefined ? (
          'It is not there now.'
        ) : (
          <>
            <State {...backendState(backend)} /> weight {backend.weight}, {count(backend.inFlight)} in flight, breaker{' '}
            {backend.breaker?.state ?? 'none'}
          </>
        )}
      </p>
      {outcome !== undefined && <Outcome {...outcome} again={() => setAnswer(undefined)} />}
      {outcome === undefined && (
        <form
          onSubmit={event => {
            event.preventDefault();
            if (action !== undefined && !isBusy) void act(action);
          }}
        >
          <fieldset class="choices">
            <legend>What is to be done?</legend>
            {actions.map(({ explanation, verb }) => (
              <label key={verb}>
                <input type="radio" name="action" checked={verb === chosen} onChange={() => choose(verb)} />
                <span>
                  <b>{verb}</b>
                  <small>{explanation}</small>
                </span>
              </label>
            ))}
          </fieldset>
          {action?.values.includes('weight') === true && (
            <Field
              label="Weight"
              must={{ pattern: '\\d{1,4}', says: '0 to 1000' }}
              value={values.weight}
              take={weight => setValues({ ...values, weight })}
            />
          )}
          {action?.values.includes('for') === true && (
            <Field
              label="For"
              hint="Such as 10m; empty: until it is lifted, or the gateway ends."
              list="durations"
              placeholder="until it is lifted"
              value={values.for}
              take={text => setValues({ ...values, for: text })}
            />
          )}
          <datalist id="durations">
            {['1m', '5m', '10m', '30m', '1h', '12h'].map(each => (
              <option key={each} value={each} />
            ))}
          </datalist>
          {follows !== undefined && <p class={`consequence ${follows.isBad ? 'bad' : ''}`}>{follows.says}</p>}
          <div class="buttons">
            <button type="button" onClick={closeDialog}>
              Cancel
            </button>
            <button type="submit" class="primary" disabled={action === undefined || isBusy}>
              {action === undefined ? 'Choose an action' : `${action.verb}: ${id}`}
            </button>
          </div>
        </form>
      )}
    </Modal>
  );
}
