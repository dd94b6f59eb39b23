import { choice, list, number, ref, text, type Members, type Schema } from './schema.js';

/** A parameter in the query, or a member of the body of a request that changes something. */
interface Value {
  readonly schema: Schema;
  readonly required?: boolean;
}

/** What one method of one path does. */
export interface Operation {
  readonly summary: string;
  readonly description?: string;
  /** Values in the query; of a POST also in a JSON object as the body. */
  readonly values?: Readonly<Record<string, Value>>;
  /** The values stand only in the body. */
  readonly bodyOnly?: boolean;
  /** What it answers with 200. */
  readonly answer: { readonly type: string; readonly schema: Schema; readonly description: string };
  /** An answer, for the document. */
  readonly example?: unknown;
  /** The statuses of refusals that are its own. */
  readonly refusals?: readonly number[];
}

const json = (schema: Schema, description: string) => ({ type: 'application/json', schema, description });
const events = (description: string) => ({
  type: 'text/event-stream',
  schema: text('Server-sent events.'),
  description,
});
const health = json({ type: 'object', description: 'A report of Terminus.' }, 'It is well.');

const duration = text('A duration such as `10m`; absent: until it is lifted, or the gateway ends.', {
  pattern: '^\\d+(\\.\\d+)?(ms|s|m|h)$',
});
const limit = {
  schema: { type: 'integer', minimum: 1, maximum: 1_000, default: 100, description: 'How many at most.' },
};
const route = text('Names of routes, with commas between them, or `none`: no route matched.');

const backend = {
  id: '127.0.0.1:3101',
  url: 'http://127.0.0.1:3101',
  weight: 1,
  configuredWeight: 1,
  backup: false,
  inFlight: 2,
  available: true,
  vetoes: [],
  breaker: { state: 'closed' },
  traffic: {
    requests: 1200,
    perSecond: 20,
    failed: 3,
    failedShare: 0.003,
    latency: { p50: 12.1, p90: 30.4, p99: 95.2 },
  },
};
const drained = {
  ...backend,
  available: false,
  vetoes: ['draining'],
  reasons: { draining: 'by hand, until 2026-11-30T14:29:48.123Z' },
  byHand: { drained: { until: '2026-11-30T14:29:48.123Z' } },
};
const controlled = (description: string, change: string, of: object = backend) => ({
  answer: json(ref('Controlled'), description),
  example: { upstream: 'orders', backend: of, changes: [change], warnings: [] },
  refusals: [400, 404],
});

