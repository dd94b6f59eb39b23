import { generate } from 'selfsigned';
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ByServerName, namesOf } from './tls-names.js';

async function certificateFor(...names: string[]): Promise<X509Certificate> {
  const altNames = names.map(value => ({ type: 2 as const, value }));
  const { cert } = await generate([{ name: 'commonName', value: 'common.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [...altNames, { type: 7, ip: '127.0.0.1' }] }],
  });
  return new X509Certificate(cert);
}

describe('the names of a certificate', () => {
  it('are its DNS names in lower case, without addresses and without the common name', async () => {
    expect(namesOf(await certificateFor('Shop.Example', '*.shop.example'))).toEqual(['shop.example', '*.shop.example']);
    expect(namesOf(await certificateFor())).toEqual([]);
  });

  it('are never read out of another name', async () => {
    expect(namesOf(await certificateFor('a.example, DNS:bank.example'))).toEqual([]);
    expect(namesOf(await certificateFor('*'))).toEqual([]);
    expect(namesOf(await certificateFor('a*.example'))).toEqual([]);
  });
});

describe('the choice by server name', () => {
  const byName = new ByServerName<string>();
  byName.add(['*.shop.example'], 'wildcard');
  byName.add(['www.shop.example', 'shop.example'], 'exact');
  byName.add(['shop.example', 'other.example'], 'later');

  it.each([
    ['shop.example', 'exact'],
    ['WWW.Shop.EXAMPLE', 'exact'],
    ['cart.shop.example', 'wildcard'],
    ['other.example', 'later'],
    ['a.b.shop.example', undefined],
    ['.shop.example', undefined],
    ['*.shop.example', 'wildcard'],
    ['example', undefined],
    ['', undefined],
    ['\0\n"', undefined],
    ['__proto__', undefined],
    ['x'.repeat(65_536), undefined],
  ])('of %j is %s', (name, expected) => {
    expect(byName.find(name)).toBe(expected);
  });
});
