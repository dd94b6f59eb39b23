import { describe, expect, it } from 'vitest';
import { roadTo, type RequestOptions } from '../../../test/support/road-scene.js';
import { RequestFieldRules } from '../../http/request-field-rules.js';
import { RequestHead } from '../../http/request-head.js';
import { forwardingHeaders, isRequestId } from './forwarding-headers.js';

/** The fields for a backend by name in lower case, for a request from a peer that is trusted or not. */
async function fieldsFor(
  options: RequestOptions,
  trusted = false,
  { location = {}, client = {} }: { readonly location?: object; readonly client?: object } = {},
): Promise<Record<string, string>> {
  const { exchange } = (await roadTo(['a'])).open(options);
  const head = new RequestHead(exchange.rawHeaders as string[], new RequestFieldRules(), trusted);
  const headers = forwardingHeaders(
    Object.assign(Object.create(exchange) as typeof exchange, {
      head,
      location: { ...exchange.location, ...location },
      client: { ...exchange.client, peer: '10.0.0.1', peerTrusted: trusted, ...client },
    }),
  );
  expect(headers[0]).toBe('Host');
  return Object.fromEntries(
    headers.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), headers[at + 1]!]] : [])),
  );
}

const said = ['X-Forwarded-For', '203.0.113.9', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'shop.example'];

describe('the fields by which a backend is told of the client', () => {
  it('are written anew by the gateway where the peer is not trusted, also when the peer sends such fields', async () => {
    expect(await fieldsFor({ fields: [...said, 'Forwarded', 'for=203.0.113.9'] })).toMatchObject({
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'a.example',
      'x-forwarded-port': '80',
      forwarded: 'for=10.0.0.1;host=a.example;proto=http',
      'x-real-ip': '192.0.2.1',
    });
  });

  it('are those of a trusted peer, added to, and the same in the other language', async () => {
    expect(await fieldsFor({ fields: said }, true)).toMatchObject({
      'x-forwarded-for': '203.0.113.9, 10.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
      'x-forwarded-port': '443',
      forwarded: expect.stringMatching(/^for=203\.0\.113\.9;host=shop\.example;proto=https, for=10\.0\.0\.1/),
    });
    const forwarded = 'for=203.0.113.9;proto=https;host=shop.example';
    expect(
      await fieldsFor({ fields: ['Forwarded', forwarded] }, true, { client: { ip: '203.0.113.9' } }),
    ).toMatchObject({
      'x-forwarded-for': '203.0.113.9, 10.0.0.1',
      'x-forwarded-proto': 'https',
      forwarded: `${forwarded}, for=10.0.0.1;host=a.example;proto=http`,
    });
  });

  it('name no address and no host where there is none', async () => {
    const fields = await fieldsFor({}, false, { client: { peer: undefined }, location: { authority: '' } });
    expect([fields['x-forwarded-for'], fields['x-forwarded-host'], fields['forwarded']]).toEqual([
      'unknown',
      undefined,
      'for=unknown;proto=http',
    ]);
  });

  it('have the port that the client has named before that of the listener', async () => {
    expect((await fieldsFor({}, false, { location: { hostPort: '8080' } }))['x-forwarded-port']).toBe('8080');
  });

  it('add the gateway to Via, and the id', async () => {
    const fields = await fieldsFor({ fields: ['Via', '1.0 other'] });
    expect([fields['via'], fields['x-request-id']]).toEqual(['1.0 other, 1.1 gatehouse-test', 'r-1']);
    expect((await fieldsFor({}))['via']).toBe('1.1 gatehouse-test');
  });
});

describe('Max-Forwards', () => {
  it('is counted down for TRACE and OPTIONS alone, where it is a number', async () => {
    const next = async (method: string, value: string) =>
      (await fieldsFor({ method, fields: ['Max-Forwards', value] }))['max-forwards'];
    expect([
      await next('TRACE', '5'),
      await next('OPTIONS', '10'),
      await next('GET', '5'),
      await next('TRACE', 'x'),
    ]).toEqual(['4', '9', '5', 'x']);
  });
});

describe('a request id of a proxy', () => {
  it('is kept where it is printable ASCII of at most 128 characters', () => {
    expect(['a', 'a-b_1', 'x'.repeat(128)].every(isRequestId)).toBe(true);
    expect(['', 'a b', 'ä', 'x'.repeat(129), 'a\n', undefined].some(isRequestId)).toBe(false);
  });
});
