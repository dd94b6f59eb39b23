/** Makes PNG files of screenshots small: 256 colours in place of all, which is hard to see in pages of text. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The same picture with at most 256 colours. @throws Error for what is no PNG with 8 bits a channel, RGB or RGBA, not interlaced. */
export function toPalette(png) {
  const { data, header } = chunksOf(png);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = { 2: 3, 6: 4 }[header[9]];
  if (header[8] !== 8 || channels === undefined || header[12] !== 0) throw new Error('a PNG of another kind');
  const pixels = unfiltered(inflateSync(data), width * channels, height, channels);
  const colours = [];
  for (let at = 0; at < pixels.length; at += channels) {
    colours.push((pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2]);
  }
  const { nearest, palette } = paletteOf(colours);
  const rows = Buffer.alloc((width + 1) * height);
  colours.forEach((colour, index) => {
    rows[Math.floor(index / width) * (width + 1) + 1 + (index % width)] = nearest.get(colour);
  });
  const written = Buffer.from(header);
  written[9] = 3;
  return Buffer.concat([
    signature,
    chunk('IHDR', written),
    chunk('PLTE', Buffer.from(palette.flatMap(parts))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The most frequent colours that differ, and for each colour its place among them. */
function paletteOf(colours) {
  const counts = new Map();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const byCount = [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one));
  const palette = [];
  // Large areas keep their very colour; what is a little beside one of them needs none of its own.
  for (const colour of byCount) {
    if (palette.length === 256) break;
    if (counts.get(colour) > 2_000 || palette.every(each => distance(each, colour) > 90)) palette.push(colour);
  }
  const nearest = new Map();
  for (const colour of byCount) {
    let best = 0;
    for (let at = 1; at < palette.length; at++)
      if (distance(palette[at], colour) < distance(palette[best], colour)) best = at;
    nearest.set(colour, best);
  }
  return { nearest, palette };
}

const parts = colour => [colour >> 16, (colour >> 8) & 255, colour & 255];

/** The square of the distance of two colours. */
function distance(one, other) {
  const [red, green, blue] = [
    (one >> 16) - (other >> 16),
    ((one >> 8) & 255) - ((other >> 8) & 255),
    (one & 255) - (other & 255),
  ];
  return red * red + green * green + blue * blue;
}

function chunksOf(png) {
  let header;
  const data = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = body;
    if (type === 'IDAT') data.push(body);
    at += 12 + length;
  }
  return { header, data: Buffer.concat(data) };
}

/** The bytes of the rows, without the filters of the format (PNG, section 9). */
function unfiltered(raw, rowLength, height, step) {
  const out = Buffer.alloc(rowLength * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (rowLength + 1)];
    for (let x = 0; x < rowLength; x++) {
      const at = y * rowLength + x;
      const left = x >= step ? out[at - step] : 0;
      const above = y > 0 ? out[at - rowLength] : 0;
      const corner = x >= step && y > 0 ? out[at - rowLength - step] : 0;
      out[at] = raw[y * (rowLength + 1) + 1 + x] + predicted(filter, left, above, corner);
    }
  }
  return out;
}

function predicted(filter, left, above, corner) {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  if (filter !== 4) return 0;
  const guess = left + above - corner;
  const [toLeft, toAbove, toCorner] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function chunk(type, body) {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, 'latin1');
  body.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}
