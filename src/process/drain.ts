import { GatewayError } from '../http/gateway-error.js';
import { exchangesOn, type ExchangeSocket, type Exchanges } from '../proxy/exchanges.js';
import type { Listener } from '../listeners/listener.js';

/** Milliseconds for which connections without a request stay open, because a request may be on its way. */
const quietFor = 300;

/**
 * The graceful end of the listeners: no new connections, every answer has `Connection: close`, and exchanges in flight may end
 * within `grace` milliseconds. Exchanges that are left then are cut. Resolves with the number of exchanges that were cut.
 */
export async function drain(listeners: readonly Listener[], exchanges: Exchanges, grace: number): Promise<number> {
  for (const listener of listeners) listener.drain();
  await quiet(listeners, exchanges, performance.now() + grace);
  const cut = exchanges.open;
  for (const listener of listeners) {
    for (const socket of listener.sockets) {
      for (const exchange of exchangesOn(socket as ExchangeSocket)) {
        exchange.fail(new GatewayError('DRAINING', 'The gateway is shutting down.'));
      }
    }
    listener.close();
  }
  return cut;
}

function quiet(listeners: readonly Listener[], exchanges: Exchanges, deadline: number): Promise<void> {
  return new Promise(resolve => {
    let quietSince = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      if (exchanges.open > 0) quietSince = now;
      const connected = listeners.some(listener => listener.connections > 0);
      // A tunnel whose client has gone still says goodbye to its backend.
      if (now < deadline && (exchanges.open > 0 || (connected && now - quietSince < quietFor))) return;
      clearInterval(timer);
      resolve();
    }, 20);
  });
}
