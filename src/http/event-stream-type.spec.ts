import { describe, expect, it } from 'vitest';
import { acceptsEventStream, isEventStream } from './event-stream-type.js';

describe('a response', () => {
  it.each(['text/event-stream', 'Text/Event-Stream;charset=utf-8', ' text/event-stream ; x=y'])(
    'of the type "%s" is an event stream',
    type => expect(isEventStream(['X-A', 'b', 'CONTENT-TYPE', type])).toBe(true),
  );

  it.each(['text/event-stream-like', 'text/event-streams', 'application/json', 'x/text/event-stream', ''])(
    'of the type "%s" is none',
    type => expect(isEventStream(['content-type', type])).toBe(false),
  );

  it('without a type is none', () => expect(isEventStream(['accept', 'text/event-stream'])).toBe(false));
});

describe('a request', () => {
  it.each([
    'text/event-stream',
    'application/json, text/event-stream',
    'TEXT/EVENT-STREAM;q=0.1',
    'text/event-stream;q=0.001',
  ])('with "Accept: %s" asks for events', accept => expect(acceptsEventStream(accept)).toBe(true));

  it.each([
    undefined,
    '*/*',
    'text/*',
    'text/html',
    'text/event-stream;q=0',
    'text/event-stream; q=0.000',
    'text/event-streams',
  ])('with "Accept: %s" does not', accept => expect(acceptsEventStream(accept)).toBe(false));
});
