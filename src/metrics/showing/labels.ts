/** What a label of the gateway's metrics says. */
interface LabelMeaning {
  readonly means: string;
  /** All values that it can have, where those are no names of a configuration. The same label of different metrics has different ones of these. */
  readonly values?: readonly string[];
}

/** The labels of the gateway's metrics. Each comes from names of the configuration, from what discovery has found, or from a list: never from a client. */
export const labelMeanings: Readonly<Record<string, LabelMeaning>> = {
  listener: { means: 'The name of a listener; its port where it has none.' },
  route: { means: 'The name of a route; `none` where no route has matched.' },
  upstream: { means: 'The name of an upstream.' },
  backend: {
    means:
      'The id of a backend: its host and port where it has none. Series of a backend that discovery no longer finds end once their last counts were scraped. Empty for an event stream that waits for one.',
  },
  status: {
    means:
      'The status of an answer: its number where that is registered, else its class, as `5xx`, so that `status=~"5.."` finds both. `other` where there was none. Of backends the class alone.',
  },
  code: {
    means:
      'The code of an [error](errors.md) of the gateway; of WebSockets the close code, `application` for 3000 to 4999, `none` without a Close frame.',
  },
  policy: {
    means:
      'The kind of policy that refused the request, as in the [log](logging.md), or the name of a policy of your own; else `none`.',
  },
  limit: {
    means:
      'The limit as the configuration has it: `security.rateLimit 10/1s per address`, `connections.queue`, `overload.eventLoopDelay`. At most 50 of a route, then `other`.',
  },
  outcome: { means: 'How an attempt ended.', values: ['success', 'failure', 'ignored'] },
  result: {
    means: 'What came of it.',
    values: [
      'healthy',
      'unhealthy',
      'inconclusive',
      'resumed',
      'failed',
      'applied',
      'unchanged',
      'refused',
      'exported',
      'dropped',
    ],
  },
  reason: {
    means:
      'Why: of retries what failed before; of connections that were refused which limit it was, or what went wrong at the PROXY header or the TLS handshake; of workers how they ended.',
    values: [
      'connect-failure',
      'reset',
      'timeout',
      'status',
      'stale',
      'limit',
      'client',
      'descriptors',
      'proxy-untrusted',
      'proxy-malformed',
      'proxy-timeout',
      'proxy-closed',
      'tls-version',
      'tls-cipher',
      'tls-protocol',
      'tls-client-certificate',
      'tls-alert',
      'tls-not-tls',
      'tls-timeout',
      'tls-closed',
      'tls-failed',
      'crashed',
      'stuck',
      'memory',
    ],
  },
  state: { means: 'Whether a connection carries a request.', values: ['active', 'idle'] },
  to: { means: 'The state that a circuit came into.', values: ['open', 'half-open', 'closed'] },
  direction: { means: '`in`: from the client; `out`: to the client.', values: ['in', 'out'] },
  kind: { means: 'The kind of a frame.', values: ['text', 'binary', 'ping', 'pong'] },
  protocol: { means: 'What has lasted.', values: ['sse', 'websocket'] },
  for: { means: 'What memory is kept for.', values: ['bodies', 'answers'] },
  certificate: { means: 'The file of a certificate.' },
  thread: { means: '`main`, or the number of a worker.' },
  log: { means: 'Which log.', values: ['application', 'access'] },
  version: { means: 'The version of the gateway.' },
};
