import type { Behaviour } from './scripted-backend.js';

const promised = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n';

/** Behaviours of broken backends, for every request alike. */
export const faults = {
  /** Reads and never answers. */
  hangs: () => undefined,
  /** RST instead of an answer. */
  resetsBeforeTheHead: call => call.reset(),
  /** RST in the middle of a header line. */
  resetsInTheHead: call => {
    call.send('HTTP/1.1 200 OK\r\nContent-Le');
    call.reset();
  },
  /** The head and a part of the body, then RST. */
  resetsInTheBody: call => {
    call.send(`${promised}${'x'.repeat(100)}`);
    // The head must have been read: what a RST overtakes in the receiver's buffer is lost.
    setTimeout(() => call.reset(), 20);
  },
  /** Fewer body bytes than the Content-Length says, then a clean FIN. */
  sendsAShortBody: call => {
    call.send(`${promised}${'x'.repeat(100)}`);
    call.end();
  },
  /** Chunks without the last one, then a clean FIN. */
  endsWithoutTheLastChunk: call => {
    call.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    call.end();
  },
  /** Another protocol. */
  sendsGarbage: call => {
    call.send('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n');
  },
  /** A good answer and, in the same segment, a second one without a request. */
  sendsTwoAnswers: call => {
    const body = `b ${call.method} ${call.url}`;
    const [good, second] = [body, 'stolen'].map(
      one => `HTTP/1.1 200 OK\r\nContent-Length: ${one.length}\r\n\r\n${one}`,
    );
    call.answered = true;
    call.send(`${good}${second}`);
  },
} as const satisfies Record<string, Behaviour>;

/** Closes each connection after so many requests, and says so in the last answer. */
export function closesAnnounced(after: number): Behaviour {
  return call => {
    if (call.ordinal < after) return call.answer();
    call.answer(200, { headers: ['Connection: close'] });
    call.end();
  };
}

/** Closes each connection right behind the answer to so many requests, without a word: the next request may be on its way. */
export function closesSilently(after: number): Behaviour {
  return call => {
    call.answer();
    if (call.ordinal >= after) call.end();
  };
}

/** Answers so many requests of each connection and resets it when one more arrives. */
export function resetsAfter(after: number): Behaviour {
  return call => (call.ordinal <= after ? call.answer() : call.reset());
}

/** Answers each request so many milliseconds late. */
export function late(milliseconds: number): Behaviour {
  return call => void setTimeout(() => call.answer(), milliseconds);
}

/** Answers this share of the requests with an error status, at random but the same in each run. */
export function failing(share: number, status: number, seed = 1): Behaviour {
  const random = seeded(seed);
  return call => call.answer(random() < share ? status : 200);
}

/** Numbers from 0 to 1 that look random, the same for each seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
