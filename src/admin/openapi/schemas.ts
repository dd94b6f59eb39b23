import { choice, count, extended, flag, list, number, object, ref, share, text, time, type Members } from './schema.js';

const names = (description: string) => list({ type: 'string' }, description);
const threads = list({ type: 'integer' }, 'Worker threads that have not answered within a second: they are left out.');
const statuses = ['1xx', '2xx', '3xx', '4xx', '5xx'];
const until = time('When it is lifted; absent: it stays until it is lifted by hand.');

const traffic = object(
  'What has ended in the last minute.',
  {
    requests: count('How many.'),
    perSecond: number('How many a second.'),
    failed: count('How many failed on the side of the gateway or of a backend.'),
    failedShare: share('What part of them failed.'),
  },
  { latency: ref('Latency') },
);

const configVersion = object(
  'Which configuration is in force.',
  {
    hash: text('Differs when the configuration does: `gatehouse_config_hash` in hexadecimal.', {
      pattern: '^[0-9a-f]{12}$',
    }),
    loadedAt: time('When it took effect.'),
    pending: names('What takes effect only with the next start, a line each.'),
  },
  {
    refusal: text('Why the configuration that was asked for last is not in force.'),
    lastReload: object('The last time that it was read again.', {
      time: time('When.'),
      result: choice('What became of it.', 'applied', 'unchanged', 'refused'),
    }),
  },
);

