import type { ExpositionFormat } from '../../src/metrics/exposition.js';

/** One line with a value. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** A metric with its samples. In OpenMetrics the name of a counter has no `_total`. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: readonly ParsedSample[];
}

/** How a line breaks the rules of its format. */
export class ExpositionError extends Error {}

/** The endings of the samples of a type; empty: the name of the family alone. */
const endings: Readonly<Record<ExpositionFormat, Readonly<Record<string, readonly string[]>>>> = {
  prometheus: {
    counter: [''],
    gauge: [''],
    untyped: [''],
    histogram: ['_bucket', '_sum', '_count'],
    summary: ['', '_sum', '_count'],
  },
  openmetrics: {
    counter: ['_total', '_created'],
    gauge: [''],
    unknown: [''],
    info: ['_info'],
    stateset: [''],
    histogram: ['_bucket', '_sum', '_count', '_created'],
    summary: ['', '_sum', '_count', '_created'],
  },
};

interface OpenFamily {
  readonly name: string;
  type: string | undefined;
  help: string | undefined;
  unit: string | undefined;
  readonly samples: ParsedSample[];
}

/**
 * Reads what a scraper gets, and takes nothing that breaks a rule of the text format (Prometheus 0.0.4) or of OpenMetrics 1.0: where each line may stand, names,
 * escapes, numbers, types, units, endings, series that stand twice, buckets. @throws ExpositionError with the line.
 */
export function parseExposition(text: string, format: ExpositionFormat): ParsedFamily[] {
  return new ExpositionParser(text, format).families;
}

class ExpositionParser {
  readonly families: ParsedFamily[] = [];
  readonly #names = new Set<string>();
  readonly #series = new Set<string>();
  #family: OpenFamily | undefined;
  #line = '';
  readonly #isOpen: boolean;

