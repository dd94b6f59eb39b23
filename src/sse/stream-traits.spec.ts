import { describe, expect, it } from 'vitest';
import { continues, traitsOf } from './stream-traits.js';

const request = { status: 200, method: 'GET', wantsEvents: true, hasBody: false };
const head = ['Content-Type', 'text/event-stream'];

describe('an event stream', () => {
  it('that an EventSource asks for can be resumed, and ended between two events', () => {
    expect(traitsOf(request, head)).toEqual({ reconnects: true, isReadable: true, isOpen: true, isResumable: true });
  });

  it.each([
    ['has a body in its request', { hasBody: true }, head],
    ['answers a POST', { method: 'POST' }, head],
    ['is no 200', { status: 201 }, head],
    ['is a part of another', { status: 206 }, head],
    ['has a length', {}, [...head, 'content-length', '10']],
    ['is compressed', {}, [...head, 'CONTENT-ENCODING', 'gzip']],
  ])('that %s cannot be resumed', (_what, change, fields) => {
    expect(traitsOf({ ...request, ...change }, fields).isResumable).toBe(false);
  });

  it('is open only where its end alone says where it ends', () => {
    const isOpen = (status: number, ...fields: string[]) => traitsOf({ ...request, status }, fields).isOpen;
    expect([isOpen(200), isOpen(201), isOpen(206)]).toEqual([true, true, false]);
    expect([isOpen(200, 'Content-Length', '9'), isOpen(200, 'Content-Encoding', 'br')]).toEqual([false, false]);
  });

  it('is read unless it is encoded', () => {
    expect(traitsOf(request, ['Content-Length', '9']).isReadable).toBe(true);
    expect(traitsOf(request, ['Content-Encoding', 'br']).isReadable).toBe(false);
  });

  it('is asked for again by the client only where that has asked for it by name, with a GET', () => {
    expect(traitsOf({ ...request, wantsEvents: false }, head).reconnects).toBe(false);
    expect(traitsOf({ ...request, method: 'POST' }, head).reconnects).toBe(false);
  });

  it('goes on with a 200 that is an open event stream, and with nothing else', () => {
    expect(continues(200, head)).toBe(true);
    expect(continues(206, head)).toBe(false);
    expect(continues(200, ['Content-Type', 'text/html'])).toBe(false);
    expect(continues(200, [...head, 'Content-Length', '9'])).toBe(false);
    expect(continues(200, [...head, 'Content-Encoding', 'gzip'])).toBe(false);
  });
});
