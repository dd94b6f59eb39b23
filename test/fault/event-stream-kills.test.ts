import { describe, expect, it } from 'vitest';
import { startBackendProcess } from '../support/backend-process.js';
import { type StreamReader, openStream } from '../support/event-stream.js';
import { figure } from '../support/figure.js';
import { eventually } from '../support/poll.js';
import { scaled } from '../support/scale.js';
import { gatewayTo } from '../support/scene.js';

/** How often one of three backends is killed. */
const kills = scaled(4, 12);

/** The events of a stream: number, and who has sent it. Throws for what is not whole. */
function numbered(text: string): { number: number; from: string }[] {
  const whole = text.slice(0, text.lastIndexOf('\n\n') + 2);
  return whole
    .split('\n\n')
    .slice(0, -1)
    .map(event => {
      const [, number, from] = /^id: (\d+)\ndata: \1 (\w+)\ndata: end \1$/.exec(event) ?? [];
      if (number === undefined) throw new Error(`no whole event: ${JSON.stringify(event)}`);
      return { number: Number(number), from: from! };
    });
}

describe('with sse.resume', () => {
  it(
    'no event is lost or doubled, and the stream does not break, however often its backend is killed',
    { timeout: 90_000 },
    async () => {
      const backends = await Promise.all(['a', 'b', 'c'].map(name => startBackendProcess(name, { program: 'events' })));
      const gateway = await gatewayTo(
        backends,
        { circuitBreaker: { openFor: '500ms' } },
        { sse: { heartbeat: '1s', resume: true } },
        { times: { longestWait: 400 } },
      );
      const streams: StreamReader[] = [];
      for (let count = 0; count < 10; count++) streams.push(await openStream(gateway.port, { timeout: 90_000 }));
      const lastOf = ({ events }: StreamReader): number => numbered(events).at(-1)?.number ?? 0;
      for (let kill = 0; kill < kills; kill++) {
        const victim = backends[kill % backends.length]!;
        const before = streams.map(lastOf);
        // At a random moment: when some stream has come so much farther.
        const some = streams[kill % streams.length]!;
        const target = lastOf(some) + 3 + Math.floor(Math.random() * 10);
        await eventually(() => lastOf(some) >= target, { deadline: 10_000, interval: 1 });
        await victim.kill();
        await eventually(() => streams.every((stream, index) => lastOf(stream) > before[index]! + 20), {
          deadline: 20_000,
        });
        await victim.start();
      }
      let changes = 0;
      for (const stream of streams) {
        const events = numbered(stream.events);
        expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1));
        changes += events.filter(({ from }, index) => index > 0 && from !== events[index - 1]!.from).length;
        expect(stream.ended).toBeUndefined();
      }
      figure(`kill -9, ${kills} times under 10 event streams: ${changes} changes of backend, 0 events lost or doubled`);
      expect(changes).toBeGreaterThanOrEqual(kills);
      const resumptions = (): number => gateway.logs.filter(({ msg }) => msg === 'event stream resumed').length;
      await eventually(() => expect(resumptions()).toBeGreaterThanOrEqual(changes));
      for (const stream of streams) stream.leave();
      const lines = await eventually(() => {
        const found = gateway.logs.filter(({ msg }) => msg === 'exchange');
        return found.length === streams.length ? found : false;
      });
      expect(lines.reduce((sum, { resumes }) => sum + Number(resumes ?? 0), 0)).toBe(resumptions());
    },
  );
});
