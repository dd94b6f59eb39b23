import { describe, expect, it } from 'vitest';
import { ages, notices } from './attention.js';
import { sampleBackend, sampleStatus } from './sample.js';

describe('what needs attention', () => {
  it('is nothing where all is well', () => {
    const upstreams = [{ name: 'orders', strategy: 'random', backends: [sampleBackend('a')] }];
    expect(notices(sampleStatus({ upstreams }))).toEqual([]);
  });

  it('is told with the worst first', () => {
    const status = sampleStatus({
      state: 'draining',
      upstreams: [
        {
          name: 'orders',
          strategy: 'random',
          backends: [
            sampleBackend('a', { byHand: { weight: { value: 5 } } }),
            sampleBackend('b', {
              available: false,
              vetoes: ['circuit-open'],
              reasons: { 'circuit-open': '17 of 20 requests failed' },
              breaker: { state: 'open', retryIn: 8_000 },
            }),
          ],
          gone: [{ id: 'c', byHand: { drained: {} } }],
        },
      ],
    });
    expect(notices(status)).toEqual([
      { tone: 'bad', about: 'orders/b', says: 'circuit open, 17 of 20 requests failed, tries in 8 s' },
      { tone: 'warn', about: 'gateway', says: 'ends: it takes no new clients' },
      { tone: 'busy', about: 'orders/a', says: 'weight 5 by hand' },
      { tone: 'busy', about: 'orders/c', says: 'not there now; drained by hand' },
    ]);
  });

  it('is an upstream in panic, and one without backends', () => {
    const broken = sampleBackend('a', { available: false, vetoes: ['unhealthy'] });
    const upstreams = [
      { name: 'orders', strategy: 'random', panicking: true, backends: [broken] },
      { name: 'empty', strategy: 'random', backends: [], discoveryFailure: 'ENOTFOUND' },
    ];
    expect(notices(sampleStatus({ upstreams })).map(({ about, says }) => `${about}: ${says}`)).toEqual([
      'orders: panic: 0 of 1 up: too many are out: requests go to them in spite of it',
      'orders/a: unhealthy',
      'empty: no backends: its backends cannot be found: ENOTFOUND',
    ]);
  });

  it.each([
    [{ limits: [{ limit: 'security.rateLimit', refused: 1_200 }] }, 'security.rateLimit', '1,200 refused'],
    [
      { limits: [{ limit: 'connections.max', backend: 'orders/a', waiting: 3 }] },
      'connections.max of orders/a',
      '3 waiting',
    ],
    [{ threads: [{ thread: '2', state: 'silent' as const }] }, 'thread 2', 'does not answer'],
    [{ threads: [{ thread: 'main', state: 'running' as const, loopDelay: 812 }] }, 'main thread', 'late by 812 ms'],
    [
      { certificates: [{ listener: 'web', file: 'x.pem', names: ['shop.example'], expires: '', daysLeft: 5 }] },
      'shop.example',
      'expires in 5 days',
    ],
    [
      { configuration: { ...sampleStatus().configuration, refusal: 'gateway.yaml:1:1 unknown key' } },
      'configuration',
      'the one before is in force: gateway.yaml:1:1 unknown key',
    ],
    [{ traffic: { ...sampleStatus().traffic, failedShare: 0.06 } }, 'traffic', '6.0 % of the requests failed'],
  ])('is %o', (more, about, says) => {
    expect(notices(sampleStatus(more))).toMatchObject([{ about, says: expect.stringContaining(says) as string }]);
  });

  it('goes by the clock of the gateway', () => {
    expect(ages(sampleStatus())).toEqual({ up: '1 h', loaded: '5 min' });
  });
});
