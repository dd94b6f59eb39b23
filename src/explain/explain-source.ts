import type { ExplainSource } from '../admin/explain-source.js';
import type { Explainer } from './explainer.js';
import type { Explanations } from './explanations.js';
import { BadQuestion, readQuestion } from './question.js';

/** What the admin listener asks for explanations. */
export function explainSource(explainer: Pick<Explainer, 'explain'>, explanations: Explanations): ExplainSource {
  return {
    explain: async question => {
      try {
        return { explanation: await explainer.explain(readQuestion(question)) };
      } catch (error) {
        if (!(error instanceof BadQuestion)) throw error;
        const { message, status } = error;
        return { refused: { status, detail: message } };
      }
    },
    find: id => explanations.find(id),
    ids: () => explanations.ids,
  };
}
