import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRequests, readResponses } from '../../test/support/http1-transcript.js';
import { fieldLines, requestLine, statusLine, UnwritableHead } from './head-writer.js';

/** What would begin a line, a field or a message of its own, or be cut to that: the low byte of U+010D is CR, of U+010A LF. */
const injections = [
  '\r\nX: y', '\nX: y', '\rX: y', '\r\n\r\nGET /b HTTP/1.1', '\0', '\x0b', '\x0c', '\x1b', '\x7f', '\u010d\u010aX: y', '\u010a', '\u{1f600}',
  '\u2028', '\u0100',
]; // prettier-ignore

describe('field lines', () => {
  it('have a name and a value each, and a line end', () => {
    expect(fieldLines(['Host', 'x', 'X-Two', 'b\tc', 'x-two', '', 'L', '\x80\xff'])).toBe(
      'Host: x\r\nX-Two: b\tc\r\nx-two: \r\nL: \x80\xff\r\n',
    );
    expect(fieldLines([])).toBe('');
  });

  it.each([...injections, ' ', '\t', ':', '(', '\x80', '"', '/'])('cannot have a name with %j in it', text => {
    for (const name of [text, `X${text}`, `${text}X`])
      expect(() => fieldLines(['A', 'b', name, 'c'])).toThrow(UnwritableHead);
  });

  it('cannot have an empty name', () => {
    expect(() => fieldLines(['', 'a'])).toThrow(UnwritableHead);
  });

  it.each(injections)('cannot have a value with %j in it', text => {
    for (const value of [text, `a${text}`, `${text}a`])
      expect(() => fieldLines(['A', 'b', 'X-Name', value])).toThrow(UnwritableHead);
  });

  it('tell the name of the field whose value cannot be written, and not the value', () => {
    expect(() => fieldLines(['X-Name', 'secret\n'])).toThrow('a character that no field value can have, in X-Name');
  });
});

describe('a request line', () => {
  it('has a method, a target and the version', () => {
    expect(requestLine('GET', '/a?b=c')).toBe('GET /a?b=c HTTP/1.1\r\n');
  });

  it.each([...injections, ' ', '\t', ':', '/', ''])('cannot have a method with %j in it', text => {
    for (const method of text === '' ? [''] : [text, `GET${text}`, `${text}GET`])
      expect(() => requestLine(method, '/')).toThrow(UnwritableHead);
  });

  it.each([...injections, ' ', '\t', '\x80', '\xff', ' HTTP/1.1\r\nX: y', ''])(
    'cannot have a target with %j in it',
    text => {
      for (const target of text === '' ? [''] : [text, `/${text}`, `${text}/`])
        expect(() => requestLine('GET', target)).toThrow(UnwritableHead);
    },
  );
});

describe('a status line', () => {
  it('has the version, a status and a reason', () => {
    expect(statusLine(200, 'OK')).toBe('HTTP/1.1 200 OK\r\n');
    expect(statusLine(404, '')).toBe('HTTP/1.1 404 \r\n');
    expect(statusLine(200, '\t\xe9')).toBe('HTTP/1.1 200 \t\xe9\r\n');
  });

  it.each(injections)('leaves a reason with %j in it out', text => {
    expect(statusLine(200, `OK${text}`)).toBe('HTTP/1.1 200 \r\n');
  });

  it.each([0, 20, 99, 1000, -200, 200.5, Number.NaN, Infinity, 1e21])('cannot have the status %d', status => {
    expect(() => statusLine(status, 'OK')).toThrow(UnwritableHead);
  });
});

describe('what is written', () => {
  const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/);
  const target = fc.stringMatching(/^[\x21-\x7e]+$/);
  const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]*$/);
  const field = fc.tuple(token, value).filter(([name]) => !/^(?:content-length|transfer-encoding)$/i.test(name));
  const fields = fc.array(field, { maxLength: 8 }).map(all => all.flat());
  const rules = { maxHead: 100_000, ends: false };
  /** A recipient takes white space around a value for none of it (RFC 9112 §5.1). */
  const trimmed = (headers: readonly string[]): string[] => headers.map(text => text.replace(/^[\t ]+|[\t ]+$/g, ''));

  it('is read as the same request', () => {
    fc.assert(
      fc.property(token, target, fields, (method, target, headers) => {
        const { messages, fault } = readRequests([`${requestLine(method, target)}${fieldLines(headers)}\r\n`], rules);
        expect(fault).toBeUndefined();
        expect(messages).toEqual([
          { start: `${method} ${target} 1`, fields: trimmed(headers), body: '', trailers: [] },
        ]);
      }),
    );
  });

  it('is read as the same response', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 999 }), value, fields, (status, reason, headers) => {
        const { messages, fault } = readResponses([`${statusLine(status, reason)}${fieldLines(headers)}\r\n`], rules);
        expect(fault).toBeUndefined();
        expect(messages).toMatchObject([{ start: `${status} ${reason} 1`, fields: trimmed(headers) }]);
      }),
    );
  });

  it('is one head or an error for all that is to be written', () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom('\r', '\n', '\0', ' ', ':', '\u010d', '\u010a', 'a'), fc.string()),
    });
    fc.assert(
      fc.property(text, text, text, text, (method, target, name, value) => {
        let head: string;
        try {
          head = `${requestLine(method, target)}${fieldLines(['X', 'y', name, value, 'Z', 'z'])}\r\n`;
        } catch (error) {
          expect(error).toBeInstanceOf(UnwritableHead);
          return;
        }
        const { messages, rest } = readRequests([head], rules);
        expect(messages).toMatchObject([{ start: `${method} ${target} 1`, fields: { length: 6 } }]);
        expect(rest).toBe('');
      }),
      { numRuns: 1000 },
    );
  });
});
