import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readProxyHeader } from './proxy-protocol.js';

const signature = '\r\n\r\n\0\r\nQUIT\n';
const v1 = (line: string) => readProxyHeader(Buffer.from(`PROXY ${line}\r\n`, 'latin1'));

/** A header of version 2: command and family as one byte each, then the block. */
function v2(command: number, family: number, block: Buffer | string = ''): Buffer {
  const bytes = Buffer.isBuffer(block) ? block : Buffer.from(block, 'latin1');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([Buffer.from(signature, 'latin1'), Buffer.from([command, family]), length, bytes]);
}

const ipv4 = Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, 0x30, 0x39, 0x01, 0xbb]);
const ipv6 = Buffer.concat([Buffer.from('20010db8000000000000000000000007', 'hex'), Buffer.alloc(20)]);

describe('a PROXY protocol header of version 1', () => {
  it('gives the IPv4 address of the client, and the place where its bytes begin', () => {
    const line = 'PROXY TCP4 203.0.113.7 10.0.0.1 12345 443\r\n';
    const expected = { length: line.length, source: 'header', address: '203.0.113.7' };
    expect(readProxyHeader(Buffer.from(`${line}GET / HTTP/1.1\r\n`))).toEqual(expected);
  });

  it('tells the IPv6 address of the client', () => {
    expect(v1('TCP6 2001:db8::7 ::1 0 65535')).toMatchObject({ source: 'header', address: '2001:db8::7' });
  });

  it('may say UNKNOWN, with any text after it', () => {
    expect(v1('UNKNOWN')).toEqual({ length: 15, source: 'socket', address: undefined });
    expect(v1('UNKNOWN ffff:: ffff:: 1 2')).toMatchObject({ source: 'socket' });
  });

  it.each([
    ['TCP4 203.0.113.7 10.0.0.1 12345'],
    ['TCP4 203.0.113.7 10.0.0.1 12345 443 1'],
    ['TCP4 203.0.113.7 10.0.0.1 12345 65536'],
    ['TCP4 203.0.113.7 10.0.0.1 012345 443'],
    ['TCP4 203.0.113.7 10.0.0.1 -1 443'],
    ['TCP4 203.0.113.07 10.0.0.1 1 2'],
    ['TCP4 203.0.113 10.0.0.1 1 2'],
    ['TCP4 2001:db8::7 ::1 1 2'],
    ['TCP6 203.0.113.7 10.0.0.1 1 2'],
    ['TCP6 fe80::1%eth0 ::1 1 2'],
    ['TCP4  203.0.113.7 10.0.0.1 1 2'],
    ['TCP4 203.0.113.7 10.0.0.1 1 2 '],
    ['tcp4 203.0.113.7 10.0.0.1 1 2'],
    ['UNKNOWNS'],
    [''],
  ])('is refused as %j', line => {
    expect(v1(line)).toBe('malformed');
  });

  it('must end with CR LF', () => {
    expect(readProxyHeader(Buffer.from('PROXY UNKNOWN\n'))).toBe('malformed');
    expect(readProxyHeader(Buffer.from('PROXY UNKNOWN\rx'))).toBe('malformed');
    expect(readProxyHeader(Buffer.from('PROXY UNKNOWN\r'))).toBe('more');
  });

  it('has at most 107 bytes', () => {
    const padding = (bytes: number) => `PROXY UNKNOWN ${'x'.repeat(bytes - 16)}\r\n`;
    expect(readProxyHeader(Buffer.from(padding(107)))).toMatchObject({ length: 107 });
    expect(readProxyHeader(Buffer.from(padding(108)))).toBe('malformed');
    expect(readProxyHeader(Buffer.from(padding(108).slice(0, 106)))).toBe('more');
  });
});