  constructor(
    text: string,
    private readonly format: ExpositionFormat,
  ) {
    this.#isOpen = format === 'openmetrics';
    if (!text.endsWith('\n')) this.#refuse('the last line has no end');
    if (text.includes('\r')) this.#refuse('a carriage return');
    const lines = text.slice(0, -1).split('\n');
    if (this.#isOpen && lines.pop() !== '# EOF') this.#refuse('# EOF is not the last line');
    for (const line of lines) {
      this.#line = line;
      this.#read(line);
    }
    this.#end();
    this.#refuseClashes();
  }

  #read(line: string): void {
    if (line === '') {
      if (this.#isOpen) this.#refuse('an empty line');
    } else if (line.startsWith('#')) this.#describe(line);
    else this.#sample(line);
  }

  #describe(line: string): void {
    const [, keyword, name, rest = ''] = /^# (TYPE|HELP|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*)(?: (.*))?$/.exec(line) ?? [];
    if (keyword === undefined || name === undefined || (keyword === 'UNIT' && !this.#isOpen))
      return this.#refuse('not a line of this format');
    const family = this.#begin(name);
    if (family.samples.length > 0) this.#refuse('stands behind the first sample');
    const key = keyword.toLowerCase() as 'type' | 'help' | 'unit';
    if (family[key] !== undefined) this.#refuse('stands twice');
    if (keyword === 'TYPE' && !Object.hasOwn(endings[this.format], rest)) this.#refuse('no type of this format');
    if (keyword === 'UNIT' && !name.endsWith(`_${rest}`)) this.#refuse('the name does not end with the unit');
    family[key] = keyword === 'HELP' ? this.#unescape(rest, this.#isOpen) : rest;
    if (rest.trim() === '') this.#refuse('nothing is said');
  }

  #begin(name: string): OpenFamily {
    if (this.#family?.name === name) return this.#family;
    this.#end();
    if (this.#names.has(name)) this.#refuse('the family stands in two places');
    this.#names.add(name);
    return (this.#family = { name, type: undefined, help: undefined, unit: undefined, samples: [] });
  }

  #sample(line: string): void {
    const [, name, labelText, valueText] =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined || valueText === undefined) return this.#refuse('not a sample');
    const family = this.#family;
    if (family?.type === undefined) return this.#refuse('no type is told before');
    const ending = name.startsWith(family.name) ? name.slice(family.name.length) : undefined;
    if (ending === undefined || !endings[this.format][family.type]!.includes(ending))
      this.#refuse(`no sample of the ${family.type} ${family.name}`);
    const labels = this.#labels(labelText ?? '');
    const series = `${name}{${[...labels].toSorted(([one], [other]) => (one < other ? -1 : 1)).join('}{')}`;
    if (this.#series.has(series)) this.#refuse('the series stands twice');
    this.#series.add(series);
    const sample = { name, labels, value: this.#number(valueText) };
    this.#check(family.type, ending!, sample);
    family.samples.push(sample);
  }

  #check(type: string, ending: string, { labels, value }: ParsedSample): void {
    const counts = type === 'counter' || ['_bucket', '_count'].includes(ending);
    if (counts && !(value >= 0)) this.#refuse('a count below zero');
    if (type === 'info' && value !== 1) this.#refuse('an info that is not 1');
    if (labels.has('le') !== (type === 'histogram' && ending === '_bucket')) this.#refuse('le is for buckets');
    if (labels.has('quantile') && !(type === 'summary' && ending === '')) this.#refuse('quantile is for summaries');
    const bound = labels.get('le') ?? labels.get('quantile');
    if (bound === undefined) return;
    this.#number(bound);
    if (this.#isOpen && !/^(?:\+Inf|-?\d+\.\d+|-?\d(?:\.\d+)?e[+-]\d+)$/.test(bound))
      this.#refuse('a bound that is no canonical number');
  }

  #labels(text: string): Map<string, string> {
    const labels = new Map<string, string>();
    let rest = text;
    while (rest !== '') {
      const [all, name, value] = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"(?:,(?=[a-zA-Z_])|$)/.exec(rest) ?? [];
      if (all === undefined || name === undefined) {
        this.#refuse('labels that cannot be read');
        break;
      }
      if (name.startsWith('__')) this.#refuse('a label of Prometheus itself');
      if (labels.has(name)) this.#refuse('a label that stands twice');
      labels.set(name, this.#unescape(value!, true));
      rest = rest.slice(all.length);
    }
    return labels;
  }

  #unescape(text: string, quotes: boolean): string {
    if (quotes && /(?:^|[^\\])(?:\\\\)*"/.test(text)) this.#refuse('a quote that is not escaped');
    return text.replace(/\\(.?)/g, (_, character: string) => {
      if (character === 'n') return '\n';
      if (character !== '\\' && !(quotes && character === '"')) this.#refuse('an escape that is not known');
      return character;
    });
  }

  #number(text: string): number {
    if (text === '+Inf') return Infinity;
    if (text === '-Inf') return -Infinity;
    if (text === 'NaN') return Number.NaN;
    if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) this.#refuse('not a number');
    return Number(text);
  }

  #end(): void {
    const family = this.#family;
    this.#family = undefined;
    if (family === undefined) return;
    const { name, type, help, unit, samples } = family;
    if (type === undefined || help === undefined) return this.#refuse(`${name} has no type, or no help`);
    if (type === 'histogram') this.#checkBuckets(name, samples);
    this.families.push({ name, type, help, unit, samples });
  }

  /** All samples of one combination of labels stand together: buckets that rise to +Inf, a sum, and a count that is that of +Inf. */
  #checkBuckets(name: string, samples: readonly ParsedSample[]): void {
    const groups = new Map<string, ParsedSample[]>();
    let last = '';
    for (const sample of samples) {
      const key = [...sample.labels]
        .filter(([label]) => label !== 'le')
        .toSorted()
        .join();
      if (key !== last && groups.has(key)) this.#refuse(`the samples of a histogram of ${name} stand apart`);
      last = key;
      groups.set(key, [...(groups.get(key) ?? []), sample]);
    }
    for (const group of groups.values()) {
      const buckets = group.filter(sample => sample.name.endsWith('_bucket'));
      const bounds = buckets.map(({ labels }) => this.#number(labels.get('le')!));
      const valueOf = (ending: string): number | undefined => group.find(each => each.name === name + ending)?.value;
      const rises = (values: readonly number[], strictly: boolean): boolean =>
        values.every((value, at) => at === 0 || value > values[at - 1]! || (!strictly && value === values[at - 1]));
      if (!rises(bounds, true) || bounds.at(-1) !== Infinity) this.#refuse(`the bounds of ${name} do not rise to +Inf`);
      if (
        !rises(
          buckets.map(({ value }) => value),
          false,
        )
      )
        this.#refuse(`the buckets of ${name} do not add up`);
      if (valueOf('_count') !== buckets.at(-1)?.value) this.#refuse(`the count of ${name} is not that of +Inf`);
      if (valueOf('_sum') === undefined) this.#refuse(`${name} has no sum`);
    }
  }

  /** No family is called as a sample of another may be. */
  #refuseClashes(): void {
    for (const { name, type } of this.families) {
      for (const ending of endings[this.format][type]!) {
        if (ending !== '' && this.#names.has(name + ending)) this.#refuse(`${name}${ending} is another family`);
      }
      if (this.#isOpen && /_(?:total|created|bucket)$/.test(name)) this.#refuse(`a family must not be called ${name}`);
    }
  }

  #refuse(why: string): void {
    throw new ExpositionError(`${why}: ${this.#line}`);
  }
}

/** How names break the conventions of Prometheus (https://prometheus.io/docs/practices/naming/), of families in the text format. */
export function conventionBreaks(families: readonly ParsedFamily[]): string[] {
  return families.flatMap(({ help, name, samples, type }) => {
    const labels = new Set(samples.flatMap(sample => [...sample.labels.keys()]));
    const breaks: (string | false)[] = [
      !/^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/.test(name) &&
        'is not words in lower case with underscores, the first of them the program',
      (type === 'counter') !== name.endsWith('_total') && 'a counter ends with _total, and nothing else does',
      /_(?:ms|milliseconds?|minutes?|hours?|kb|kilobytes?|mb|percent|secs?|microseconds|nanoseconds)(?:_|$)/.test(
        name,
      ) && 'has another unit than seconds, bytes and ratios',
      /_(?:counter|gauge|histogram|summary|by|per)(?:_|$)/.test(name) && 'has its type or a label in the name',
      /^.*_timestamp(?!_seconds)/.test(name) && 'a time ends with _timestamp_seconds',
      name.endsWith('_info') && samples.some(({ value }) => value !== 1) && 'an info is always 1',
      [...labels].some(label => !/^[a-z][a-z0-9_]*$/.test(label)) && 'has a label that is not in lower case',
      !/^[A-Z0-9].*\.$/.test(help) && 'has a help text that is no sentence',
    ];
    return breaks.filter(each => each !== false).map(each => `${name} ${each}`);
  });
}
