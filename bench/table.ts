import { ratio, type Summary } from '#bench/summary';

/** A table: the first row is its head. The first column is text, all others are numbers. */
export type Table = readonly (readonly string[])[];

function widths(table: Table): number[] {
  return (table[0] ?? []).map((_, column) => Math.max(...table.map(row => row[column]?.length ?? 0)));
}

function align(row: readonly string[], columns: readonly number[]): string[] {
  return row.map((cell, column) => {
    const width = columns[column] ?? 0;
    return column === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
}

/** Writes a table for a terminal. */
export function plainText(table: Table): string {
  const columns = widths(table);
  return table.map(row => align(row, columns).join('  ').trimEnd()).join('\n');
}

/** Writes a table in Markdown, aligned so that a formatter leaves it alone. */
export function markdown(table: Table): string {
  const columns = widths(table).map(width => Math.max(width, 3));
  const rule = columns.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  const [head = [], ...rows] = table.map(row => align(row, columns));
  return [head, rule, ...rows].map(row => `| ${row.join(' | ')} |`).join('\n');
}

function times(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(2);
}

/** Writes a share (0..1) as a percentage. */
export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/**
 * Lays out a contest: one row for each contestant, with its price relative to each of the peers that took part. The subject
 * heads the first column; the unit is what was counted.
 */
export function contestTable(
  summaries: readonly Summary[],
  peers: readonly string[],
  subject = 'proxy',
  unit = 'request',
): Table {
  const present = peers.filter(peer => summaries.some(one => one.label === peer));
  const cells = (one: Summary): string[] => [
    one.label,
    one.cpuPerRequest.toFixed(1),
    one.medianCpuPerRequest.toFixed(1),
    ...present.map(peer => times(ratio(summaries, one.label, peer))),
    Math.round(one.rate).toString(),
    one.p50.toFixed(2),
    one.p99.toFixed(2),
    percent(one.busy),
    percent(one.disturbance),
    String(one.errors),
  ];
  return [
    [
      ...[subject, `µs CPU/${unit}`, 'median'],
      ...present.map(peer => `/ ${peer}`),
      ...[`${unit}s/s`, 'p50 ms', 'p99 ms', 'core busy', 'by others', 'errors'],
    ],
    ...summaries.map(cells),
  ];
}
