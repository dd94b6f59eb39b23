import { useState } from 'preact/hooks';
import { asked, give } from '../link/token.js';
import { Field } from './field.js';
import { Modal } from './modal.js';

/** Asks for the admin token. What is given stays in this tab. */
export function TokenDialog() {
  const [token, setToken] = useState('');
  return (
    <Modal title="The admin token" close={undefined}>
      <form
        onSubmit={event => {
          event.preventDefault();
          if (token.trim() !== '') give(token.trim());
        }}
      >
        <p>This gateway shows what goes on to those who have its token: admin.token of its configuration.</p>
        {asked.value === 'wrong' && (
          <p class="problem" role="alert">
            The gateway does not take this token.
          </p>
        )}
        <Field label="Token" hint="Kept until this tab is closed." isSecret value={token} take={setToken} />
        <div class="buttons">
          <button type="submit" class="primary" disabled={token.trim() === ''}>
            Show
          </button>
        </div>
      </form>
    </Modal>
  );
}
