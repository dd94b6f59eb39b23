import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCertificate } from '#bench/certificate';
import { Gateway, type Settings, type Weight } from '#bench/capacity/gateway';
import { fixed, scaled, type Measured, type Scale } from '#bench/capacity/part';
import type { HeldKind, HeldLoad } from '#bench/load/held';
import { nodeBinary } from '#bench/machine';
import { freePort } from '#bench/ports';
import { withStage, type Stage } from '#bench/stage';

interface Kind {
  readonly kind: HeldKind;
  readonly label: string;
  /** How many are held at last; a half and a quarter of them before. */
  readonly count: number;
  /** Sockets of the gateway for each. */
  readonly sockets: 1 | 2;
}

const kinds: readonly Kind[] = [
  { kind: 'http', label: 'idle HTTP/1.1 connection', count: 9000, sockets: 1 },
  { kind: 'tls', label: 'idle HTTP/1.1 connection over TLS', count: 6000, sockets: 1 },
  { kind: 'h2', label: 'idle HTTP/2 connection over TLS', count: 4000, sockets: 1 },
  { kind: 'tunnel', label: 'idle WebSocket', count: 4000, sockets: 2 },
  { kind: 'stream', label: 'quiet event stream', count: 4000, sockets: 2 },
  { kind: 'waiting', label: 'request that waits for its answer', count: 4000, sockets: 2 },
];

/** A gateway with so many of one kind open. */
interface Step {
  readonly count: number;
  readonly weight: Weight;
  /** Memory of the kernel for objects, in KiB, of the whole machine. */
  readonly slab: number;
  /** CPU microseconds of the gateway for opening one of the last. */
  readonly opening: number;
}

/** Memory of the kernel for objects, of which sockets are some, in KiB. */
const slabKiB = (): number => Number(/^Slab:\s*(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);

/** The certificate's key is P-256, as in bench/certificate.ts. */
async function settingsOf(stage: Stage, { kind, count }: Kind, backend: string): Promise<Settings> {
  const isSecure = kind === 'tls' || kind === 'h2';
  const { certFile: cert, keyFile: key } = await writeCertificate(stage.folder);
  return {
    ...(isSecure && { tls: { certificates: [{ cert, key }] } }),
    limits: { connections: 20_000, keepAliveTimeout: '10m' },
    sse: { heartbeat: '10m' },
    upstreams: {
      app: {
        backends: [`http://${backend}`],
        timeouts: { response: '10m' },
        ...(kind === 'waiting' && { connections: { max: 2 * count } }),
      },
    },
  };
}

async function hold(stage: Stage, load: HeldLoad): Promise<{ stop(): Promise<void> }> {
  const program = join(import.meta.dirname, '../load/held.ts');
  const running = stage.start(`held ${load.kind} ${load.from} ${load.connections}`, {
    file: nodeBinary,
    args: [program, JSON.stringify(load)],
  });
  await running.printed('HELD');
  return running;
}

/** Opens ever more connections of one kind to a gateway of their own, and weighs it at each step. */
async function measureKind(kind: Kind, scale: Scale): Promise<Step[]> {
  return withStage(async stage => {
    const port = await freePort();
    const backend = `127.0.0.1:${port}`;
    const holding = join(import.meta.dirname, '../servers/holding.ts');
    stage.start('backend', { file: nodeBinary, args: [holding, backend] });
    const gateway = await Gateway.start(stage, kind.label, await settingsOf(stage, kind, backend));
    const load = (connections: number, step: number): HeldLoad => {
      return { kind: kind.kind, port: gateway.port, connections, from: `127.0.0.${10 + step}` };
    };
    // The code is loaded, and compiled, before anything counts.
    await (await hold(stage, load(scaled(400, scale), 9))).stop();
    const steps: Step[] = [];
    const total = scaled(kind.count, scale);
    let opened = 0;
    for (const [index, count] of [total / 4, total / 2, total].map(Math.ceil).entries()) {
      const cpu = gateway.cpu;
      await hold(stage, load(count - opened, index));
      const opening = ((gateway.cpu - cpu) / (count - opened)) * 1e6;
      opened = count;
      steps.push({ count, weight: await gateway.weigh(), slab: slabKiB(), opening });
    }
    return steps;
  });
}

/** KiB for each of those that one step has more than another. What a process keeps from its start, and gives back late, is in neither. */
function between(one: Step, other: Step, of: (step: Step) => number): number {
  return (of(other) - of(one)) / (other.count - one.count);
}

/** Memory for each connection, tunnel and stream that is open and idle. */
export async function measureConnections(scale: Scale): Promise<Measured> {
  const results: (Kind & { readonly steps: readonly Step[] })[] = [];
  for (const kind of kinds) results.push({ ...kind, steps: await measureKind(kind, scale) });
  const rows = results.map(({ label, sockets, steps: [quarter, half, all] }) => {
    const steps = [quarter!, half!, all!];
    return [
      label,
      String(all!.count),
      fixed(between(quarter!, half!, ({ weight }) => weight.held)),
      fixed(between(half!, all!, ({ weight }) => weight.held)),
      fixed(between(quarter!, all!, ({ weight }) => weight.standing)),
      // On loopback the other ends are in the same kernel.
      fixed(between(quarter!, all!, ({ slab }) => slab) / (2 * sockets)),
      fixed(Math.min(...steps.map(({ opening }) => opening)), 0),
    ];
  });
  const head = [
    'KiB for each',
    'open',
    'to the half',
    'to all',
    'with garbage',
    'kernel, each socket',
    'µs CPU to open',
  ];
  return { tables: [[head, ...rows]], notes: [], raw: results };
}
