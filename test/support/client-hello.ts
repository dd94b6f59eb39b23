/** The bytes of a TLS 1.2 ClientHello for a server name, of any length and with any characters, in as many records as it takes. */
export function clientHello(serverName: string): Buffer {
  const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
  const sized = (bytes: Buffer): Buffer => Buffer.concat([u16(bytes.length), bytes]);
  const name = sized(sized(Buffer.concat([Buffer.from([0]), sized(Buffer.from(serverName, 'latin1'))])));
  const extensions = sized(Buffer.concat([u16(0), name]));
  const ciphers = sized(Buffer.from('c02bc02f', 'hex'));
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    ciphers,
    Buffer.from([1, 0]),
    extensions,
  ]);
  const message = Buffer.concat([Buffer.from([1, body.length >> 16]), u16(body.length & 0xffff), body]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += 16_384) {
    const part = message.subarray(at, at + 16_384);
    records.push(Buffer.from([22, 3, 1]), u16(part.length), part);
  }
  return Buffer.concat(records);
}
