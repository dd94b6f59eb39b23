import { describe, expect, it } from 'vitest';
import { noFilters, tailQuery, TailLines } from './tail-lines.js';

const line = (path: number) => JSON.stringify({ time: 0, status: 200, path: `/${path}` });
const pathsOf = (lines: TailLines) => lines.lines.map(({ line: { path } }) => path);

describe('the lines of the tail', () => {
  it('stand with the newest first, and are no more than they may be', () => {
    const lines = new TailLines(3);
    lines.add([line(1), line(2)]);
    lines.add([line(3), line(4)]);
    expect(pathsOf(lines)).toEqual(['/4', '/3', '/2']);
    lines.add(Array.from({ length: 1_000 }, (_, index) => line(index)));
    expect(pathsOf(lines)).toEqual(['/999', '/998', '/997']);
    expect(lines.seen).toBe(1_004);
  });

  it('have numbers of their own', () => {
    const lines = new TailLines(5);
    for (let count = 0; count < 4; count++) lines.add([line(count), line(count)]);
    expect(new Set(lines.lines.map(({ id }) => id)).size).toBe(5);
  });

  it('count what the gateway has left out, and pass over what is no line', () => {
    const lines = new TailLines();
    lines.addDropped('{"dropped":12}');
    lines.addDropped('nonsense');
    lines.add(['nonsense', line(1)]);
    expect([lines.dropped, pathsOf(lines)]).toEqual([12, ['/1']]);
    lines.clear();
    expect([lines.dropped, lines.seen, lines.lines]).toEqual([0, 0, []]);
  });
});

describe('the filters of the tail', () => {
  it('become the query of the API', () => {
    expect(tailQuery(noFilters)).toBe('');
    const query = tailQuery({ route: ' orders , shop', status: '5xx', slowerThan: '200', client: '10.0.0.0/8' });
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      route: 'orders,shop',
      status: '5xx',
      slowerThan: '200ms',
      client: '10.0.0.0/8',
    });
  });
});
