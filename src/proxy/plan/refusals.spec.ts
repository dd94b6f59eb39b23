import type { ServerHttp2Stream } from 'node:http2';
import { expect, it } from 'vitest';
import { aborted, queueFull, refusals, tooLong, tooManyFields, tooManyStreams } from './refusals.js';

const stream = (rstCode: number | undefined): ServerHttp2Stream => ({ rstCode }) as ServerHttp2Stream;

it('a stream that its client has left says by which code, for the log', () => {
  expect([aborted(stream(8)).reason, aborted(stream(0)).reason, aborted(stream(undefined)).reason]).toEqual([
    'stream reset, code 8',
    undefined,
    undefined,
  ]);
  expect(aborted(stream(8)).code).toBe('CLIENT_ABORTED');
});

it('what is too busy now says when to come back, and to clients nothing of the inside', () => {
  for (const error of [queueFull('the queue is full'), tooManyStreams]) {
    expect([error.status, error.headers]).toEqual([503, ['Retry-After', '1']]);
    expect(error.detail).not.toContain(error.reason);
  }
});

it('each refusal has a reason for the log, which the client does not get', () => {
  for (const { detail, reason } of [...Object.values(refusals), tooLong('x'), tooManyFields('x')])
    expect([reason === undefined, reason === detail]).toEqual([false, false]);
});

it('a message that cannot be read as a request is the fault of its client', () => {
  for (const { status, source } of [...Object.values(refusals), tooLong('x'), tooManyFields('x')])
    expect([status >= 400 && status <= 505, source]).toEqual([true, 'client']);
});
