import { describe, expect, it } from 'vitest';
import { Source } from '../../config/language/kinds/source.js';
import { formatPath } from '../../spelling/place.js';
import { readBackends } from './found-backends.js';

const read = (list: unknown) => readBackends(list, new Source('/srv/gateway'));
const complaintsAbout = (list: unknown) =>
  read(list).findings.map(({ path, message }) => `${formatPath(path)} ${message}`);

describe('a list of backends that were found', () => {
  it('has the forms of the configuration, and its defaults', () => {
    expect(
      read([
        'http://10.0.0.1:3000',
        { url: 'https://10.0.0.2', weight: 3, backup: true },
        { url: 'http://[fd00:0::1]:80/', id: 'six' },
        'unix:run/app.sock',
        { unix: '/run/other.sock' },
      ]),
    ).toMatchObject({
      findings: [],
      backends: [
        { id: '10.0.0.1:3000', url: 'http://10.0.0.1:3000', weight: 1, backup: false },
        { id: '10.0.0.2:443', url: 'https://10.0.0.2', weight: 3, backup: true },
        { id: 'six', url: 'http://[fd00::1]' },
        { id: '/srv/gateway/run/app.sock', unix: '/srv/gateway/run/app.sock' },
        { id: '/run/other.sock', unix: '/run/other.sock' },
      ],
    });
    expect(read([])).toEqual({ backends: [], findings: [] });
  });

  it.each([
    ['no list', { url: 'http://a' }, ' found a block with url, expected a list of backends, 10000 at most'],
    ['nothing', undefined, ' found nothing, expected a list of backends, 10000 at most'],
    [
      'a number',
      [5],
      '[0] found 5, expected a URL such as http://10.0.0.1:3000 or unix:/run/app.sock, or a block with id, url, unix, weight, backup',
    ],
    ['a path', ['http://a/x'], '[0].url a backend URL has no path: use rewrite on the route to change the path'],
    [
      'a weight of nothing',
      [{ url: 'http://a', weight: 0 }],
      '[0].weight found 0, expected a whole number from 1 to 1000',
    ],
    [
      'an unknown key',
      [{ url: 'http://a', wieght: 3 }],
      '[0].wieght unknown key "wieght", expected one of id, url, unix, weight, backup; did you mean "weight"?',
    ],
    ['neither place', [{ weight: 3 }], '[0] missing url: where the backend listens'],
    ['two places', [{ url: 'http://a', unix: '/a' }], '[0] url and unix exclude each other'],
    [
      'one id twice',
      ['http://a:80', { url: 'http://b', id: 'a:80' }],
      '[1] [0] has the id "a:80" too: give each an id of its own',
    ],
    [
      'keys of every object',
      [{ url: 'http://a', constructor: 1 }],
      '[0].constructor unknown key "constructor", expected one of id, url, unix, weight, backup',
    ],
    [
      'too many',
      Array.from({ length: 10_001 }, (_, n) => `http://a:${n}`),
      ' found a list of 10001, expected a list of backends, 10000 at most',
    ],
  ])('with %s cannot be used', (_, list, complaint) => {
    expect(complaintsAbout(list)).toEqual([complaint]);
  });

  it('tells of each entry that cannot be used', () => {
    expect(complaintsAbout(['a', 'http://b', 7])).toHaveLength(2);
  });
});
