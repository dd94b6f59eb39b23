/** Rows as lines of aligned columns, for people. Cells are one line each; those of the first row are the titles. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map(row => row.map(plain));
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Control characters, line separators, and marks that change the direction of a text. */
const steering = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text that may have come from a client, on one line and without what would steer a terminal. */
export function plain(text: string): string {
  return text.replaceAll(steering, '?');
}

/** A share as per cent: `0.4 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

/** Milliseconds for people: `0.42 ms`, `12.3 ms`, `250 ms`, `3.2 s`. */
export function milliseconds(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1_000)} s`;
  if (value >= 1_000) return `${(value / 1_000).toFixed(1)} s`;
  return `${value >= 100 ? Math.round(value) : value >= 1 ? value.toFixed(1) : value.toFixed(2)} ms`;
}

/** How long something has lasted, in its two largest units: `3 d 4 h`, `12 min 5 s`. */
export function age(value: number): string {
  const seconds = Math.max(0, Math.floor(value / 1_000));
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = units.findIndex(([count]) => count > 0);
  return first === -1
    ? '0 s'
    : units
        .slice(first, first + 2)
        .map(([count, unit]) => `${count} ${unit}`)
        .join(' ');
}
