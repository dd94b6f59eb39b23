import { describe, expect, it } from 'vitest';
import { responseFields, trailerFields } from './response-head.js';

describe('the fields of a response', () => {
  it('pass in their order, spelling and repetition, from strings and from buffers alike', () => {
    const raw = ['Set-Cookie', 'a=1', 'X-Y', 'ü', 'set-cookie', 'b=2', 'Content-Length', '3'];
    expect(responseFields(raw)).toEqual(raw);
    expect(responseFields(raw.map(each => Buffer.from(each, 'latin1')))).toEqual(raw);
  });

  it('end here when they are of this hop, or named in Connection', () => {
    expect(
      responseFields([
        'Connection',
        'close, X-Hop',
        'Keep-Alive',
        'timeout=5',
        'X-Hop',
        '1',
        'Transfer-Encoding',
        'chunked',
        'Upgrade',
        'h2c',
        'Proxy-Authenticate',
        'x',
        'Kept',
        '1',
      ]),
    ).toEqual(['Kept', '1']);
  });

  it('keep their length even when Connection names it', () => {
    expect(responseFields(['Content-Length', '3', 'Connection', 'content-length'])).toEqual(['Content-Length', '3']);
  });
});

describe('trailer fields', () => {
  it('pass unless they frame, route or authenticate a message', () => {
    expect(
      trailerFields([
        'X-Sum',
        '1',
        'Content-Length',
        '5',
        'Transfer-Encoding',
        'chunked',
        'Set-Cookie',
        'a=b',
        'Server-Timing',
        'x',
      ]),
    ).toEqual(['X-Sum', '1', 'Server-Timing', 'x']);
  });
});
