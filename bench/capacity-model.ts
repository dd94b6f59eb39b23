import { parseArgs } from 'node:util';
import { playFleet, type Fleet } from '#bench/model/balance';
import { chanceOf } from '#bench/model/chance';
import { costs } from '#bench/model/costs';
import { playProbing } from '#bench/model/probes';
import { playStorm, type Storm } from '#bench/model/reconnection';
import { meanWait, playAsking, playOutage } from '#bench/model/redis';
import { sizeOf, type Demand } from '#bench/model/sizing';
import { positive } from '#bench/number';
import { runProgram } from '#bench/program';
import { markdown, plainText, type Table } from '#bench/table';

const usage = `What no one machine can show: a million connections, ten thousand backends, a hundred gateways on one Redis server. A simulation; what things cost in it
stands in bench/model/costs.ts, and comes from node bench/capacity.ts. The same seed gives the same figures.

  node bench/capacity-model.ts [questions]     all by default: size storm balance probes redis outage

  --seed N        (1)
  --markdown      tables in Markdown

Ends with 0, or with 1 for a question that it does not know.
`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    markdown: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const digits = (value: number, places: number): string => value.toFixed(places);

/** The worked examples of docs/capacity.md. */
function sizes(): Table {
  const demands: Readonly<Record<string, Demand>> = {
    '10,000 idle WebSockets': { tunnels: 10_000 },
    '5,000 requests/s over TLS on 2,000 kept connections': { tls: 2000, requests: 5000, handshakes: 50 },
    'one of 40 gateways with 1 M idle TLS connections': { tls: 25_000, handshakes: 25 },
    'one of 10 gateways with 1 M idle TLS connections': { tls: 100_000, handshakes: 100 },
    '10,000 backends, each probed every 5 s': { backends: 10_000, probes: 2000 },
    'one of 100 gateways with 1,000 limited requests/s': { http: 500, requests: 1000 },
  };
  const rows = Object.entries(demands).map(([name, demand]) => {
    const size = sizeOf(demand, costs);
    const numbers = [size.process, size.kernel, size.descriptors].map(value => digits(value, 0));
    return [name, digits(size.cores, 2), String(size.workers), ...numbers];
  });
  return [['what', 'cores', 'workers', 'MiB of the process', 'MiB of the kernel', 'descriptors'], ...rows];
}

/** A million clients over gateways of four workers, of which one dies. Gateways are alike, so a part of those that are left stands for all of them. */
function storms(seed: number): Table {
  const usual: Omit<Storm, 'clients' | 'gateways' | 'spread' | 'patience'> = {
    ...{ workers: 4, handshake: costs.handshake / 1e6, busy: 0.3, pause: 1, longestPause: 30, backlog: 4096, end: 180 },
  };
  const clients = 1e6;
  const rows = (
    [
      [20, 0, 10],
      [20, 10, 10],
      [4, 0, 10],
      [4, 0, 3],
      [4, 60, 10],
      [4, 60, 3],
    ] as const
  ).map(([gateways, spread, patience]) => {
    const left = gateways - 1;
    const played = { ...usual, clients: Math.round(clients / gateways / left), gateways: 1, spread, patience };
    const { all, dropped, half, longestQueue, most, peakRate, wasted } = playStorm(played, chanceOf(seed));
    const times = [half, most, all].map(time => (time === Infinity ? `not in ${usual.end}` : digits(time, 1)));
    const sums = [peakRate * left, longestQueue, wasted * left, dropped * left];
    return [`${gateways}, within ${spread} s, ${patience} s`, ...times, ...sums.map(String)];
  });
  const head = [
    'half back, s',
    '99 %',
    'all',
    'most in a second',
    'longest queue',
    'handshakes in vain',
    'full backlogs',
  ];
  return [['gateways, clients come, wait', ...head], ...rows];
}

