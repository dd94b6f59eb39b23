import { describe, expect, it } from 'vitest';
import { AllowedOrigins } from './allowed-origins.js';

describe('AllowedOrigins', () => {
  const origins = new AllowedOrigins(['https://app.example', 'https://*.shop.example', 'http://*.local.example:8080']);

  it.each([
    'https://app.example',
    'https://a.shop.example',
    'https://a.b-c.d_e.shop.example',
    'http://x.local.example:8080',
  ])('takes %s', origin => {
    expect(origins.includes(origin)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'null',
    '*',
    'https://shop.example',
    'https://.shop.example',
    'https://evilshop.example',
    'https://a..shop.example',
    'https://a.shop.example.evil.example',
    'https://evil.example/.shop.example',
    'https://evil.example#.shop.example',
    'https://user@a.shop.example',
    'https://evil.example:80.shop.example',
    'https://a.shop.example:443',
    'http://a.shop.example',
    'HTTPS://app.example',
    'https://APP.example',
    'https://app.example.',
    'https://app.example/',
    ' https://app.example',
    'https://app.example, https://app.example',
    'https://"a.shop.example',
    'https://a\u0000.shop.example',
    'https://ä.shop.example',
    'http://x.local.example',
    `https://${'a.'.repeat(50_000)}shop.example`,
  ])('does not take %s', origin => {
    expect(origins.includes(origin)).toBe(false);
  });

  it('knows that * is for everyone', () => {
    expect(new AllowedOrigins(['*']).any).toBe(true);
    expect(origins.any).toBe(false);
  });
});