/** All that the admin listener serves, by method and path. */
export const operations: Readonly<Record<string, Operation>> = {
  'GET /health': {
    summary: 'Health with its reasons',
    description:
      'Needs no token, and tells no more than the status without it. 503: not ready. The reasons stand in `details`.',
    answer: health,
    refusals: [503],
  },
  'GET /health/live': { summary: 'Whether the process can answer at all', answer: health },
  'GET /health/startup': {
    summary: 'Whether the gateway has been ready once',
    answer: health,
    refusals: [503],
  },
  'GET /health/ready': { summary: 'Whether traffic may come', answer: health, refusals: [503] },
  'GET /metrics': {
    summary: 'Metrics for Prometheus',
    answer: {
      type: 'text/plain',
      schema: text('Text format of Prometheus.'),
      description: 'The metrics of all threads.',
    },
  },
  'GET /openapi.json': {
    summary: 'This document',
    answer: json({ type: 'object', description: 'OpenAPI 3.1.' }, 'The document.'),
  },
  'GET /status': {
    summary: 'All that goes on now',
    description: 'Traffic of the last minute, routes, upstreams, errors, limits that bite, threads, certificates.',
    answer: json(ref('Status'), 'The status.'),
  },
  'GET /live': {
    summary: 'The status, each second',
    description:
      'Server-sent events named `status`, each with a `Status` as its data. Made once for all clients, sixteen at most, and not at all while there is none. A slow client misses some.',
    answer: events('The events.'),
    refusals: [503],
  },
  'GET /tail': {
    summary: 'Requests as they end',
    description:
      'Server-sent events: `exchange` with an access line as its data, and `dropped` with `{"dropped": 12}` when the client reads too slowly. Eight may watch at once. All filters must fit; each thread filters for itself.',
    values: {
      route: { schema: route },
      upstream: { schema: text('Name of an upstream.') },
      backend: { schema: text('Id of a backend, or `upstream/id`.') },
      status: { schema: text('Statuses such as `404`, `5xx` or `400-499`, with commas between them.') },
      slowerThan: { schema: text('Only what took longer: a duration such as `200ms`.') },
      client: { schema: text('An address, or a range such as `10.0.0.0/8`.') },
    },
    answer: events('The events.'),
    refusals: [400, 404, 503],
  },
  'GET /routes': {
    summary: 'The route table',
    answer: json(list(ref('Route')), 'In matching order.'),
    example: [
      {
        order: 1,
        name: 'orders',
        hosts: ['*'],
        path: '/orders/*',
        methods: [],
        conditions: [],
        target: 'upstream orders',
        traffic: {
          requests: 60,
          perSecond: 1,
          failed: 0,
          failedShare: 0,
          latency: { p50: 12.1, p90: 30.4, p99: 95.2 },
        },
      },
    ],
  },
  'GET /upstreams': {
    summary: 'Upstreams and their backends',
    answer: json(list(ref('Upstream')), 'In the order of the configuration.'),
    example: [{ name: 'orders', strategy: 'round-robin', backends: [backend] }],
  },
  'GET /errors': {
    summary: 'The last failures and refusals',
    values: {
      limit,
      fault: { schema: choice('Whose fault.', 'client', 'gateway', 'backend') },
      route: { schema: route },
    },
    answer: json(ref('ErrorList'), 'The newest first.'),
    example: {
      errors: [
        {
          time: '2026-11-30T14:19:48.123Z',
          fault: 'backend',
          requestId: '01JDXV7K4T',
          client: '203.0.113.7',
          method: 'GET',
          host: 'shop.example',
          path: '/orders/7',
          listener: 'web',
          status: 502,
          route: 'orders',
          upstream: 'orders',
          backend: '127.0.0.1:3101',
          attempts: 2,
          error: 'CONNECT_FAILED',
          reason: 'connect ECONNREFUSED 127.0.0.1:3101',
          duration: 3.2,
        },
      ],
    },
    refusals: [400, 404],
  },
  'GET /streams': {
    summary: 'Open event streams',
    values: { limit },
    answer: json(ref('LastingList'), 'How many there are, and the first of them.'),
    refusals: [400],
  },
  'GET /tunnels': {
    summary: 'Open WebSockets and other upgrades',
    values: { limit },
    answer: json(ref('LastingList'), 'How many there are, and the first of them.'),
    refusals: [400],
  },
  'GET /certificates': {
    summary: 'Certificates of the listeners',
    answer: json(list(ref('Certificate')), 'With the days that are left.'),
    example: [
      {
        listener: 'web',
        file: '/etc/gatehouse/shop.pem',
        names: ['shop.example'],
        expires: '2027-02-28T12:00:00.000Z',
        daysLeft: 89,
      },
    ],
  },
  'GET /config': { summary: 'The configuration in force', answer: json(ref('Config'), 'With secrets masked.') },
  'GET /version': {
    summary: 'Which program runs',
    answer: json(ref('Version'), 'Its version.'),
    example: { version: '0.1.0', node: 'v26.10.0', pid: 4711, startedAt: '2026-11-30T12:00:00.000Z' },
  },
  'POST /upstreams/{upstream}/backends/{backend}/drain': {
    summary: 'Drain a backend',
    values: { for: { schema: duration } },
    ...controlled(
      'It is drained.',
      'orders/127.0.0.1:3101 is drained by hand, until 2026-11-30T14:29:48.123Z',
      drained,
    ),
  },
  'POST /upstreams/{upstream}/backends/{backend}/undrain': {
    summary: 'End that',
    ...controlled('It is not drained.', 'orders/127.0.0.1:3101 is no longer drained by hand'),
  },
  'POST /upstreams/{upstream}/backends/{backend}/weight': {
    summary: 'Give a backend another weight',
    values: {
      weight: {
        schema: { description: '0 to 1000, or `reset`: that of the configuration again.', type: ['string', 'integer'] },
        required: true,
      },
      for: { schema: duration },
    },
    ...controlled('It has that weight.', 'orders/127.0.0.1:3101 has weight 5 by hand', { ...backend, weight: 5 }),
  },
  'POST /upstreams/{upstream}/backends/{backend}/breaker/open': {
    summary: 'Hold a circuit open',
    description: 'It stays open in all threads until it is closed or reset, or its time is over, also over a reload.',
    values: { for: { schema: duration } },
    ...controlled('It is open.', 'the circuit of orders/127.0.0.1:3101 is held open by hand'),
    refusals: [400, 404, 409],
  },
  'POST /upstreams/{upstream}/backends/{backend}/breaker/close': {
    summary: 'Close a circuit',
    description: 'Also one that has opened by itself. What has failed is kept: it may open at the next failure.',
    ...controlled('It is closed.', 'the circuit of orders/127.0.0.1:3101 is closed by hand'),
  },
  'POST /upstreams/{upstream}/backends/{backend}/breaker/reset': {
    summary: 'Close a circuit, and forget what has failed',
    ...controlled('It is closed.', 'the circuit of orders/127.0.0.1:3101 is reset by hand'),
  },
  'POST /explain': {
    summary: 'Tell what the gateway would do with a request now, and why',
    description: 'Changes nothing, and is no line in the log: limits are read and not counted, no server is asked.',
    bodyOnly: true,
    values: {
      url: { schema: text('A URL, or a path.'), required: true },
      method: { schema: text('Default: GET.') },
      headers: {
        schema: {
          type: 'object',
          description: 'By name; a list where one comes several times.',
          additionalProperties: { type: ['string', 'array'], items: { type: 'string' } },
        },
      },
      ip: { schema: text('Where its connection comes from; default: 127.0.0.1.') },
      listener: { schema: text('Name of the listener; default: the first that fits the URL.') },
    },
    answer: json(ref('Explanation'), 'The explanation.'),
    refusals: [400, 404, 413],
  },
  'GET /explanations': {
    summary: 'The explanations of requests that carried the admin token in `X-Gateway-Explain`',
    values: { id: { schema: text('Id of the request; absent: the ids of all that are kept.') } },
    answer: json(
      { oneOf: [list({ type: 'string' }, 'Ids, the newest first.'), ref('Explanation')] },
      'The ids, or one explanation.',
    ),
    refusals: [400, 404],
  },
  'POST /reload': {
    summary: 'Read the configuration again',
    answer: json(ref('Reloaded'), 'It is in force.'),
    example: { changes: ['route orders: timeouts.response 5s → 8s'], pending: [], warnings: [], problems: [] },
    refusals: [422, 501],
  },
  'POST /handover': {
    summary: 'A successor listens: end gracefully',
    answer: json(
      { type: 'object', properties: { pid: number('Number of the process that ends.') }, required: ['pid'] },
      'It ends.',
    ),
    example: { pid: 4711 },
    refusals: [501],
  },
};

/** What is meant by the parts of a path. */
export const pathParameters: Members = {
  upstream: text('Name of an upstream.'),
  backend: text('Id of one of its backends, percent-encoded.'),
};
