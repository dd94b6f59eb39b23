import { authorization, refused } from './token.js';

/** What came of a request: what it answers, or why not. */
export type Answer<T> = { readonly body: T } | { readonly refusal: readonly string[] };

/** Milliseconds within which an answer must come. */
const patience = 20_000;

/** Sends a request to a path of the admin listener, relative to the page. Never rejects. */
export async function ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      method,
      headers: { ...authorization(), ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      cache: 'no-store',
      signal: AbortSignal.timeout(patience),
    });
    if (response.ok) return { body: (await response.json()) as T };
    return { refusal: await refusalOf(response) };
  } catch {
    return { refusal: ['The gateway does not answer. Whether it did that is not known.'] };
  }
}

/** Why it was refused, a line each. A missing token is asked for. */
export async function refusalOf(response: Response): Promise<readonly string[]> {
  if (response.status === 401) refused();
  const said = (await response.json().catch(() => ({}))) as {
    readonly detail?: string;
    readonly problems?: readonly string[];
  };
  return [said.detail ?? `The gateway answered ${response.status}.`, ...(said.problems ?? [])];
}

/** The path of an action on a backend. */
export function backendPath(upstream: string, backend: string, action: string): string {
  return `upstreams/${encodeURIComponent(upstream)}/backends/${encodeURIComponent(backend)}/${action}`;
}
