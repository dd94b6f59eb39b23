import { expect, it } from 'vitest';
import type { Explanation } from './explanation.js';
import { explanationText } from './explanation-text.js';

const refused: Explanation = {
  request: { method: 'GET', url: 'http://shop.example/orders/%37', httpVersion: '1.1' },
  listener: { name: 'web', why: 'it has the port 80' },
  client: { address: '203.0.113.9', peer: '203.0.113.9', why: 'the peer of the connection' },
  path: { asked: '/orders/%37', lookedUp: '/orders/7', forwarded: '/orders/%37' },
  routes: [
    { name: 'beta', path: '/orders/*', priority: 2, outcome: 'passed over', why: 'header x-beta = "1" does not hold' },
    { name: 'orders', path: '/orders/*', priority: 0, outcome: 'wins', why: 'any host, path fit' },
    { name: 'ping', path: '/ping', priority: 0, outcome: 'other', why: 'the path does not fit' },
  ],
  moreRoutes: 7,
  route: 'orders',
  notes: [],
  policies: [
    { name: 'ipFilter', verdict: 'passes', says: [] },
    { name: 'rateLimit', verdict: 'refuses', status: 429, says: ['rate-limit 1/1h per address', 'used up'] },
    { name: 'auth', verdict: 'not asked', says: [] },
  ],
  verdict: { kind: 'refused', status: 429, code: 'DENIED', reason: 'rate-limit 1/1h per address', policy: 'rateLimit' },
  upstream: undefined,
  forwarded: undefined,
  response: [],
};

const forwarded: Explanation = {
  ...refused,
  moreRoutes: 0,
  policies: [],
  verdict: { kind: 'forwarded', reason: 'upstream orders, round-robin: a' },
  upstream: {
    name: 'orders',
    strategy: 'round-robin',
    pick: 'round-robin: a',
    panicking: false,
    timeouts: { connect: '2s', response: '30s', idle: 'off' },
    retries: 'off',
    fallback: 'none',
    backends: [
      {
        id: 'a',
        url: 'http://10.0.0.1',
        weight: 1,
        backup: false,
        inFlight: 3,
        places: '3/256',
        waiting: 0,
        circuit: 'closed',
        vetoes: [],
        mayBePicked: true,
      },
      {
        id: 'b',
        url: 'http://10.0.0.2',
        weight: 0.1,
        backup: true,
        inFlight: 0,
        places: '0/256',
        waiting: 2,
        circuit: 'open, half-open in 12s',
        vetoes: [
          { veto: 'draining', by: 'operator', reason: undefined, until: '2026-01-31T12:00:00.000Z' },
          { veto: 'unhealthy', by: 'health check', reason: 'status 500', until: undefined },
        ],
        mayBePicked: false,
      },
    ],
  },
  forwarded: { target: '/7', changes: ['- cookie: ****', '+ via: 1.1 gatehouse'] },
  response: ['- server'],
};

it('tells of a refusal by whom and why, and of what was not asked any more', () => {
  expect(explanationText(refused)).toBe(`GET http://shop.example/orders/%37
  → refused: 429 DENIED by rateLimit (rate-limit 1/1h per address)

listener  web: it has the port 80
client    203.0.113.9: the peer of the connection
path      /orders/%37, looked up as /orders/7, passed on as /orders/%37

routes
  - beta    /orders/*  priority 2; header x-beta = "1" does not hold
  ✓ orders  /orders/*  taken: any host, path fit
  · ping    /ping      the path does not fit
  … and 7 more whose host or path does not fit

policies
  ipFilter   passes
  rateLimit  would refuse: 429  rate-limit 1/1h per address; used up
  auth       not asked
`);
});

it('tells where a request goes, what is changed, and how its backends are', () => {
  const text = explanationText(forwarded);
  expect(text).toContain('  → forwarded to upstream orders, round-robin: a\n');
  expect(text.slice(text.indexOf('to the backend'))).toBe(`to the backend
  /7
  - cookie: ****
  + via: 1.1 gatehouse

in the response
  - server

upstream orders
  strategy  round-robin
  pick      round-robin: a
  timeouts  connect 2s, response 30s, idle off
  retries   off
  fallback  none
     BACKEND     WEIGHT  IN FLIGHT  PLACES         CIRCUIT                 VETOES
  →  a           1       3          3/256          closed                  -
     b (backup)  0.1     0          0/256, 2 wait  open, half-open in 12s  draining by operator until 2026-01-31T12:00:00.000Z, unhealthy by health check (status 500)
`);
});

it('puts what has become of a request before what was foreseen', () => {
  const outcome = {
    status: 502,
    error: 'RESET',
    reason: 'socket hang up',
    route: 'orders',
    upstream: 'orders',
    backend: 'a',
    attempts: 3,
    milliseconds: 41,
  };
  expect(explanationText({ ...forwarded, id: 'r1', outcome })).toContain(`GET http://shop.example/orders/%37
  came to 502, RESET (socket hang up), route orders, upstream orders, backend a, 3 attempts, 41 ms
  foreseen: → forwarded to upstream orders, round-robin: a

id        r1
`);
});

it('says so where it cannot tell, and where the gateway sends the client', () => {
  const unknown = {
    ...refused,
    verdict: { kind: 'unknown', policy: 'auth', reason: 'would ask http://auth/verify' },
  } as const;
  expect(explanationText(unknown)).toContain('\n  cannot be told by auth (would ask http://auth/verify)\n');
  const moved = {
    ...refused,
    verdict: { kind: 'answered', status: 308, fields: ['location: https://new.example/'] },
  } as const;
  expect(explanationText(moved)).toContain('\n  → answered: 308, location: https://new.example/\n');
});
