import { describe, expect, it } from 'vitest';
import { parseConfig } from '../load-config.js';

function warningsOf(security: string): string[] {
  const text = `upstreams: { app: { backends: [http://127.0.0.1:3001] } }\nsecurity: ${security}`;
  return parseConfig(text).warnings.map(({ path, message }) => `${path}: ${message}`);
}

describe('the security of a configuration', () => {
  it('is warned about where any page could use it', () => {
    expect(warningsOf('{ cors: { origins: ["null"] } }')).toEqual([
      'security.cors.origins: any page can make its origin null, with a sandboxed frame: this allows all of them',
    ]);
    expect(warningsOf('{ cors: { origins: ["*", https://app.example] } }')).toEqual([
      'security.cors.origins: the others have no effect beside *',
    ]);
  });

  it.each([
    'max-age=0',
    '"max-age=31536000; includeSubDomains; preload"',
    '"includeSubDomains; Max-Age=\\"60\\""',
    'off',
  ])('may ask for https with %s', hsts => {
    expect(warningsOf(`{ headers: { hsts: ${hsts} } }`)).toEqual([]);
  });

  it.each(['1 year', 'maxage=1', 'max-age=1y', 'x-max-age=1'])('is warned about HSTS that says %s', hsts => {
    expect(warningsOf(`{ headers: { hsts: ${hsts} } }`)).toHaveLength(1);
  });

  it('is warned about header values that browsers ignore', () => {
    expect(warningsOf('{ headers: { frameOptions: ALLOWALL, referrerPolicy: none } }')).toHaveLength(2);
    const known = '{ frameOptions: sameorigin, referrerPolicy: "no-referrer, strict-origin-when-cross-origin" }';
    expect(warningsOf(`{ headers: ${known} }`)).toEqual([]);
  });
});
