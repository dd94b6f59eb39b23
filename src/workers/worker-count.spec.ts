import { expect, it } from 'vitest';
import { workerCount } from './worker-count.js';

it.each([
  { asked: 'auto', cores: 8, platform: 'linux', workers: 8, warning: undefined },
  { asked: 'auto', cores: 1, platform: 'linux', workers: 1, warning: undefined },
  { asked: 'auto', cores: 200, platform: 'linux', workers: 63, warning: undefined },
  { asked: 4, cores: 1, platform: 'linux', workers: 4, warning: undefined },
  { asked: 100, cores: 8, platform: 'linux', workers: 63, warning: 'workers: 63 run, which is the most, and not 100' },
  { asked: 'auto', cores: 8, platform: 'darwin', workers: 1, warning: undefined },
  { asked: 1, cores: 8, platform: 'win32', workers: 1, warning: undefined },
  {
    asked: 4,
    cores: 8,
    platform: 'darwin',
    workers: 1,
    warning:
      'workers: darwin does not let several threads listen on one port (SO_REUSEPORT): one thread carries the traffic',
  },
] as const)(
  'of $asked workers on $cores cores of $platform run $workers',
  ({ asked, cores, platform, ...expected }) => {
    expect(workerCount(asked, cores, platform)).toEqual(expected);
  },
);
