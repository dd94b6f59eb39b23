import { defineConfig } from 'vitest/config';

/** Files of a project, and what is different in it. */
const project = (name: string, include: readonly string[], others: object = {}) => ({
  extends: true as const,
  test: { name, include: [...include], ...others },
});

/** Of these the long run does more: see `scaled` in test/support/scale.ts. */
const scaled = [
  'test/attack/http2-floods.test.ts',
  'test/e2e/shutdown.test.ts',
  'test/e2e/websocket-bytes.test.ts',
  'test/fault/auth-reloads.test.ts',
  'test/fault/event-stream-kills.test.ts',
  'test/fault/keep-alive.test.ts',
  'test/fault/tunnel-chaos.test.ts',
];

export default defineConfig({
  test: {
    reporters: ['default', './test/support/cost-reporter.ts'],
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Processes, not threads: tests send signals, watch the memory of the process and use its exit hook.
    pool: 'forks',
    // Much is loaded and little of it dies: V8 would collect young objects all the time, at a quarter of the cost of the tests.
    execArgv: ['--min-semi-space-size=32', '--max-semi-space-size=32'],
    // A worker loads the program once, not once for each file.
    isolate: false,
    projects: [
      project('together', ['src/**/*.spec.ts', 'dashboard/**/*.spec.ts', 'bench/**/*.spec.ts', 'test/**/*.test.ts'], {
        exclude: ['test/**/*.solo.test.ts', 'test/**/*.long.test.ts', 'test/packed/fixtures/**'],
        globalSetup: ['test/support/build-once.ts'],
        // Much of it is waiting: more workers than cores.
        maxWorkers: 4,
        sequence: { groupOrder: 0 },
      }),
      // What measures time, CPU or memory has the machine to itself.
      project('solo', ['test/**/*.solo.test.ts'], {
        globalSetup: ['test/support/build-once.ts'],
        maxWorkers: 1,
        sequence: { groupOrder: 1 },
      }),
      // Floods and soaks: `npm run test:long`.
      project('long', ['test/**/*.long.test.ts', ...scaled], {
        env: { GATEHOUSE_LONG: '1' },
        globalSetup: ['test/support/build-once.ts'],
        // Some of them measure time; those that CI runs in brief do not.
        maxWorkers: process.env['GATEHOUSE_BRIEF'] === '1' ? 2 : 1,
        sequence: { groupOrder: 2 },
      }),
    ],
  },
});
