import type { ExchangeRecord } from '../http/exchange-record.js';
import type { LineShape } from './access-line.js';
import { escapeControls } from './json-text.js';
import type { LineBuffer } from './line-buffer.js';

/** Words for what the network says most. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host',
  ETIMEDOUT: 'timed out',
};
const network = new RegExp(`\\b(${Object.keys(words).join('|')})\\b`);

const reset = '\x1b[0m';
const dim = '\x1b[2m';

/**
 * The access line of an exchange for people, line end included: `16:21:59 GET 502 /dead/1 77ms → shop 10.0.0.2:3000 CONNECT_FAILED refused, 3 tries`, in
 * colour by its status. No control character of a value reaches the terminal.
 */
export function writePrettyLine(
  line: LineBuffer,
  record: ExchangeRecord,
  time: number,
  shape: LineShape,
  isColored: boolean,
  headers = '',
): void {
  const { attempts, backendId, errorCode, errorReason, status, times, trail, upstreamName } = record;
  const paint = (color: string, text: string): string => (isColored ? `${color}${text}${reset}` : text);
  const color = colorOf(status);
  const parts = [
    paint(dim, new Date(time).toTimeString().slice(0, 8)),
    escapeControls(record.method),
    paint(color, String(status)),
    escapeControls(record.path),
    duration(times.closedAt - times.openedAt),
  ];
  if (upstreamName !== undefined) parts.push('→', upstreamName);
  if (backendId !== undefined) parts.push(backendId);
  const reason = inWords(errorReason ?? record.tunnel?.reason);
  const failure = [errorCode, reason].filter(each => each !== undefined).join(' ');
  const notes = [
    ...(failure === '' ? [] : [paint(color, escapeControls(failure))]),
    ...(attempts > 1 ? [`${attempts} tries`] : []),
    ...(trail?.fellBack === true ? ['fallback'] : []),
  ];
  if (notes.length > 0) parts.push(notes.join(', '));
  for (const { name, read } of shape.fields) {
    const value = read(record);
    if (value !== undefined) parts.push(`${name}=${escapeControls(value)}`);
  }
  if (headers !== '') parts.push(headers.slice(1));
  line.text(`${parts.join(' ')}\n`);
}

function inWords(reason: string | undefined): string | undefined {
  const code = reason === undefined ? undefined : network.exec(reason)?.[1];
  return code === undefined ? reason : words[code];
}

/** Green for what went well, yellow for the client's fault, red for ours; a client that has gone is dim. */
function colorOf(status: number): string {
  if (status === 499) return dim;
  if (status >= 500 || status === 0) return '\x1b[31m';
  return status >= 400 ? '\x1b[33m' : '\x1b[32m';
}

function duration(milliseconds: number): string {
  return milliseconds < 10 ? `${Number(milliseconds.toFixed(1))}ms` : `${Math.round(milliseconds)}ms`;
}
