import { afterEach, describe, expect, it, vi } from 'vitest';
import { phc } from '../../../../test/support/password.js';
import { SketchedRequest } from '../../testing.js';
import { BasicAuthenticator } from './basic-authenticator.js';
import { Accepted } from '../decision.js';
import { ScryptHash } from './scrypt-hash.js';
import { WorkQueue } from './work-queue.js';

const request = new SketchedRequest({ fields: ['Authorization', `Basic ${btoa('ann:secret')}`] });

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a password that cannot be checked', () => {
  it('lets no request in and is not remembered as wrong: 503, and the next request is checked again', async () => {
    const users = [{ name: 'ann', scrypt: phc('secret') }];
    const basic = new BasicAuthenticator(
      { realm: 'test', users },
      new WorkQueue({ running: 1, waiting: 1, waitingOfOne: 1 }),
    );
    vi.spyOn(ScryptHash.prototype, 'matches').mockRejectedValueOnce(new Error('no memory'));
    expect(await basic.authenticate(request)).toMatchObject({ code: 'AUTH_UNAVAILABLE', status: 503 });
    expect(await basic.authenticate(request)).toBeInstanceOf(Accepted);
  });
});
