import { describe, expect, it } from 'vitest';
import { AnswerReader } from '#bench/load/answer-reader';

const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody';

function read(text: string): boolean | undefined {
  return new AnswerReader(4).read(Buffer.from(text));
}

describe('the reader of answers', () => {
  it('takes a whole answer, and the next one after it', () => {
    const reader = new AnswerReader(4);
    expect(reader.read(Buffer.from(answer))).toBe(true);
    expect(reader.read(Buffer.from(answer))).toBe(true);
  });

  it('waits for the rest of an answer, wherever it was cut', () => {
    for (let cut = 1; cut < answer.length; cut++) {
      const reader = new AnswerReader(4);
      expect(reader.read(Buffer.from(answer.slice(0, cut)))).toBeUndefined();
      expect(reader.read(Buffer.from(answer.slice(cut)))).toBe(true);
    }
  });

  it('takes no other status, no other length and nothing behind the end', () => {
    expect(read(answer.replace('200 OK', '502 Bad Gateway'))).toBe(false);
    expect(read('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbod')).toBe(false);
    expect(read('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')).toBe(false);
    expect(read(`${answer}!`)).toBe(false);
  });
});
