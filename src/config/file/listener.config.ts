import { Block, Key, ListOf } from '../language/key.js';
import { choice, flag } from '../language/kinds/choice.js';
import { duration } from '../language/kinds/duration.js';
import { filePath, socketPath } from '../language/kinds/file-path.js';
import { host } from '../language/kinds/network.js';
import { integer, listenPort, port } from '../language/kinds/number.js';
import { size } from '../language/kinds/size.js';
import { label } from '../language/kinds/text.js';

/** A certificate and its private key. */
class CertificateConfig {
  @Key(filePath, {
    required: true,
    doc: 'PEM file with the certificate, followed by the intermediate certificates that clients need to reach a known root. Read again when it changes, without a restart; a new one that cannot be used is reported in the log, and the old one stays.',
  })
  declare cert: string;

  @Key(filePath, {
    required: true,
    doc: 'PEM file with the private key, not encrypted. Only the user that runs the gateway should be able to read it. Read again when it changes.',
  })
  declare key: string;
}

/** Certificates of clients. */
class ClientAuthConfig {
  @Key(filePath, {
    required: true,
    doc: 'PEM file with the authorities whose certificates are accepted from clients. Read again when it changes.',
  })
  declare ca: string;

  @Key(choice('require', 'optional'), {
    doc: '`require`: a client without a valid certificate is refused in the handshake. `optional`: it may come without one, but not with an invalid one.',
  })
  mode: 'require' | 'optional' = 'require';
}

/** TLS of a listener. */
export class ListenerTlsConfig {
  @ListOf(() => CertificateConfig, {
    required: true,
    min: 1,
    doc: 'The certificates, chosen by SNI from the DNS names in their subjectAltName; a common name does not count. The first is the default for clients that send no name or an unknown one.',
  })
  declare certificates: CertificateConfig[];

  @Key(choice('TLSv1.2', 'TLSv1.3'), {
    doc: 'The oldest protocol version that is accepted. The ciphers are the forward-secret ones of the intermediate list that Mozilla recommends.',
  })
  minVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.2';

  @Block(() => ClientAuthConfig, {
    doc: 'Asks clients for a certificate (mutual TLS). Backends are told of it in `X-Client-Cert-Subject` (RFC 4514) and `X-Client-Cert-Fingerprint` (SHA-256, hex); what clients send under these names is removed, on every listener. Absent: none is asked for.',
  })
  declare clientAuth?: ClientAuthConfig;
}

/** Limits of a listener for one client, and for all clients together. */
class ListenerLimitsConfig {
  @Key(integer(1), {
    doc: 'Open connections on this listener. More are refused at once, so that those that are open stay usable.',
  })
  connections: number = 20_000;

  @Key(integer(0), {
    doc: 'Open connections of one address, or of one IPv6 /64, on this listener. More are closed at once. With `proxyProtocol` the address is the one that the proxy names. Trap: a proxy that passes requests of many clients on over its own connections is one client here, also when it is in `trustedProxies`. Clients of unix sockets have no address. `0` = no limit.',
  })
  connectionsPerClient: number = 0;

  @Key(duration(), {
    doc: 'The whole request head must have arrived in this time after the connection opened or the last response ended, else 408. What stops a client that sends its head drop by drop. `0s` = off.',
  })
  headerTimeout: number = 10_000;

  @Key(duration(), {
    doc: 'The whole request, body included, must have arrived in this time, else 408. `0s` = off: large uploads over slow lines take long for good reasons, and `minBodyRate` is what stops a dripping client.',
  })
  requestTimeout: number = 0;

  @Key(duration(), {
    doc: 'An idle connection is closed after this time. Longer than the idle time of a load balancer in front of the gateway (60 s on most), or that one sends requests into connections that are being closed.',
  })
  keepAliveTimeout: number = 65_000;

  @Key(integer(0), { doc: 'Requests on one connection before it is closed. `0` = no limit.' })
  requestsPerConnection: number = 0;

  @Key(size(), {
    doc: 'Bytes a second. A client that sends its body slower than this (on average, looked at after 20 s; after 5 s while others wait for the place at a backend that it holds) is cut with 408. Only the time counts in which the gateway waits for it: not while the backend does not read, nor while it waits for a connection or its `100 (Continue)` (for 30 s at most). A fast beginning excuses a rest of at most a minute. `0b` = off.',
  })
  minBodyRate: number = 240;

  @Key(duration(), {
    doc: 'A client that reads nothing for this long while data waits for it is cut (499 in the log). The system takes up to a few megabytes before anything waits, and tells of what a client reads in large steps: keep this above half a minute. Never while the backend has nothing to send. `0s` = off.',
  })
  writeTimeout: number = 60_000;
}

/** An address that clients connect to. */
export class ListenerConfig {
  @Key(label, {
    doc: 'What logs, metrics and the admin API call it. Must be unique.',
    defaultText: 'its port, or the path of its socket',
  })
  declare name: string;

  @Key(host, { doc: 'Address to listen on. `0.0.0.0` is every IPv4 address of the machine, `::` every address.' })
  host: string = '0.0.0.0';

  @Key(listenPort, {
    doc: 'Port to listen on. `0` = any free one; the log and the admin API say which.',
    defaultText: '`8080`, unless `unix` is given',
  })
  declare port?: number;

  @Key(socketPath, { doc: 'Path of a unix socket to listen on, instead of `host` and `port`. Relative to the file.' })
  declare unix?: string;

  @Key(port, {
    doc: 'Answers every request with a 308 redirect to the same host and path over https at this port. Nothing else is served then.',
  })
  declare redirectToHttps?: number;

  @Key(flag, {
    doc: 'Connections begin with a PROXY protocol header, version 1 or 2, that says who the client is. It is believed from `trustedProxies` only; connections from elsewhere, or without the header, are refused. On a unix socket everyone is believed who may connect to it.',
  })
  proxyProtocol: boolean = false;

  @Key(flag, {
    doc: 'With `proxyProtocol`: believe the forwarding fields (`X-Forwarded-For`, `Forwarded`, …) on connections whose PROXY header names no client (`UNKNOWN`, `LOCAL`), if the proxy is one of `trustedProxies`. Trap: a proxy that only hands connections on lets its clients write these fields. By default such a request counts as one of the proxy itself, and what it says of others is replaced.',
  })
  trustUnknown: boolean = false;

  @Key(flag, {
    doc: 'HTTP/2 beside HTTP/1.1, chosen by ALPN. Only on listeners with `tls`.',
    defaultText: '`true` with `tls`, else `false`',
  })
  declare http2: boolean;

  @Key(flag, {
    doc: 'HTTP/2 with prior knowledge beside HTTP/1.1 on the same port (RFC 9113 §3.3), as gRPC clients inside a cluster speak it. A connection that begins with the preface of HTTP/2 is served as HTTP/2. Only on listeners without `tls`, where ALPN chooses instead. An offer to upgrade (`Upgrade: h2c`) is not taken, and browsers speak HTTP/2 over TLS only.',
  })
  h2c: boolean = false;

  @Block(() => ListenerTlsConfig, { doc: 'Makes it an https listener. Absent: plain HTTP.' })
  declare tls?: ListenerTlsConfig;

  @Block(() => ListenerLimitsConfig, { doc: 'Limits for clients of this listener.' })
  limits: ListenerLimitsConfig = new ListenerLimitsConfig();
}
