import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from 'vitest';
import { admit } from './admission.js';

describe('policies before a handler', () => {
  it('let nothing pass that is neither a request nor a message', async () => {
    const context = new ExecutionContextHost([{}, {}]);
    context.setType('rpc');
    await expect(admit(context, [], undefined)).rejects.toThrow(/handlers of HTTP and WebSockets.*"rpc"/);
  });

  it('let no message pass whose handshake is not known', async () => {
    const context = new ExecutionContextHost([{ once: () => {} }, 'data']);
    context.setType('ws');
    await expect(admit(context, [], undefined)).rejects.toThrow(/handleConnection of its gateway must be a method/);
  });
});
