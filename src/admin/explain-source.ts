/** Why a question about a request is not answered. */
interface RefusedQuestion {
  readonly status: number;
  readonly detail: string;
}

/** Explains what becomes of requests. What it gives is plain data, without secrets. */
export interface ExplainSource {
  /** `question`: what has come as JSON. */
  explain(question: unknown): Promise<{ readonly explanation: object } | { readonly refused: RefusedQuestion }>;
  /** The explanation of a real request, by its id; undefined: there is none, or not any more. */
  find(id: string): object | undefined;
  /** Of the real requests whose explanations are kept, the newest first. */
  ids(): readonly string[];
}
