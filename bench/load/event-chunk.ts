/** Ends the data of an event, and stands nowhere else in it: a client that counts these counts events, however they are cut. */
export const eventEnd = '#'.charCodeAt(0);

const field = 'data: ';
const clockDigits = 16;

/** An event of so many bytes in a chunk (RFC 9112 §7.1), which says on the system's clock when it was sent. */
export function eventChunk(size: number): Buffer {
  const clock = String(process.hrtime.bigint() / 1000n).padStart(clockDigits, '0');
  const event = `${`${field}${clock} `.padEnd(size - 3, 'x')}#\n\n`;
  return Buffer.from(`${size.toString(16)}\r\n${event}\r\n`, 'latin1');
}

/** How many events end in what has arrived. */
export function countEvents(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(eventEnd); at >= 0; at = bytes.indexOf(eventEnd, at + 1)) count++;
  return count;
}

/** Microseconds since the last event that has arrived was sent. Undefined when its time is not in these bytes. */
export function ageOfEvent(bytes: Buffer): number | undefined {
  const start = bytes.lastIndexOf(field);
  if (start < 0) return undefined;
  const clock = bytes.toString('latin1', start + field.length, start + field.length + clockDigits);
  return /^\d{16}$/.test(clock) ? Number(process.hrtime.bigint() / 1000n) - Number(clock) : undefined;
}
