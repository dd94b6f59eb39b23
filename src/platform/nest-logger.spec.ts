import { ConsoleLogger, Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { isForPeople } from './nest-logger.js';

describe("the application's logger (if this fails, Nest has changed: see src/platform/nest-logger.ts)", () => {
  const before = new ConsoleLogger();
  afterEach(() => Logger.overrideLogger(before));

  it("is for people where it is Nest's own, unless that writes JSON", () => {
    expect(isForPeople(new ConsoleLogger())).toBe(true);
    expect(isForPeople(new ConsoleLogger({ json: true }))).toBe(false);
    expect(isForPeople({ log: () => {}, error: () => {}, warn: () => {} })).toBe(false);
  });

  it('is found behind the class that Nest hands out', () => {
    Logger.overrideLogger(new ConsoleLogger());
    expect(isForPeople(Logger)).toBe(true);
    Logger.overrideLogger({ log: () => {}, error: () => {}, warn: () => {} });
    expect(isForPeople(Logger)).toBe(false);
  });
});
