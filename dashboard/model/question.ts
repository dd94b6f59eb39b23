import type { TailedLine } from '../../src/admin/api/views.js';

/** A question about a request: texts as they were typed. */
export interface QuestionText {
  readonly method: string;
  readonly url: string;
  /** A line for each: `x-beta: 1`. */
  readonly headers: string;
  readonly ip: string;
}

/** Nothing is asked yet. */
export const noQuestion: QuestionText = { method: 'GET', url: '', headers: '', ip: '' };

/** The question as `POST /explain` takes it, or the line that is no header. A header that stands there several times has a list. */
export function questionBody({
  headers,
  ip,
  method,
  url,
}: QuestionText): { readonly body: object } | { readonly wrong: string } {
  const fields = new Map<string, string[]>();
  for (const line of headers.split('\n')) {
    if (line.trim() === '') continue;
    const [, name, value] = /^\s*([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined)
      return { wrong: `"${line.trim()}" is no header such as "x-beta: 1".` };
    fields.set(name, [...(fields.get(name) ?? []), value]);
  }
  const given = Array.from(fields, ([name, values]) => [name, values.length === 1 ? values[0] : values]);
  return {
    body: {
      method: method.trim() === '' ? 'GET' : method.trim(),
      url: url.trim(),
      ...(given.length > 0 && { headers: Object.fromEntries(given) as object }),
      ...(ip.trim() !== '' && { ip: ip.trim() }),
    },
  };
}

/** The question about a request that has been made, by its line, which has neither its query nor its headers. */
export function questionOf({ client = '', host, method = 'GET', path = '/' }: TailedLine): QuestionText {
  return { method, url: path, headers: host === undefined ? '' : `host: ${host}`, ip: client };
}