/** The schemas of what the admin API answers: those of `src/admin/api/views.ts`. */
export const schemas: Members = {
  Explanation: {
    type: 'object',
    description: 'What decides on a request, in the order of its road: see docs/explain.md.',
    required: ['request', 'listener', 'client', 'routes', 'policies', 'verdict', 'response'],
    properties: {
      verdict: {
        type: 'object',
        description: 'What becomes of it.',
        required: ['kind'],
        properties: {
          kind: choice('What becomes of it.', 'forwarded', 'answered', 'refused', 'unknown'),
          status: number('What the client gets, where the gateway answers.'),
        },
      },
    },
  },
  Latency: object('Milliseconds below which half, nine of ten and 99 of a hundred were: off by a fifth at most.', {
    p50: number('Half.'),
    p90: number('Nine of ten.'),
    p99: number('99 of a hundred.'),
  }),
  Traffic: traffic,
  Statuses: object(
    'Answers by the first digit of their status.',
    Object.fromEntries(statuses.map(status => [status, count(`Answers with ${status}.`)])),
  ),
  TrafficOfAll: extended(traffic, 'The traffic of the last minute.', {
    statuses: ref('Statuses'),
    inFlight: count('Requests that are under way now, event streams and tunnels included.'),
    seconds: list(
      object(
        'What ended in one second.',
        {
          time: time('The second.'),
          requests: count('How many.'),
          failed: count('How many failed.'),
          statuses: ref('Statuses'),
        },
        { latency: ref('Latency') },
      ),
      'The last sixty whole seconds, the oldest first.',
    ),
  }),
  RouteTraffic: extended(traffic, 'The traffic of one route.', { name: text('Its name; `none`: no route matched.') }),
  Route: object(
    'A row of the route table: a path of a route under its hosts of one kind.',
    {
      order: { type: 'integer', minimum: 1, description: 'Place in matching order.' },
      name: text('Name of the route.'),
      hosts: names('`*` for any.'),
      path: text('The path that it matches.'),
      methods: names('Empty: any.'),
      conditions: names('Conditions on fields, the query and clients, in words.'),
      target: text('Where it leads, in words.'),
    },
    {
      priority: { type: 'integer', description: 'Absent: 0.' },
      shadowedBy: text('The earlier route that takes all requests of this row.'),
      traffic: ref('Traffic'),
    },
  ),
  ByHand: object(
    'What is set by hand.',
    {},
    {
      drained: object('It is drained.', {}, { until }),
      weight: object('Its weight.', { value: count('0 to 1000.') }, { until }),
      breaker: object('Its circuit is held open.', { state: choice('Always `open`.', 'open') }, { until }),
    },
  ),
  Backend: object(
    'A backend.',
    {
      id: text('Its id, unique in its upstream.'),
      url: text('Its origin, or `unix:` and a path.'),
      weight: number('The weight in force; 0: no new requests.'),
      backup: flag('Used only when no other backend is left.'),
      inFlight: count('Requests, event streams and tunnels that it carries.'),
      available: flag('It has no veto.'),
      vetoes: list(choice('A veto.', 'unhealthy', 'circuit-open', 'draining', 'removed'), 'Why it gets no requests.'),
    },
    {
      configuredWeight: number('The weight of the configuration.'),
      reasons: {
        type: 'object',
        description: 'What is known of each veto, by its name.',
        additionalProperties: { type: 'string' },
      },
      byHand: ref('ByHand'),
      breaker: object(
        'Its circuit breaker: of several threads, the worst state.',
        { state: choice('Its state.', 'closed', 'half-open', 'open', 'disabled') },
        {
          retryIn: count('Milliseconds until the next request may try; absent: it is not open, or held open by hand.'),
        },
      ),
      probe: object(
        'The last active health check.',
        {
          time: time('When it ended.'),
          result: choice('`inconclusive`: the gateway could not ask.', 'healthy', 'unhealthy', 'inconclusive'),
        },
        { reason: text('Why it is not healthy.') },
      ),
      connections: object('Connections to it, of all threads.', {
        active: count('In use.'),
        idle: count('Not in use.'),
        waiting: count('Requests that wait for one.'),
      }),
      traffic: ref('Traffic'),
    },
  ),
  Upstream: object(
    'An upstream with its backends.',
    {
      name: text('Its name.'),
      strategy: text('Name of its load-balancing strategy.'),
      backends: list(ref('Backend')),
    },
    {
      panicking: flag('Too many backends have a veto: requests go to them in spite of it.'),
      discoveryFailure: text('Why discovery cannot say which backends there are now.'),
      gone: list(
        object('A backend that is not there.', { id: text('Its id.'), byHand: ref('ByHand') }),
        'Backends that are not there now, and for which something is set by hand.',
      ),
    },
  ),
  Lasting: object(
    'An open event stream or tunnel.',
    {
      requestId: text('That of its request.'),
      client: text('Address of the client.'),
      route: text('Name of its route.'),
      path: text('Without the query.'),
      upstream: text('Name of its upstream.'),
      openedAt: time('When it was opened.'),
      bytesIn: count('Bytes from the client.'),
      bytesOut: count('Bytes to the client.'),
    },
    {
      backend: text('Id of its backend; absent: it waits for another one.'),
      protocol: text('Of tunnels: `websocket`.'),
      messagesIn: count('Whole messages of a WebSocket from the client.'),
      messagesOut: count('Whole messages of a WebSocket, or events, to the client.'),
    },
  ),
  LastingList: object(
    'Open event streams or tunnels.',
    { open: count('How many there are.'), listed: list(ref('Lasting'), 'The first of them.') },
    { missing: threads },
  ),
  Error: object(
    'A request that has failed or was refused.',
    {
      time: time('When it ended.'),
      fault: choice('Whose fault it was.', 'client', 'gateway', 'backend'),
      requestId: text('Its id.'),
      client: text('Address of the client.'),
      method: text('Its method.'),
      host: text('The host that it was for.'),
      path: text('Without the query.'),
      listener: text('Name of the listener.'),
      status: count('What the client got; 499 when it went away first.'),
      attempts: count('Tries on backends.'),
      duration: number('Milliseconds.'),
    },
    {
      route: text('Name of the route.'),
      upstream: text('Name of the upstream.'),
      backend: text('Id of the backend of the last try.'),
      error: text('Code of the gateway: see the error codes. Absent: the backend answered with an error.'),
      reason: text('Which policy, limit or place it was, or what the network or the backend said.'),
      policy: text('The policy that refused it.'),
    },
  ),
  ErrorList: object(
    'The last failures and refusals, up to a hundred of each in each thread.',
    { errors: list(ref('Error'), 'The newest first.') },
    { missing: threads },
  ),
  Limit: object(
    'A limit at which requests were refused in the last minute, or wait now.',
    { limit: text('The key of the configuration, or those that it may be.') },
    {
      backend: text('`UPSTREAM/ID`, where it is of one backend.'),
      refused: count('Requests that were refused in the last minute.'),
      waiting: count('Requests that wait now.'),
    },
  ),
  Certificate: object('A certificate that a listener serves.', {
    listener: text('Name of the listener.'),
    file: text('Path of its file.'),
    names: names('The names that it is for.'),
    expires: time('When it expires.'),
    daysLeft: { type: 'integer', description: 'Whole days until then; negative when it has expired.' },
  }),
  Thread: object(
    'A thread of the gateway.',
    {
      thread: text('`main`, or the number of a worker.'),
      state: choice(
        '`silent`: it has not answered within a second. `absent`: it is being replaced.',
        'running',
        'silent',
        'absent',
      ),
    },
    {
      inFlight: count('Requests, event streams and tunnels that it carries.'),
      busy: share('The part of the time in which its event loop was busy, since it was asked last.'),
      loopDelay: count('The longest delay of its event loop in the last minute, in milliseconds.'),
      heapUsed: count('Bytes that its objects take.'),
    },
  ),
  Version: object('Which program runs.', {
    version: text('Version of Gatehouse.'),
    node: text('Version of Node.'),
    pid: count('Number of the process.'),
    startedAt: time('When it was started.'),
  }),
  ConfigVersion: configVersion,
  Config: extended(configVersion, 'The configuration in force.', {
    configuration: {
      type: 'object',
      description: 'Every default shown, in the shape of the file, secrets as `****`: what `gatehouse print` prints.',
    },
  }),
  Status: object('All that goes on at one moment.', {
    time: time('When.'),
    state: choice('The phase of its life.', 'starting', 'ready', 'draining', 'unserved'),
    version: ref('Version'),
    configuration: ref('ConfigVersion'),
    listeners: list(
      object('A listener for clients.', {
        name: text('Its name.'),
        url: text('Its address.'),
        connections: count('Open connections of clients.'),
      }),
    ),
    threads: list(ref('Thread')),
    traffic: ref('TrafficOfAll'),
    routes: list(ref('RouteTraffic'), 'Routes that had traffic in the last minute, the busiest first.'),
    upstreams: list(ref('Upstream')),
    streams: count('Open event streams.'),
    tunnels: count('Open tunnels.'),
    errors: list(
      ref('Error'),
      "The last twenty that were the client's fault, and the last twenty others, the newest first.",
    ),
    limits: list(ref('Limit')),
    certificates: list(ref('Certificate')),
  }),
  Controlled: object(
    'What was done to a backend.',
    {
      upstream: text('Name of the upstream.'),
      changes: names('In words, a line each; empty: it was so already.'),
      warnings: names('What may be unexpected, a line each.'),
    },
    { backend: ref('Backend') },
  ),
  Reloaded: object('What became of the configuration that was read again.', {
    changes: names('In words, a line each; empty: nothing has changed.'),
    pending: names('Of these, what takes effect only with the next start.'),
    warnings: names('Settings that work, but probably not as intended.'),
    problems: names('Empty.'),
  }),
  Problem: object(
    'Why a request was refused (RFC 9457).',
    {
      type: text('`about:blank`.'),
      title: text('The phrase of the status.'),
      status: { type: 'integer', description: 'The status.' },
      detail: text('What is wrong, and what to do.'),
    },
    { problems: names('Several lines that say more.') },
  ),
};
