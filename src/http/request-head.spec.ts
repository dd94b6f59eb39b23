import { describe, expect, it } from 'vitest';
import { RequestFieldRules } from './request-field-rules.js';
import { RequestHead } from './request-head.js';

const passed = (...raw: string[]): string[] => new RequestHead(raw).passed;

describe('the head of a request', () => {
  it('passes ordinary fields in their order, spelling and repetition', () => {
    const raw = ['X-One', '1', 'x-two', '2', 'X-ONE', '3', 'Cookie', 'a=b', 'x-one', ''];
    expect(passed('Host', 'a.example', ...raw)).toEqual(raw);
  });

  it('keeps back the fields that end at this hop', () => {
    const head = new RequestHead([
      ...['Connection', 'keep-alive', 'Keep-Alive', 'timeout=5', 'Proxy-Connection', 'keep-alive', 'TE', 'gzip'],
      ...['Transfer-Encoding', 'chunked', 'Upgrade', 'h2c', 'HTTP2-Settings', 'AAMAAABk', 'Proxy-Authorization', 'x'],
      ...['Proxy-Authenticate', 'Basic', 'Trailer', 'x-sum'],
    ]);
    expect(head.passed).toEqual(['Trailer', 'x-sum']);
    expect(head.acceptsTrailers).toBe(false);
    expect(head.chunked).toBe(true);
  });

  it('removes what Connection names, wherever and however often it stands', () => {
    expect(
      passed(
        'X-Hop',
        '1',
        'Connection',
        'close, X-HOP',
        'x-hop',
        '2',
        'X-Other',
        '3',
        'Connection',
        'x-third',
        'X-Third',
        '4',
      ),
    ).toEqual(['X-Other', '3']);
  });

  it('takes only space and tab for white space around what Connection names', () => {
    const named = ['Connection', ' x-a\t,\t x-b , x-c\xa0', 'X-A', '1', 'X-B', '2', 'X-C', '3'];
    expect(new RequestHead(named).passed).toEqual(['X-C', '3']);
  });

  it('does not let Connection name away what frames, addresses or authenticates the message', () => {
    const head = new RequestHead([
      ...['Host', 'a.example', 'Content-Length', '3', 'Authorization', 'Bearer x', 'Cookie', 'a=b'],
      ...['Connection', 'host, content-length, authorization, cookie'],
    ]);
    expect(head.passed).toEqual(['Authorization', 'Bearer x', 'Cookie', 'a=b']);
    expect(head.contentLength).toBe('3');
    expect(head.host).toBe('a.example');
  });

  it('drops look-alikes of the forwarding fields, and no other name with an underscore', () => {
    expect(
      passed(
        'X_Forwarded_For',
        '1.2.3.4',
        'x-forwarded_for',
        '1',
        'X_Real_IP',
        '1',
        'X_Request_Id',
        '1',
        'my_field',
        'kept',
      ),
    ).toEqual(['my_field', 'kept']);
  });

  it('drops what clients say of their certificates, in each spelling of the field names', () => {
    const names = [
      'X-Client-Cert-Subject',
      'x-client-cert-FINGERPRINT',
      'X_Client_Cert_Subject',
      'x-client_cert-fingerprint',
    ];
    expect(passed(...names.flatMap(name => [name, 'forged']), 'X-Client-Certain', 'kept')).toEqual([
      'X-Client-Certain',
      'kept',
    ]);
    expect(new RequestHead(['x-client-cert-subject', 'forged']).claimsCertificate).toBe(true);
    expect(new RequestHead(['X-Client', 'forged']).claimsCertificate).toBe(false);
  });

  it.each([
    [[], false],
    [['Content-Length', '0'], false],
    [['Content-Length', '5'], true],
    [['Transfer-Encoding', 'chunked'], true],
  ])('with %j tells that a body follows: %s', (raw, expected) => {
    expect(new RequestHead(raw).hasBody).toBe(expected);
  });

  it('understands trailers among other codings of TE', () => {
    expect(new RequestHead(['TE', 'deflate;q=0.5, Trailers']).acceptsTrailers).toBe(true);
    expect(new RequestHead(['TE', 'trailersx']).acceptsTrailers).toBe(false);
  });

  it('knows what the client accepts, and passes it as it is', () => {
    const head = new RequestHead(['ACCEPT', 'text/html', 'x-a', 'b', 'accept', 'text/event-stream']);
    expect(head.accept).toBe('text/html, text/event-stream');
    expect(head.passed).toEqual(['ACCEPT', 'text/html', 'x-a', 'b', 'accept', 'text/event-stream']);
  });

  it('counts fields, bytes and hosts', () => {
    const head = new RequestHead(['Host', 'a', 'host', 'b', 'X', 'yz']);
    expect([head.count, head.size, head.hosts]).toEqual([3, 13, 2]);
  });

  it('keeps what it says of other clients from untrusted senders, and tells what that was', () => {
    const raw = ['X-Forwarded-Prefix', '/x', 'X_Forwarded_Ssl', 'on', 'CF-Connecting-IP', '1', 'X-Forwarded-For', '2'];
    const untrusted = new RequestHead(raw);
    expect(untrusted.passed).toEqual([]);
    expect(untrusted.forwardedFor).toBeUndefined();
    expect(untrusted.forged).toEqual(['x-forwarded-prefix', 'x_forwarded_ssl', 'cf-connecting-ip', 'x-forwarded-for']);
    const trusted = new RequestHead(raw, new RequestFieldRules(), true);
    expect(trusted.passed).toEqual(['X-Forwarded-Prefix', '/x', 'CF-Connecting-IP', '1']);
    expect([trusted.forwardedFor, trusted.forged]).toEqual(['2', ['x_forwarded_ssl']]);
  });

  it('knows of what the configuration adds, keeps, and calls the id of a request', () => {
    const rules = new RequestFieldRules({
      forwardedFields: { add: ['x-edge', 'odd_name'], keep: ['x-forwarded-prefix', 'client-ip'] },
      requestId: 'x-trace',
    });
    const raw = ['X-Edge', '1', 'odd_name', '2', 'Odd-Name', '3', 'X_Forwarded_Prefix', '4', 'Client-IP', '5'];
    const head = new RequestHead([...raw, 'X-Trace', '6', 'X-Request-Id', '7'], rules);
    expect(head.passed).toEqual(['X_Forwarded_Prefix', '4', 'Client-IP', '5', 'X-Request-Id', '7']);
    expect(new RequestHead(['X-Trace', '6'], rules, true).requestId).toBe('6');
  });
});
