import { describe, expect, it } from 'vitest';
import { conventionBreaks, parseExposition } from './exposition.js';

const gauge = '# TYPE a_b gauge\n# HELP a_b Some.\n';

describe('the parser of metrics', () => {
  it('reads families with their samples', () => {
    const text = '# TYPE a_b counter\n# HELP a_b Some \\"more\\".\na_b_total{c="d\\"e\\\\\\n",f=""} 3e2\n# EOF\n';
    expect(parseExposition(text, 'openmetrics')).toEqual([
      {
        name: 'a_b',
        type: 'counter',
        help: 'Some "more".',
        unit: undefined,
        samples: [{ name: 'a_b_total', labels: new Map([['c', 'd"e\\\n'], ['f', '']]), value: 300 }], // prettier-ignore
      },
    ]);
    expect(parseExposition(`${gauge}a_b -1\n\n`, 'prometheus')).toHaveLength(1);
  });

  it.each([
    ['no end', 'openmetrics', `${gauge}a_b 1\n`],
    ['more behind the end', 'openmetrics', `${gauge}# EOF\na_b 1\n`],
    ['an empty line', 'openmetrics', `${gauge}\n# EOF\n`],
    ['a counter with the ending in its family', 'openmetrics', '# TYPE a_total counter\n# HELP a_total Some.\na_total_total 1\n# EOF\n'], // prettier-ignore
    ['a counter without the ending', 'openmetrics', '# TYPE a counter\n# HELP a Some.\na 1\n# EOF\n'],
    ['a bound that is not canonical', 'openmetrics', '# TYPE a histogram\n# HELP a Some.\na_bucket{le="1"} 1\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n# EOF\n'], // prettier-ignore
    [
      'a unit that the name does not have',
      'openmetrics',
      `${gauge.replace('# HELP', '# UNIT a_b seconds\n# HELP')}# EOF\n`,
    ],
    ['an info that is 2', 'openmetrics', '# TYPE a info\n# HELP a Some.\na_info 2\n# EOF\n'],
    ['a series twice', 'prometheus', `${gauge}a_b{c="d",e="f"} 1\na_b{e="f",c="d"} 2\n`],
    ['a family in two places', 'prometheus', `${gauge}a_b 1\n${gauge.replaceAll('a_b', 'c')}c 1\n# TYPE a_b gauge\n`],
    ['a sample without a family', 'prometheus', 'a_b 1\n'],
    ['a sample of another family', 'prometheus', `${gauge}a_c 1\n`],
    ['a type that is not known', 'prometheus', '# TYPE a info\n# HELP a Some.\na 1\n'],
    ['no help', 'prometheus', '# TYPE a gauge\na 1\n'],
    ['a quote in a label', 'prometheus', `${gauge}a_b{c="d"e"} 1\n`],
    ['an escape that is not known', 'prometheus', `${gauge}a_b{c="\\d"} 1\n`],
    ['a label twice', 'prometheus', `${gauge}a_b{c="d",c="e"} 1\n`],
    ['a value that is no number', 'prometheus', `${gauge}a_b Nan\n`],
    ['a count below zero', 'prometheus', '# TYPE a counter\n# HELP a Some.\na -1\n'],
    ['buckets that do not add up', 'prometheus', '# TYPE a histogram\n# HELP a Some.\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n'], // prettier-ignore
    ['a histogram without +Inf', 'prometheus', '# TYPE a histogram\n# HELP a Some.\na_bucket{le="1"} 2\na_sum 1\na_count 2\n'], // prettier-ignore
    ['a line without an end', 'prometheus', `${gauge}a_b 1`],
  ] as const)('refuses %s', (_, format, text) => {
    expect(() => parseExposition(text, format)).toThrow();
  });

  it('knows the conventions for names', () => {
    const named = (name: string, type = 'gauge', help = 'Some.') =>
      conventionBreaks(parseExposition(`# TYPE ${name} ${type}\n# HELP ${name} ${help}\n${name} 1\n`, 'prometheus'));
    expect([named('a_b_bytes'), named('a_b_bytes_total', 'counter')]).toEqual([[], []]);
    for (const broken of [
      named('a_total'),
      named('a_b', 'counter'),
      named('a_b_ms'),
      named('aB_c'),
      named('a_b_gauge'),
    ])
      expect(broken).toHaveLength(1);
    expect(named('a_b', 'gauge', 'no sentence')).toHaveLength(1);
  });
});
