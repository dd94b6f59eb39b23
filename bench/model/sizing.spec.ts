import { describe, expect, it } from 'vitest';
import { sizeOf, type Costs } from '#bench/model/sizing';

const costs: Costs = {
  ...{
    rest: 150 * 1024,
    worker: 90 * 1024,
    http: 10,
    tls: 50,
    tunnel: 20,
    stream: 15,
    socket: 4,
    route: 20,
    backend: 10,
  },
  ...{ request: 100, handshake: 1000, message: 40, probe: 300 },
};

describe('the size of a gateway', () => {
  it('has memory for what it holds, in its process and in the kernel', () => {
    const { descriptors, kernel, process, workers } = sizeOf({ tunnels: 10_240 }, costs);
    expect(workers).toBe(1);
    expect(process).toBe(150 + 200);
    // A tunnel has two sockets.
    expect(kernel).toBe(80);
    expect(descriptors).toBe(2 * 10_240 + 320);
  });

  it('has as many workers as keep below the use that is wanted, and their memory', () => {
    const size = sizeOf({ requests: 10_000, handshakes: 200, backends: 1024 }, costs, 0.6);
    expect(size.cores).toBeCloseTo(1.2);
    expect(size.workers).toBe(2);
    // Each worker and the main thread know all backends.
    expect(size.process).toBe(150 + 180 + 30);
  });

  it('counts probes for the main thread, and no worker for them', () => {
    const size = sizeOf({ probes: 2000 }, costs);
    expect([size.cores, size.workers]).toEqual([0.6, 1]);
  });
});