describe('a PROXY protocol header of version 2', () => {
  it('tells the IPv4 address of the client and skips additional fields', () => {
    const header = v2(0x21, 0x11, Buffer.concat([ipv4, Buffer.from('\x03\x00\x04abcd', 'latin1')]));
    const expected = { length: header.length, source: 'header', address: '203.0.113.7' };
    expect(readProxyHeader(Buffer.concat([header, Buffer.from('GET')]))).toEqual(expected);
  });

  it('tells the IPv6 address of the client', () => {
    expect(readProxyHeader(v2(0x21, 0x21, ipv6))).toMatchObject({ source: 'header', address: '2001:db8:0:0:0:0:0:7' });
  });

  it('may come for the client of a unix socket, which has no address', () => {
    const expected = { length: 232, source: 'header', address: undefined };
    expect(readProxyHeader(v2(0x21, 0x31, Buffer.alloc(216, 'a')))).toEqual(expected);
  });

  it.each([
    ['its own', v2(0x20, 0x00)],
    ['its own, with addresses that do not count', v2(0x20, 0x11, ipv4)],
    ['its own, of a family without the addresses', v2(0x20, 0x21)],
    ['of a client that it does not know', v2(0x21, 0x00)],
    ['of an unknown kind, with something behind', v2(0x21, 0x00, 'abcd')],
  ])('may say that the connection is %s', (_, header) => {
    expect(readProxyHeader(header)).toEqual({ length: header.length, source: 'socket', address: undefined });
  });

  it.each([
    ['of another version', v2(0x11, 0x11, ipv4)],
    ['with an unknown command', v2(0x22, 0x11, ipv4)],
    ['of an unknown family', v2(0x21, 0x41, ipv4)],
    ['of an unknown transport', v2(0x21, 0x13, ipv4)],
    ['too short for IPv4', v2(0x21, 0x11, ipv4.subarray(1))],
    ['too short for IPv6', v2(0x21, 0x21, ipv6.subarray(1))],
    ['too short for unix', v2(0x21, 0x31, Buffer.alloc(215))],
    ['of more than 4 kB', v2(0x21, 0x11, Buffer.concat([ipv4, Buffer.alloc(4096)]))],
  ])('is refused %s', (_, header) => {
    expect(readProxyHeader(header)).toBe('malformed');
  });

  it('may have 4 kB', () => {
    const header = v2(0x21, 0x11, Buffer.concat([ipv4, Buffer.alloc(4096 - 28)]));
    expect(readProxyHeader(header)).toMatchObject({ length: 4096 });
  });

  it('is refused for its length before that much has come', () => {
    const header = v2(0x21, 0x11, Buffer.alloc(60_000));
    expect(readProxyHeader(header.subarray(0, 16))).toBe('malformed');
  });
});

describe('the reader of PROXY protocol headers', () => {
  const valid = fc.constantFrom<Buffer>(
    Buffer.from('PROXY TCP4 203.0.113.7 10.0.0.1 12345 443\r\n'),
    Buffer.from('PROXY TCP6 2001:db8::7 ::1 1 2\r\n'),
    Buffer.from('PROXY UNKNOWN\r\n'),
    v2(0x21, 0x11, ipv4),
    v2(0x21, 0x21, ipv6),
    v2(0x20, 0x00, 'abc'),
  );
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.concat([Buffer.from('PROXY '), bytes])),
    fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.concat([Buffer.from(signature, 'latin1'), bytes])),
    fc.string({ maxLength: 120 }).map(text => Buffer.from(`PROXY TCP4 ${text}\r\n`)),
  );
  const anything = fc.oneof(
    garbage.map(bytes => Buffer.from(bytes)),
    fc.tuple(valid, fc.uint8Array({ maxLength: 60 })).map(([header, rest]) => Buffer.concat([header, rest])),
    // A valid one with one byte changed.
    fc.tuple(valid, fc.nat(), fc.nat(255)).map(([header, at, byte]) => {
      const changed = Buffer.from(header);
      changed[at % header.length] = byte;
      return changed;
    }),
  );

  it('gives the same answer for any split of the bytes', () => {
    fc.assert(
      fc.property(anything, bytes => {
        let answer = readProxyHeader(Buffer.alloc(0));
        for (let length = 0; length <= bytes.length && answer === 'more'; length++) {
          answer = readProxyHeader(bytes.subarray(0, length));
        }
        expect(readProxyHeader(bytes)).toEqual(answer);
      }),
      { numRuns: 2000 },
    );
  });

  it('never takes a byte more than the header, and never waits for more than 4 kB', () => {
    fc.assert(
      fc.property(valid, fc.uint8Array({ maxLength: 50 }), (header, rest) => {
        expect(readProxyHeader(Buffer.concat([header, rest]))).toMatchObject({ length: header.length });
      }),
    );
    fc.assert(
      fc.property(garbage, bytes => {
        expect(readProxyHeader(Buffer.concat([bytes, Buffer.alloc(4096)]))).not.toBe('more');
      }),
      { numRuns: 2000 },
    );
  });
});
