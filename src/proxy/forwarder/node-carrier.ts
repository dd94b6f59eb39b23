import { ClientRequest, type ClientRequestArgs } from 'node:http';
import { BodilessRequest } from '../../platform/bodiless-request.js';
import type { Backend } from '../../upstream/backend.js';
import { RequestBody } from '../client/request-body.js';
import type { ConnectionWatch } from './backend-agent.js';
import { maxResponseHead, type BackendPools } from './backend-pools.js';
import type { AttemptControl, AttemptObserver, ConnectionFigures, ForwardRequest } from './forwarder.js';
import { NodeAttempt } from './node-attempt.js';
import { addressOf, fieldsOf, sendHead } from './node-request.js';

/**
 * Carries what undici cannot: upgrades, `Expect: 100-continue` end to end, request trailers, `TE`, `OPTIONS *`, and heads that must be
 * on the wire before the first byte of the body. Slower than undici, so only those requests come here.
 */
export class NodeCarrier {
  constructor(private readonly pools: BackendPools) {}

  forward(request: ForwardRequest, backend: Backend, observer: AttemptObserver): AttemptControl {
    const attempt = new NodeAttempt(request, observer, { connectTimeout: this.pools.settings.connectTimeout });
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

  #send(request: ForwardRequest, backend: Backend, attempt: NodeAttempt): void {
    const { body, method, ownConnection, path, tie } = request;
    const Request = body === undefined ? BodilessRequest : ClientRequest;
    const options: ClientRequestArgs & ConnectionWatch = {
      onConnecting: attempt.onConnecting,
      ...addressOf(backend),
      agent: this.pools.agent(backend, ownConnection, tie),
      method,
      path,
      headers: fieldsOf(request),
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
