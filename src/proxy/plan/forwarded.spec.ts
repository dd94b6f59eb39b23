import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrustedProxies } from '../../http/client-address.js';
import { forwardedElement, forwardedOf, reportedPort, reportedWay, type ReportedWay } from './forwarded.js';

const nothing: ReportedWay = {
  forwardedFor: undefined,
  forwardedProto: undefined,
  forwardedHost: undefined,
  forwardedPort: undefined,
};
const told = (way: Partial<ReportedWay>): string =>
  forwardedOf({ ...nothing, ...way }, '10.0.0.1', 'in.example', 'http');
const own = 'for=10.0.0.1;host=in.example;proto=http';

describe('an element of Forwarded', () => {
  it.each([
    ['9.9.9.9', 'shop.example', 'for=9.9.9.9;host=shop.example;proto=http'],
    ['2001:db8::1', '[::1]:8080', 'for="[2001:db8::1]";host="[::1]:8080";proto=http'],
    ['unix', 'a', 'for=unknown;host=a;proto=http'],
    ['9.9.9.9', '', 'for=9.9.9.9;proto=http'],
  ])('for %s and host "%s" is %s', (address, authority, expected) => {
    expect(forwardedElement(address, authority, 'http')).toBe(expected);
  });
});

describe('Forwarded, made of X-Forwarded-*', () => {
  it.each<[string, Partial<ReportedWay>, string]>([
    ['is about the peer where nothing is told', {}, own],
    [
      'has an element for each address',
      { forwardedFor: '9.9.9.9, 2001:DB8::1,10.0.0.2:80' },
      `for=9.9.9.9, for="[2001:db8::1]", for=10.0.0.2, ${own}`,
    ],
    [
      'has host and scheme in the first',
      { forwardedFor: '9.9.9.9, 10.0.0.2', forwardedProto: 'https', forwardedHost: 'shop.example:81' },
      `for=9.9.9.9;host="shop.example:81";proto=https, for=10.0.0.2, ${own}`,
    ],
    [
      'has them in its own where no address is told',
      { forwardedProto: 'https', forwardedHost: 'shop.example' },
      'for=10.0.0.1;host=shop.example;proto=https',
    ],
    [
      'takes the first of several',
      { forwardedFor: '9.9.9.9', forwardedProto: 'https, http', forwardedHost: 'a.example , b.example' },
      `for=9.9.9.9;host=a.example;proto=https, ${own}`,
    ],
    [
      'calls what is no address unknown',
      { forwardedFor: 'evil";proto=x, _hidden, unknown' },
      `for=unknown, for=_hidden, for=unknown, ${own}`,
    ],
    [
      'leaves out what is no host or scheme',
      { forwardedFor: '9.9.9.9', forwardedProto: 'a;b', forwardedHost: 'x"y' },
      `for=9.9.9.9, ${own}`,
    ],
    [
      'is about the peer where the list is empty',
      { forwardedFor: ' , ', forwardedProto: 'https' },
      'for=10.0.0.1;host=in.example;proto=https',
    ],
  ])('%s', (_, way, expected) => {
    expect(told(way)).toBe(expected);
  });

  it('has a bounded length for a giant list', () => {
    expect(told({ forwardedFor: `9.9.9.9${',1'.repeat(20_000)}` }).split(',')).toHaveLength(101);
  });
});

