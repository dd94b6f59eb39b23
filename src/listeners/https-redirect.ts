import { GatewayError } from '../http/gateway-error.js';
import type { Exchange } from '../proxy/exchange.js';

const noHost = new GatewayError('DENIED', 'A request without a Host cannot be redirected.', 'no host', 400);

/** Answers an exchange with 308 to the same target over https at `port`: the client sends method and body again (RFC 9110 §15.4.9). */
export function redirectToHttps(exchange: Exchange, port: number): void {
  // No route serves this request, so the answer has no route name and no response headers of a route.
  exchange.location.leaveRoute();
  if (exchange.host === '') {
    exchange.fail(noHost);
    return;
  }
  const authority = port === 443 ? exchange.host : `${exchange.host}:${port}`;
  const query = exchange.query === undefined ? '' : `?${exchange.query}`;
  const target = exchange.path === '*' ? '' : `${exchange.path}${query}`;
  exchange.respond({
    status: 308,
    headers: ['Location', `https://${authority}${target}`, 'Content-Length', '0'],
    body: '',
  });
}
