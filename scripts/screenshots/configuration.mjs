/** The configuration of the gateway in the screenshots: a shop, as it may be. */
const backend = port => `http://127.0.0.1:${port}`;

/** Ports of all backends, by upstream. The last one of `stock` has no server. */
export const ports = {
  orders: [3101, 3102, 3103, 3104],
  catalogue: [3201, 3202, 3203],
  search: [3301, 3302],
  stock: [3401, 3402],
  prices: [3501],
  chat: [3601],
};

/** The file, as text: JSON is YAML. */
export function configuration({ admin, key, cert, port, tlsPort }) {
  return JSON.stringify({
    workers: 2,
    logging: { level: 'error' },
    shutdown: { grace: '1s' },
    listeners: [
      { name: 'web', host: '127.0.0.1', port },
      { name: 'secure', host: '127.0.0.1', port: tlsPort, tls: { certificates: [{ cert, key }] } },
    ],
    admin: { port: admin },
    upstreams: {
      orders: {
        backends: ports.orders.map((each, index) => ({ url: backend(each), weight: index === 0 ? 3 : 1 })),
        strategy: 'least-connections',
        healthCheck: { path: '/healthz', interval: '2s', timeout: '1s' },
        circuitBreaker: { failOn: ['connect-failure', 'reset', 'timeout', '5xx'], openFor: '20s' },
      },
      catalogue: {
        backends: [...ports.catalogue.slice(0, 2).map(backend), { url: backend(ports.catalogue[2]), backup: true }],
        healthCheck: { path: '/healthz', interval: '2s', timeout: '1s' },
      },
      search: { backends: ports.search.map(backend), strategy: 'random' },
      stock: { backends: ports.stock.map(backend), healthCheck: { path: '/healthz', interval: '2s', timeout: '1s' } },
      prices: { backends: ports.prices.map(backend) },
      chat: { backends: ports.chat.map(backend), circuitBreaker: { enabled: false } },
    },
    routes: [
      { name: 'orders', match: { hosts: ['shop.example'], path: '/orders/*' }, upstream: 'orders' },
      { name: 'catalogue', match: { path: ['/catalogue/*', '/images/*'] }, upstream: 'catalogue' },
      {
        name: 'search',
        match: { path: '/search', methods: ['GET'] },
        upstream: 'search',
        security: { rateLimit: { limit: 100, per: '10s' } },
      },
      { name: 'stock', match: { path: '/stock/*' }, upstream: 'stock' },
      { name: 'prices', match: { path: '/events/prices' }, upstream: 'prices' },
      { name: 'chat', match: { path: '/chat' }, upstream: 'chat' },
      { name: 'old-shop', match: { path: '/old/*' }, redirect: { to: 'https://shop.example/:rest' } },
    ],
  });
}