describe('X-Forwarded-*, made of Forwarded', () => {
  const way = (forwarded: string, sent: Partial<ReportedWay> = {}): Partial<ReportedWay> => {
    const trusted = new TrustedProxies(['10.0.0.0/8']);
    return reportedWay(forwarded, { ...nothing, ...sent }, trusted.clientAddress('10.0.0.1', { forwarded }));
  };

  it('have all addresses, and host and scheme of the client', () => {
    expect(way('for=9.9.9.9;host=shop.example;proto=https, For="[2001:db8::1]:80", for=10.0.0.2')).toEqual({
      ...nothing,
      forwardedFor: '9.9.9.9, 2001:db8::1, 10.0.0.2',
    });
    expect(way('for="9.9.9.9:1";Host="shop.example:81";PROTO=https, for=10.0.0.2;host=in;proto=http')).toEqual({
      forwardedFor: '9.9.9.9, 10.0.0.2',
      forwardedProto: 'https',
      forwardedHost: 'shop.example:81',
      forwardedPort: undefined,
    });
  });

  it('do not believe the host and scheme that the client itself has claimed', () => {
    const claimed = way('for=1.1.1.1;host=evil.example;proto=gopher, for=9.9.9.9;proto=https, for=10.0.0.2');
    expect(claimed).toEqual({ ...nothing, forwardedFor: '1.1.1.1, 9.9.9.9, 10.0.0.2', forwardedProto: 'https' });
  });

  it('end where an element does not say who asked', () => {
    expect(way('proto=https;host=shop.example')).toEqual({
      forwardedFor: undefined,
      forwardedProto: 'https',
      forwardedHost: 'shop.example',
      forwardedPort: undefined,
    });
    expect(way('for=1.1.1.1;proto=gopher, proto=https').forwardedFor).toBeUndefined();
    expect(way('for=1.1.1.1, for=_hidden;proto=https')).toMatchObject({
      forwardedFor: '1.1.1.1, unknown',
      forwardedProto: 'https',
    });
  });

  it('keep what the proxy has sent of them', () => {
    const sent = { forwardedProto: 'http', forwardedHost: 'sent.example' };
    expect(way('for=9.9.9.9;host=shop.example;proto=https', sent)).toEqual({
      ...nothing,
      ...sent,
      forwardedFor: '9.9.9.9',
    });
  });

  it('say nothing for a field that cannot be read', () => {
    expect(way('for="9.9.9.9')).toEqual(nothing);
    expect(way('for=9.9.9.9;host="a b";proto="x y"')).toEqual({ ...nothing, forwardedFor: '9.9.9.9' });
  });

  it('and back: the client is the same, whichever field is read', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('10.0.0.2', '10.1.1.1', 'unknown', '_a', 'x"'));
    const trusted = new TrustedProxies(['10.0.0.0/8']);
    fc.assert(
      fc.property(fc.array(address, { maxLength: 5 }), hops => {
        const list = hops.join(', ');
        const forwarded = forwardedOf({ ...nothing, forwardedFor: list }, '10.0.0.1', 'in.example', 'http');
        const client = trusted.clientAddress('10.0.0.1', { 'x-forwarded-for': list });
        expect(trusted.clientAddress('10.0.0.9', { forwarded })).toBe(client);
        const { forwardedFor = '' } = reportedWay(forwarded, nothing, client);
        expect(trusted.clientAddress('10.0.0.9', { 'x-forwarded-for': forwardedFor })).toBe(client);
      }),
    );
  });
});

describe('the port that a client has used, behind a trusted proxy', () => {
  const listener = { scheme: 'http', port: 8080 } as const;
  const port = (way: Partial<ReportedWay>, hostPort = ''): string | undefined =>
    reportedPort({ ...nothing, ...way }, hostPort, listener);

  it.each<[what: string, way: Partial<ReportedWay>, hostPort: string, expected: string]>([
    ['is what the proxy says', { forwardedPort: '444', forwardedHost: 'a:1', forwardedProto: 'https' }, '2', '444'],
    ['else stands in the host that it tells', { forwardedHost: 'a:1', forwardedProto: 'https' }, '2', '1'],
    ['else stands in the host of the request', { forwardedProto: 'https' }, '2', '2'],
    ['else is that of the scheme that it tells', { forwardedProto: 'https' }, '', '443'],
    ['else is that of the scheme, of several the first', { forwardedProto: 'HTTPS, http' }, '', '443'],
    ['is that of the scheme of a WebSocket, too', { forwardedProto: 'wss' }, '', '443'],
    ['is that of the listener’s scheme where it tells the host only', { forwardedHost: 'shop.example' }, '2', '80'],
    ['is that of the first of several hosts', { forwardedHost: '[::1]:81, b:82' }, '', '81'],
    ['is the listener’s where it tells nothing', { forwardedFor: '9.9.9.9' }, '', '8080'],
    ['is the listener’s where the scheme is none that is known', { forwardedProto: 'gopher' }, '', '8080'],
  ])('%s', (_, way, hostPort, expected) => {
    expect(port(way, hostPort)).toBe(expected);
  });
});
