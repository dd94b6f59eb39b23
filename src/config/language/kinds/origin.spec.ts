import { describe, expect, it } from 'vitest';
import { Invalid } from './invalid.js';
import { origin } from './origin.js';
import { Source } from './source.js';

const parse = (raw: unknown): unknown => origin.parse(raw, new Source('/'));

describe('an origin in the configuration', () => {
  it.each([
    ['*', '*'],
    ['null', 'null'],
    ['https://app.example', 'https://app.example'],
    ['HTTPS://App.Example:443', 'https://app.example'],
    ['http://localhost:5173', 'http://localhost:5173'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
    ['https://*.App.example', 'https://*.app.example'],
    ['chrome-extension://ABCdef', 'chrome-extension://abcdef'],
    ['capacitor://localhost', 'capacitor://localhost'],
  ])('%s is the origin that browsers send as %s', (written, spelled) => {
    expect(parse(written)).toBe(spelled);
  });

  it.each([
    '',
    'app.example',
    'https://',
    'https://*',
    'https://*.',
    'https://*app.example',
    'https://a.*.example',
    'https://*.*.example',
    'https://user@app.example',
    'https://app.example/',
    'https://a.example,https://b.example',
    'https://app.example:99999',
    '/^https/',
    'Null',
    7,
  ])('%s is none', written => {
    expect(parse(written)).toBeInstanceOf(Invalid);
  });

  it('is suggested to an author who wrote the address of a page', () => {
    expect(parse('https://app.example/index.html')).toMatchObject({ details: { suggestion: 'https://app.example' } });
  });
});
