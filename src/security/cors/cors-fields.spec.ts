import { describe, expect, it } from 'vitest';
import { SketchedRequest } from '../testing.js';
import { addToVary, CorsFields } from './cors-fields.js';

const settings = { origins: ['https://app.example'], credentials: false, exposeHeaders: [] };
const from = (origin: string): SketchedRequest => new SketchedRequest({ fields: ['Origin', origin] });

function applied(fields: CorsFields, headers: string[], request = from('https://app.example')): string[] {
  fields.apply(headers, request);
  return headers;
}

describe('CorsFields', () => {
  const fields = new CorsFields(settings);

  it('lets an allowed origin read the response', () => {
    const response = applied(fields, ['X-A', '1']);
    expect(response).toEqual(['X-A', '1', 'Vary', 'Origin', 'Access-Control-Allow-Origin', 'https://app.example']);
  });

  it('gives other origins no field but `Vary`', () => {
    for (const request of [from('https://evil.example'), from('null'), new SketchedRequest()]) {
      expect(applied(fields, ['X-A', '1'], request)).toEqual(['X-A', '1', 'Vary', 'Origin']);
    }
  });

  it('takes out all CORS fields of the backend', () => {
    const own = ['access-control-allow-origin', '*', 'X-A', '1', 'ACCESS-CONTROL-ALLOW-CREDENTIALS', 'true'];
    expect(applied(fields, own, from('https://evil.example'))).toEqual(['X-A', '1', 'Vary', 'Origin']);
  });

  it('names the fields that scripts may read, and allows credentials', () => {
    const all = new CorsFields({ ...settings, credentials: true, exposeHeaders: ['x-total', 'x-page'] });
    expect(applied(all, []).slice(2)).toEqual([
      'Access-Control-Allow-Origin',
      'https://app.example',
      'Access-Control-Allow-Credentials',
      'true',
      'Access-Control-Expose-Headers',
      'x-total, x-page',
    ]);
  });

  it('lets every origin read with *, without Vary', () => {
    const open = new CorsFields({ ...settings, origins: ['*'] });
    expect(applied(open, [], new SketchedRequest())).toEqual(['Access-Control-Allow-Origin', '*']);
    expect(applied(open, [], from('null'))).toEqual(['Access-Control-Allow-Origin', '*']);
  });

  it('leaves the answer to a preflight to the policy that answers it', () => {
    const request = new SketchedRequest({
      method: 'OPTIONS',
      fields: ['Origin', 'https://app.example', 'Access-Control-Request-Method', 'PUT'],
    });
    const answer = ['Access-Control-Allow-Methods', 'PUT', 'Vary', 'Origin, Accept'];
    expect(applied(fields, [...answer], request)).toEqual(answer);
  });
});

describe('addToVary', () => {
  it.each([
    [[], ['Vary', 'Origin']],
    [
      ['vary', 'Accept'],
      ['vary', 'Accept, Origin'],
    ],
    [
      ['Vary', ''],
      ['Vary', 'Origin'],
    ],
    [
      ['Vary', '*'],
      ['Vary', '*'],
    ],
    [
      ['Vary', 'Accept, ORIGIN'],
      ['Vary', 'Accept, ORIGIN'],
    ],
    [
      ['Vary', 'X-Origin'],
      ['Vary', 'X-Origin, Origin'],
    ],
    [
      ['Vary', 'Origin', 'X-A', '1', 'vary', 'Accept'],
      ['Vary', 'Origin', 'X-A', '1', 'vary', 'Accept'],
    ],
    [
      ['Vary', 'A', 'VARY', 'B'],
      ['Vary', 'A', 'VARY', 'B, Origin'],
    ],
  ])('makes %j into %j', (before, after) => {
    const headers: string[] = [...before];
    addToVary(headers, 'Origin');
    expect(headers).toEqual(after);
  });
});
