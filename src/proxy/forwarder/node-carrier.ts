import { ClientRequest, type ClientRequestArgs } from 'node:http';
import type { Backend } from '../../upstream/backend.js';
import type { ConnectionWatch } from './backend-agent.js';
import { maxResponseHead, type BackendPools } from './backend-pools.js';
import { BodilessRequest } from './bodiless-request.js';
import { CarriedAttempt, sendHead } from './carried-attempt.js';
import type { AttemptControl, AttemptObserver, ConnectionFigures, ForwardRequest } from './forwarder.js';
import { RequestBody } from '../client/request-body.js';

/**
 * Carries what undici cannot: upgrades, `Expect: 100-continue` end to end, request trailers, `TE`, `OPTIONS *`, and heads that must be
 * on the wire before the first byte of the body. Slower than undici, so only those requests come here.
 */
export class NodeCarrier {
  constructor(private readonly pools: BackendPools) {}

  forward(request: ForwardRequest, backend: Backend, observer: AttemptObserver): AttemptControl {
    const attempt = new CarriedAttempt(request, observer, { connectTimeout: this.pools.settings.connectTimeout });
    try {
      this.#send(request, backend, attempt);
    } catch (error) {
      // Node checks a request when it is made, and throws for one that it cannot write.
      attempt.fail(error as Error);
    }
    return attempt;
  }

  connections(backend: Backend): ConnectionFigures {
    return this.pools.agentFigures(backend);
  }

  #send(request: ForwardRequest, backend: Backend, attempt: CarriedAttempt): void {
    const { body } = request;
    const headers = [...request.headers];
    if (request.upgrade !== undefined) headers.push('Connection', 'Upgrade', 'Upgrade', request.upgrade);
    else if (request.acceptsTrailers === true) headers.push('Connection', 'keep-alive, TE');
    if (request.expectsContinue) headers.push('Expect', '100-continue');
    if (body instanceof RequestBody && body.length === undefined) headers.push('Transfer-Encoding', 'chunked');
    const { url, socketPath } = backend;
    const Request = body === undefined ? BodilessRequest : ClientRequest;
    const options: ClientRequestArgs & ConnectionWatch = {
      onConnecting: attempt.onConnecting,
      protocol: url.protocol,
      agent: this.pools.agent(backend, request.ownConnection, request.tie),
      ...(socketPath === undefined ? { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port } : { socketPath }),
      method: request.method,
      path: request.path,
      headers,
      setHost: false,
      maxHeaderSize: maxResponseHead,
    };
    const client = new Request(options);
    attempt.watch(client);
    if (body instanceof RequestBody) {
      sendHead(client);
      body.pipe(client);
    } else client.end(body);
  }
}
