import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import type { DescribedMetric } from '../../src/metrics/showing/metrics-page.js';
import { labelMeanings } from '../../src/metrics/showing/labels.js';

/** Labels that Prometheus adds when it scrapes. */
const ofTheScrape = ['job', 'instance'];
/** What takes series that only rise. */
const risingOnly = new Set(['Rate', 'Increase', 'Irate']);

/** A metric under the name of one of its series. */
interface Series {
  readonly rises: boolean;
  readonly labels: ReadonlySet<string>;
}

/**
 * What is wrong with an expression of PromQL: its syntax (by Prometheus' own grammar), metrics and labels that the gateway does not have, values of labels that
 * there never are, and rates of gauges. `$__rate_interval` and `$__range` of Grafana count as durations.
 */
export function problemsOf(expression: string, metrics: readonly DescribedMetric[]): string[] {
  return new PromqlCheck(expression, metrics).problems;
}

class PromqlCheck {
  readonly problems: string[] = [];
  readonly #text: string;
  readonly #series = new Map<string, Series>();

  constructor(expression: string, metrics: readonly DescribedMetric[]) {
    this.#text = expression.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h');
    for (const metric of metrics) for (const [name, one] of seriesOf(metric)) this.#series.set(name, one);
    this.#series.set('up', { rises: false, labels: new Set(ofTheScrape) });
    this.#visit(parser.parse(this.#text).topNode);
  }

  #visit(node: SyntaxNode): void {
    if (node.type.isError) this.problems.push(`not PromQL at ${node.from}: ${this.#text}`);
    if (node.name === 'VectorSelector') this.#selector(node);
    if (node.name === 'FunctionCall') this.#call(node);
    if (node.name === 'AggregateExpr' || node.name === 'BinaryExpr') this.#grouping(node);
    for (const child of childrenOf(node)) this.#visit(child);
  }

  #selector(node: SyntaxNode): void {
    const name = this.#nameOf(node);
    const series = this.#series.get(name);
    if (series === undefined) return void this.problems.push(`no such metric: ${name}`);
    for (const matcher of all(node, 'UnquotedLabelMatcher')) {
      const label = this.#textOf(matcher.getChild('LabelName')!);
      if (!series.labels.has(label)) this.problems.push(`${name} has no label ${label}`);
      this.#value(
        name,
        label,
        this.#textOf(matcher.getChild('MatchOp')!),
        this.#textOf(matcher.getChild('StringLiteral')!),
      );
    }
  }

  /** A value of a label from a list must be in that list, and a pattern must fit one of it. */
  #value(name: string, label: string, operator: string, quoted: string): void {
    const { values } = labelMeanings[label] ?? {};
    const value = quoted.slice(1, -1);
    if (values === undefined || value.startsWith('$')) return;
    const fits = operator.endsWith('~') ? new RegExp(`^(?:${value})$`) : undefined;
    if (!values.some(each => fits?.test(each) ?? each === value))
      this.problems.push(`${name} never has ${label}=${quoted}`);
  }

  #call(node: SyntaxNode): void {
    const identifier = node.getChild('FunctionIdentifier')?.firstChild?.name ?? '';
    const names = all(node, 'VectorSelector').map(each => this.#nameOf(each));
    if (risingOnly.has(identifier)) {
      for (const name of names)
        if (this.#series.get(name)?.rises === false) this.problems.push(`${name} does not only rise: it has no rate`);
    }
    if (identifier === 'HistogramQuantile' && names.some(name => !name.endsWith('_bucket')))
      this.problems.push(`quantiles are worked out from buckets: ${names.join(', ')}`);
    if (
      identifier === 'HistogramQuantile' &&
      all(node, 'GroupingLabels').some(each => !/\ble\b/.test(this.#textOf(each)))
    )
      this.problems.push(`buckets are summed up without le: ${this.#textOf(node)}`);
  }

  #grouping(node: SyntaxNode): void {
    const below = all(node, 'VectorSelector').flatMap(each => [
      ...(this.#series.get(this.#nameOf(each))?.labels ?? []),
    ]);
    // `count_values("hash", …)` makes a label.
    const made = all(node, 'StringLiteral').map(each => this.#textOf(each).slice(1, -1));
    const known = new Set([...below, ...ofTheScrape, ...made]);
    const own = childrenOf(node).filter(
      ({ name }) => name === 'AggregateModifier' || name === 'MatchingModifierClause',
    );
    for (const label of own.flatMap(each => all(each, 'LabelName')).map(each => this.#textOf(each)))
      if (!known.has(label)) this.problems.push(`nothing has a label ${label} in ${this.#textOf(node)}`);
  }

  #nameOf(selector: SyntaxNode): string {
    const identifier = selector.getChild('Identifier');
    return identifier === null ? '' : this.#textOf(identifier);
  }

  #textOf({ from, to }: SyntaxNode): string {
    return this.#text.slice(from, to);
  }
}

function seriesOf({ labels, name, type }: DescribedMetric): [string, Series][] {
  const series = (rises: boolean, ...more: string[]): Series => ({
    rises,
    labels: new Set([...labels, ...ofTheScrape, ...more]),
  });
  if (type !== 'histogram') return [[name, series(type === 'counter')]];
  return [
    [`${name}_bucket`, series(true, 'le')],
    [`${name}_sum`, series(true)],
    [`${name}_count`, series(true)],
  ];
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

/** All nodes of a kind below a node, at any depth. */
function all(node: SyntaxNode, name: string): SyntaxNode[] {
  return childrenOf(node).flatMap(child => (child.name === name ? [child] : all(child, name)));
}
