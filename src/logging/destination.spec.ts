import { once } from 'node:events';
import { openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LogDestination, type DestinationOptions } from './destination.js';
import { fileSink, streamSink, type Sink, type Written } from './sink.js';

/** A sink whose reader reads only when the test tells it to. */
class StubbornSink implements Sink {
  readonly chunks: string[] = [];
  #done: Written | undefined;

  write(chunk: Buffer, done: Written): void {
    this.chunks.push(chunk.toString());
    this.#done = done;
  }

  writeNow(chunk: Buffer): void {
    this.chunks.push(chunk.toString());
  }

  read(error?: NodeJS.ErrnoException): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
  }
}

const fault = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });

function setup(options: DestinationOptions = {}) {
  const sink = new StubbornSink();
  const sut = new LogDestination(sink, options);
  onTestFinished(() => {
    sink.read();
    return sut.close();
  });
  return { sink, sut };
}

describe('the log destination', () => {
  it('gathers lines into one write', () => {
    const { sink, sut } = setup({ chunk: 10 });
    sut.write('one\n');
    sut.write('two\n');
    expect(sink.chunks).toEqual([]);
    sut.write('three\n');
    expect(sink.chunks).toEqual(['one\ntwo\nthree\n']);
  });

  it('writes a quiet log after the interval, with a timer that keeps no process alive', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { sink, sut } = setup({ interval: 500 });
    sut.write('one\n');
    vi.advanceTimersByTime(499);
    expect(sink.chunks).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sink.chunks).toEqual(['one\n']);
    sink.read();
    sut.write('two\n');
    vi.advanceTimersByTime(500);
    expect(sink.chunks).toEqual(['one\n', 'two\n']);
  });

  it('has one write under way at a time, so that lines keep their order', () => {
    const { sink, sut } = setup({ chunk: 1 });
    sut.write('one\n');
    sut.write('two\n');
    sut.write('three\n');
    expect(sink.chunks).toEqual(['one\n']);
    sink.read();
    expect(sink.chunks).toEqual(['one\n', 'two\nthree\n']);
  });

  it('drops and counts lines while its reader does not read, and reports them once the reader reads again', () => {
    const { sink, sut } = setup({ chunk: 1, limit: 20 });
    for (let n = 0; n < 10; n++) sut.write(`line ${n}\n`);
    expect(sut.dropped).toBe(8);
    sink.read();
    expect(sink.chunks[1]).toContain('line 1\n');
    expect(JSON.parse(sink.chunks[1]?.split('\n')[1] ?? '')).toMatchObject({ level: 40, dropped: 8 });
    sink.read();
    sut.write('again\n');
    expect(sink.chunks[2]).toBe('again\n');
  });

  it('goes on quietly without a log when the reader went away', async () => {
    const { sink, sut } = setup({ chunk: 1 });
    sut.write('one\n');
    sink.read(fault('EPIPE'));
    sut.write('two\n');
    sut.flushSync();
    await sut.flush();
    expect(sink.chunks).toEqual(['one\n']);
    expect(sut.dropped).toBe(2);
  });

  it('writes again when the disk has room again', () => {
    const { sink, sut } = setup({ chunk: 1 });
    sut.write('one\n');
    sink.read(fault('ENOSPC'));
    expect(sut.dropped).toBe(1);
    sut.write('two\n');
    expect(sink.chunks[1]).toMatch(/^two\n.*"dropped":1/);
  });

  it('flushes everything that was written before', async () => {
    const { sink, sut } = setup({ chunk: 1 });
    sut.write('one\n');
    sut.write('two\n');
    const flushed = vi.fn();
    const flush = sut.flush().then(flushed);
    sink.read();
    await Promise.resolve();
    expect(flushed).not.toHaveBeenCalled();
    sut.write('three\n');
    sink.read();
    await flush;
    expect(sink.chunks).toEqual(['one\n', 'two\n', 'three\n']);
  });

  it('gives up a flush at its deadline when its reader does not read', async () => {
    const { sink, sut } = setup({ chunk: 1 });
    sut.write('one\n');
    await sut.flush(5);
    expect(sink.chunks).toEqual(['one\n']);
  });

  it('forgets a line that was begun and never ended', () => {
    const { sink, sut } = setup({ chunk: 10 });
    sut.write('one\n');
    sut.begin().text('half a li');
    sut.write('two\n');
    sut.write('three\n');
    expect(sink.chunks).toEqual(['one\ntwo\nthree\n']);
  });

  it('gives each line of the application to its format, which may change, and writes others as they are', () => {
    const { sink, sut } = setup({ chunk: 15, format: line => `[${line.trim()}]\n` });
    sut.write('eins\n');
    sut.begin().text('zwölf\n');
    sut.end();
    sut.use(undefined);
    sut.write('drei\n');
    expect(sink.chunks).toEqual(['[eins]\nzwölf\ndrei\n']);
  });

  it('tells once of writes that fail, counts their lines, and tells once that it goes on', async () => {
    const told: unknown[] = [];
    let fails = true;
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    const sink: Sink = { write: (_, done) => done(fails ? full : null), writeNow: () => {} };
    const onDropped = (count: number): void => void told.push(count);
    const onTrouble = (error?: NodeJS.ErrnoException): void => void told.push(error?.code ?? 'again');
    const sut = new LogDestination(sink, { chunk: 3, onDropped, onTrouble });
    for (const line of ['one\n', 'two\n']) sut.write(line);
    fails = false;
    sut.write('three\n');
    await sut.flush();
    expect([sut.dropped, told]).toEqual([2, ['ENOSPC', 'again', 2]]);
  });

  it('loses nothing that is written after it was closed', async () => {
    const { sink, sut } = setup();
    await sut.close();
    sut.write('last words\n');
    expect(sink.chunks).toEqual(['last words\n']);
  });

  it('writes its buffer at the exit of the process, and leaves no listener on the process', async () => {
    const before = process.listeners('exit');
    const made = Array.from({ length: 20 }, () => setup());
    expect(process.listeners('exit')).toEqual(before);
    for (const { sut } of made) sut.write('line\n');
    const [atExit, ...others] = process.listeners('exit').filter(listener => !before.includes(listener));
    expect(others).toEqual([]);
    atExit!.call(process, 0);
    for (const { sink, sut } of made) {
      expect(sink.chunks).toEqual(['line\n']);
      sut.write('another\n');
    }
    const closed = made.map(({ sut }) => sut.close());
    for (const { sink } of made) sink.read();
    await Promise.all(closed);
    expect(process.listeners('exit')).toEqual(before);
  });

  it('writes to a stream, and survives its end', async () => {
    const chunks: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk.toString());
        done(chunks.length > 1 ? fault('EPIPE') : null);
      },
    });
    const sut = new LogDestination(streamSink(stream), { chunk: 1 });
    onTestFinished(() => sut.close());
    const closed = once(stream, 'close').catch(() => undefined);
    sut.write('one\n');
    await sut.flush();
    sut.write('two\n');
    await closed;
    sut.write('three\n');
    await sut.flush();
    expect(chunks).toEqual(['one\n', 'two\n']);
    expect(sut.dropped).toBe(2);
  });

  it('writes whole lines to a file, asynchronously and at exit', async () => {
    const path = join(tmpdir(), `gatehouse-log-${process.pid}-${performance.now()}`);
    onTestFinished(() => rmSync(path, { force: true }));
    const sut = new LogDestination(fileSink(openSync(path, 'a')));
    const line = `${'ü'.repeat(5000)}\n`;
    for (let n = 0; n < 20; n++) sut.write(line);
    await sut.flush();
    expect(readFileSync(path, 'utf8')).toBe(line.repeat(20));
    sut.write('fatal\n');
    sut.flushSync();
    expect(readFileSync(path, 'utf8')).toBe(`${line.repeat(20)}fatal\n`);
    await sut.close();
  });
});
