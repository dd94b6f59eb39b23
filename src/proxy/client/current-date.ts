let line = '';
let second = -1;

/** The field line that tells the time (RFC 9110 §6.6.1), with its line end. It is made once a second, and anew where the clock was set back. */
export function currentDate(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    line = `Date: ${new Date(now * 1000).toUTCString()}\r\n`;
    second = now;
  }
  return line;
}
