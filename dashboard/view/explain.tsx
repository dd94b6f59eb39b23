import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { Explanation } from '../../src/explain/explanation.js';
import { explanationText } from '../../src/explain/explanation-text.js';
import { ask } from '../link/api.js';
import { noQuestion, questionBody, type QuestionText } from '../model/question.js';
import { Field } from './field.js';
import { Panel } from './state.js';

/** What is asked. */
export const question = signal(noQuestion);

/** Tells what the gateway would do with a request now, and why. Changes nothing. */
export function Explain() {
  const [answer, setAnswer] = useState<{ readonly text: string } | { readonly wrong: string } | undefined>();
  const asked = question.value;
  const set = (name: keyof QuestionText) => (value: string) => (question.value = { ...question.value, [name]: value });
  return (
    <Panel id="explain" title="Explain a request" note="what would become of it now, and why; nothing is sent">
      <form class="question" onSubmit={event => (event.preventDefault(), void explain(asked).then(setAnswer))}>
        <Field label="Method" value={asked.method} take={set('method')} />
        <Field
          label="URL or path"
          placeholder="http://shop.example/orders/7"
          must={{ pattern: '.+', says: 'a URL, or a path' }}
          value={asked.url}
          take={set('url')}
        />
        <Field label="From address" placeholder="127.0.0.1" value={asked.ip} take={set('ip')} />
        <button type="submit" class="primary">
          Explain
        </button>
        <div class="field headers">
          <label>
            Headers
            <textarea
              rows={2}
              placeholder="x-beta: 1"
              spellcheck={false}
              value={asked.headers}
              onInput={event => set('headers')(event.currentTarget.value)}
            />
          </label>
        </div>
      </form>
      <div role="status">
        {answer !== undefined && 'wrong' in answer && <p class="problem">{answer.wrong}</p>}
        {answer !== undefined && 'text' in answer && (
          <pre class="explanation" tabIndex={0} aria-label="Explanation">
            {answer.text}
          </pre>
        )}
      </div>
    </Panel>
  );
}

async function explain(asked: QuestionText): Promise<{ readonly text: string } | { readonly wrong: string }> {
  const made = questionBody(asked);
  if ('wrong' in made) return made;
  const answer = await ask<Explanation>('POST', 'explain', made.body);
  return 'body' in answer ? { text: explanationText(answer.body) } : { wrong: answer.refusal.join(' ') };
}
