import 'reflect-metadata';
import { TestRunner, afterAll } from 'vitest';
import { closeAll } from './cleanup.js';
import { cpuSeconds } from './cpu.js';

// This file runs once for each test file, before it is loaded, so its hook is the last to end.
const began = cpuSeconds();
const { file } = TestRunner.getCurrentSuite();

afterAll(async () => {
  try {
    await closeAll();
  } finally {
    if (file !== undefined) file.meta.cpu = cpuSeconds() - began;
  }
});
