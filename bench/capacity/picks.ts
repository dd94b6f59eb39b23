import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fixed, type Measured, type Scale } from '#bench/capacity/part';
import { projectRoot } from '#bench/machine';

interface Backend {
  readonly id: string;
  readonly weight: number;
  readonly inFlight: number;
}
interface Strategy {
  pick(candidates: readonly Backend[], request: object): Backend;
}
type StrategyClass = new (random: () => number) => Strategy;

const strategies = {
  'round-robin': ['round-robin', 'RoundRobin'],
  'power-of-two-choices': ['power-of-two-choices', 'PowerOfTwoChoices'],
  'least-connections': ['least-connections', 'LeastConnections'],
  'consistent-hash': ['consistent-hash', 'ConsistentHash'],
} as const;

/** The time of the picks of the gateway's own strategies among ever more backends, apart from the rest of a request. */
export async function measurePicks(scale: Scale): Promise<Measured> {
  const sizes = [10, 1000, 10_000];
  const rows: string[][] = [];
  const raw: Record<string, unknown> = {};
  for (const [name, [file, exported]] of Object.entries(strategies)) {
    const place = pathToFileURL(join(projectRoot, `dist/load-balancer/${file}.js`)).href;
    const Class = ((await import(place)) as Record<string, StrategyClass>)[exported]!;
    const times = sizes.map(size => {
      const candidates = Array.from({ length: size }, (_, index) => ({
        id: `10.0.${index >> 8}.${index & 255}:80`,
        weight: 1,
        inFlight: index & 3,
      }));
      const strategy = new Class(Math.random);
      const request = (number: number): object => ({
        clientIp: `198.51.${(number >> 8) & 255}.${number & 255}`,
        headers: {},
      });
      const round = (picks: number): number => {
        const began = performance.now();
        for (let pick = 0; pick < picks; pick++) strategy.pick(candidates, request(pick));
        return ((performance.now() - began) * 1000) / picks;
      };
      // The first pick for a slot of consistent-hash looks at all candidates.
      const first = round(1000);
      const later = Math.min(...Array.from({ length: Math.ceil(5 * scale) }, () => round(1000)));
      return { size, first, later };
    });
    raw[name] = times;
    rows.push([name, ...times.map(({ later }) => fixed(later, 2)), fixed(times.at(-1)!.first, 2)]);
  }
  const head = ['µs for a pick', ...sizes.map(size => `of ${size}`), `of ${sizes.at(-1)}, the first`];
  return { tables: [[head, ...rows]], notes: [], raw };
}
