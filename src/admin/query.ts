import { HttpException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { duration } from '../config/language/kinds/duration.js';
import { Invalid } from '../config/language/kinds/invalid.js';
import { didYouMean } from '../spelling/nearest.js';

/** The parameters of a request, by their names. */
export type Query = Readonly<Record<string, string>>;

const time = duration({ min: 1 });

/** The parameters of a query, each once; others than the known ones are refused with 400. */
export function queryOf({ query }: FastifyRequest, known: readonly string[]): Query {
  for (const [name, value] of Object.entries(query as object)) {
    if (!known.includes(name))
      throw wrong(`There is no parameter ${JSON.stringify(name)} here${didYouMean(name, known) || '.'}`);
    if (typeof value !== 'string') throw wrong(`The parameter ${JSON.stringify(name)} stands there more than once.`);
  }
  return query as Query;
}

/** The same of a request that changes something: in its query, or in a JSON object as its body. A value that stands in both is refused. */
export function valuesOf(request: FastifyRequest, known: readonly string[]): Query {
  const query = queryOf(request, known);
  const { body } = request;
  if (body === undefined || body === null) return query;
  if (typeof body !== 'object' || Array.isArray(body)) throw wrong('The body must be a JSON object.');
  const values: Record<string, string> = { ...query };
  for (const [name, value] of Object.entries(body)) {
    if (!known.includes(name))
      throw wrong(`There is no member ${JSON.stringify(name)} here${didYouMean(name, known) || '.'}`);
    if (Object.hasOwn(query, name)) throw wrong(`${JSON.stringify(name)} stands in the query and in the body.`);
    if (typeof value !== 'string' && typeof value !== 'number')
      throw wrong(`${JSON.stringify(name)} must be a text or a number.`);
    values[name] = String(value);
  }
  return values;
}

/** A whole number from 1 to `most`; `usual` where there is none. */
export function numberOf(query: Query, name: string, usual: number, most: number): number {
  const text = query[name];
  if (text === undefined) return usual;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw wrong(`${JSON.stringify(name)} must be a whole number from 1 to ${most}, and not ${JSON.stringify(text)}.`);
}

/** One of the choices; undefined where there is none. */
export function choiceOf(query: Query, name: string, choices: readonly string[]): string | undefined {
  const text = query[name];
  if (text === undefined || choices.includes(text)) return text;
  const listed = choices.join(', ');
  throw wrong(
    `${JSON.stringify(name)} must be one of ${listed}, and not ${JSON.stringify(text)}${didYouMean(text, choices) || '.'}`,
  );
}

/** A duration such as `10m`, in milliseconds; undefined where there is none. */
export function durationOf(query: Query, name: string): number | undefined {
  const text = query[name];
  if (text === undefined) return undefined;
  const value = time.parse(text);
  if (!(value instanceof Invalid)) return value;
  const { expected, details } = value;
  const meant = details.suggestion === undefined ? '' : `; did you mean ${details.suggestion}?`;
  throw wrong(`${JSON.stringify(name)} must be ${expected}, and not ${JSON.stringify(text)}${meant}`);
}

/** A refusal with 400. */
export function wrong(detail: string): HttpException {
  return new HttpException({ detail }, 400);
}
