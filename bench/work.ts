/** One kind of traffic: what a client sends, and how much of an answer it must get. */
export interface Work {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Bytes of the request body. */
  readonly bodyBytes: number;
  /** Bytes of the answer's body; anything else is an error. */
  readonly answerBytes: number;
}

/** The kinds of traffic by the name that `--work` takes. */
export const works: Readonly<Record<string, Work>> = {
  'get-1k': { name: 'get-1k', method: 'GET', path: '/1k', bodyBytes: 0, answerBytes: 1024 },
  'post-4k': { name: 'post-4k', method: 'POST', path: '/1k', bodyBytes: 4096, answerBytes: 1024 },
  'get-64k': { name: 'get-64k', method: 'GET', path: '/64k', bodyBytes: 0, answerBytes: 64 * 1024 },
  'get-1m': { name: 'get-1m', method: 'GET', path: '/1m', bodyBytes: 0, answerBytes: 1024 * 1024 },
};

/** Finds a kind of traffic. Throws an error that lists the known ones. */
export function workNamed(name: string): Work {
  const work = works[name];
  if (!work) throw new Error(`unknown work "${name}": one of ${Object.keys(works).join(', ')}`);
  return work;
}
