import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { enterLogin } from '../../../src/connect/login-limit.ts';

describe('connect: the limit of logins to one server', () => {
  it('six logins run at a time, all of them finish, and each server has its own limit', async () => {
    let inside = 0;
    let most = 0;
    let done = 0;
    const visit = async (server: string): Promise<void> => {
      const leave = await enterLogin(server);
      most = Math.max(most, (inside += 1));
      await turn();
      inside -= 1;
      done += 1;
      leave();
      leave(); // A second call must not free a second place.
    };
    await Promise.all(Array.from({ length: 100 }, () => visit('bastion:22')));
    assert.deepEqual([most, done], [6, 100]);
    most = 0;
    await Promise.all(Array.from({ length: 20 }, (_, n) => visit(`host${n}:22`)));
    assert.equal(most, 20);
  });
});