/** How evenly a fleet loads many backends. */
function balances(seed: number): Table {
  const usual: Omit<Fleet, 'strategy'> = {
    ...{
      backends: 1000,
      gateways: 100,
      workers: 4,
      rate: 20_000,
      takes: 0.25,
      spread: 'exponential',
      turns: 'any',
      seconds: 10,
    },
  };
  const cases: readonly (readonly [string, Partial<Fleet> & Pick<Fleet, 'strategy'>])[] = [
    ['round-robin', { strategy: 'round-robin' }],
    ['round-robin, all just started', { strategy: 'round-robin', turns: 'first' }],
    ['random', { strategy: 'random' }],
    ['power-of-two-choices', { strategy: 'power-of-two-choices' }],
    ['power-of-two-choices, 10 gateways', { strategy: 'power-of-two-choices', gateways: 10 }],
    ['power-of-two-choices, 1 gateway', { strategy: 'power-of-two-choices', gateways: 1 }],
    ['least-connections', { strategy: 'least-connections' }],
    ['least-connections, 1 gateway', { strategy: 'least-connections', gateways: 1 }],
  ];
  const rows = cases.map(([name, changed]) => {
    const one = playFleet({ ...usual, ...changed }, chanceOf(seed));
    return [
      name,
      ...[one.inFlight, one.inFlightDeviation, one.inFlightMost, one.most, one.fewest].map(value => digits(value, 2)),
    ];
  });
  return [
    ['strategy', 'in flight at a backend', 'deviation', 'most', 'requests: most / mean', 'fewest / mean'],
    ...rows,
  ];
}

/** Many gateways that each probe all backends. */
function probes(seed: number): Table {
  const rows = [1, 10, 100].flatMap(gateways =>
    (['refused', 'silent'] as const).map(death => {
      const probing = { gateways, backends: 10_000, interval: 5, timeout: 2, unhealthyAfter: 3, death };
      const { average, first, last, received, sent } = playProbing(probing, chanceOf(seed));
      const share = (sent * costs.probe) / 1e4;
      return [
        `${gateways}, ${death}`,
        digits(sent, 0),
        `${digits(share, 0)} %`,
        digits(received, 1),
        ...[first, average, last].map(time => digits(time, 1)),
      ];
    }),
  );
  const head = [
    'probes/s of each',
    'of its main thread',
    'probes/s at a backend',
    'first knows after s',
    'average',
    'last',
  ];
  return [['gateways, a dead backend is', ...head], ...rows];
}

/** Limited requests of many gateways at one Redis server. */
function asked(seed: number): Table {
  const service = costs.redis / 1e6;
  const rows = [2000, 5000, 10_000, 12_000, 16_000, 19_000, 100_000].map(rate => {
    const use = rate * service;
    if (use >= 1) return [String(rate), `${digits(use * 100, 0)} %`, 'grows without end', '', ''];
    const { mean, p99 } = playAsking({ rate, service, requests: 500_000 }, chanceOf(seed));
    return [
      String(rate),
      `${digits(use * 100, 0)} %`,
      ...[mean, meanWait({ rate, service }), p99].map(wait => digits(wait * 1000, 3)),
    ];
  });
  return [['limited requests/s', 'use of Redis', 'ms of waiting, mean', 'by the formula', 'one in a hundred'], ...rows];
}

/** What one key gets while Redis is away. */
function outages(seed: number): Table {
  const usual = { workers: 4, limit: 100, per: 60, demand: 1000, from: 60, to: 120, seconds: 180 } as const;
  const rows = [2, 10, 100].flatMap(gateways =>
    (['local', 'allow', 'deny'] as const).flatMap(onStoreFailure =>
      (['crash', 'hang'] as const).map(kind => {
        const { delayed, during, exact } = playOutage({ ...usual, gateways, onStoreFailure, kind }, chanceOf(seed));
        return [
          `${gateways}, ${onStoreFailure}, ${kind}`,
          String(exact),
          String(during),
          digits(during / exact, 1),
          String(delayed),
        ];
      }),
    ),
  );
  return [['gateways', 'the limit allows', 'let through', 'times', 'waited in vain'], ...rows];
}

const questions: Readonly<Record<string, (seed: number) => Table>> = {
  size: sizes,
  storm: storms,
  balance: balances,
  probes,
  redis: asked,
  outage: outages,
};

async function main(): Promise<boolean> {
  if (options.help) {
    process.stdout.write(usage);
    return true;
  }
  const seed = positive(options.seed, '--seed');
  const names = positionals.length > 0 ? positionals : Object.keys(questions);
  const unknown = names.find(name => questions[name] === undefined);
  if (unknown !== undefined)
    throw new Error(`unknown question "${unknown}": one of ${Object.keys(questions).join(', ')}`);
  console.log(`seed ${seed}`);
  for (const name of names) {
    const table = questions[name]!(seed);
    console.log(`\n${options.markdown ? markdown(table) : plainText(table)}`);
  }
  return true;
}

await runProgram(main);
