import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flag } from './choice.js';
import { duration, formatDuration } from './duration.js';
import { Invalid } from './invalid.js';
import { read, type Kind } from './kind.js';
import { cidr, host, hostPattern } from './network.js';
import { listenPort } from './number.js';
import { formatRatio, ratio } from './ratio.js';
import { formatSize, size } from './size.js';
import { Source } from './source.js';
import { Substituted } from './substituted.js';
import { text } from './text.js';
import { backendUrl } from './url.js';

const source = new Source('/etc/gatehouse');

function parse<T>(kind: Kind<T>, raw: unknown): T | 'refused' {
  const value = read(kind, raw, source);
  return value instanceof Invalid ? 'refused' : value;
}

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['5s', 5_000],
    ['1.5s', 1_500],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['0s', 0],
    [0, 0],
  ])('%s is %d milliseconds', (written, expected) => expect(parse(duration(), written)).toBe(expected));

  it.each([5, '5', '-5s', '5 s', '5S', '0.1ms', '1e3s', '1d', '', null, true, ['5s'], '600h', 'constructor'])(
    'is not %j',
    raw => expect(parse(duration(), raw)).toBe('refused'),
  );

  it('is written so that it reads the same again', () => {
    fc.assert(fc.property(fc.nat(2 ** 31 - 1), ms => parse(duration(), formatDuration(ms)) === ms));
  });
});

describe('a size', () => {
  it.each([
    ['512b', 512],
    ['16kb', 16_384],
    ['1.5mb', 1_572_864],
    ['1gb', 1_073_741_824],
    [0, 0],
  ])('%s is %d bytes', (written, expected) => expect(parse(size(), written)).toBe(expected));

  it.each([16, '16', '16k', '16KB', '0.5b', '-1b', '999999999999gb'])('is not %j', raw =>
    expect(parse(size(), raw)).toBe('refused'),
  );

  it('is written so that it reads the same again', () => {
    fc.assert(fc.property(fc.nat(2 ** 31), bytes => parse(size(), formatSize(bytes)) === bytes));
  });
});

describe('a ratio', () => {
  it.each([
    ['50%', 0.5],
    [0.5, 0.5],
    ['0%', 0],
    ['100%', 1],
    [1, 1],
    ['12.5%', 0.125],
  ])('%s is %d', (written, expected) => expect(parse(ratio, written)).toBe(expected));

  it.each(['0.5', 50, -0.1, '101%', '-1%', 'half', Number.NaN])('is not %j', raw =>
    expect(parse(ratio, raw)).toBe('refused'),
  );

  it('is written so that it reads the same again', () => {
    fc.assert(fc.property(fc.nat(1000), permille => parse(ratio, formatRatio(permille / 1000)) === permille / 1000));
  });
});

describe('a value from the environment', () => {
  it('is a number or a boolean where one is expected, and a text where a text is', () => {
    const number = new Substituted('8080', '${PORT}');
    expect(parse(listenPort, number)).toBe(8080);
    expect(parse(text(), number)).toBe('8080');
    expect(parse(flag, new Substituted('true', '${X}'))).toBe(true);
    expect(parse(ratio, new Substituted('0.5', '${X}'))).toBe(0.5);
  });

  it('is never a list or a block', () => {
    expect(parse(listenPort, new Substituted('[8080]', '${X}'))).toBe('refused');
    expect(parse(listenPort, new Substituted('0x10', '${X}'))).toBe('refused');
  });
});

describe('an address', () => {
  it.each(['10.0.0.0/8', '10.1.2.3', '::1', 'fd00::/8', '::ffff:10.0.0.0/104'])('%s is a range', raw =>
    expect(parse(cidr, raw)).toBe(raw),
  );
  it.each(['10.0.0.0/33', '10.0.0/8', 'fd00::/129', 'localhost', '10.0.0.0/', '10.0.0.0/8/8', 8])(
    '%j is no range',
    raw => expect(parse(cidr, raw)).toBe('refused'),
  );
  it.each(['0.0.0.0', '::', 'localhost', 'a.example'])('%s can be listened on', raw =>
    expect(parse(host, raw)).toBe(raw),
  );
  it.each(['a:80', 'http://a', '', 'a b', '-a'])('%j cannot', raw => expect(parse(host, raw)).toBe('refused'));
  it('of a request may have a star in front, and is lower case', () => {
    expect(parse(hostPattern, '*.Shop.example')).toBe('*.shop.example');
    expect(parse(hostPattern, '*shop.example')).toBe('refused');
    expect(parse(hostPattern, '*')).toBe('refused');
  });
});

describe('a backend', () => {
  it.each([
    ['http://10.0.0.1:3000', 'http://10.0.0.1:3000'],
    ['HTTP://A.example:80/', 'http://a.example'],
    ['https://[::1]:3443', 'https://[::1]:3443'],
    ['unix:/run/a.sock', 'unix:/run/a.sock'],
    ['unix:///run/a.sock', 'unix:/run/a.sock'],
    ['unix:run/a.sock', 'unix:/etc/gatehouse/run/a.sock'],
  ])('%s is %s', (written, expected) => expect(parse(backendUrl, written)).toBe(expected));

  it.each([
    'http://a/b',
    'http://a?b',
    'http://u:p@a',
    'ftp://a',
    'a:1',
    'http:a',
    'http://',
    'http://a:0',
    'http://a:99999',
    'unix:',
    3000,
  ])('is not %j', raw => expect(parse(backendUrl, raw)).toBe('refused'));
});
