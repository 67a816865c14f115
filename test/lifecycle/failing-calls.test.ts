/** System calls that sockets depend on and that fail: reported once, tried again, and never a busy loop. */
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { REACTORS } from '../support/reactors.js';

const CLOSED_POLLER = new URL('./programs/closed-poller.ts', import.meta.url);

describe.skipIf(!REACTORS.some(({ name }) => name === 'native+epoll'))(
  'a poller that fails',
  () => {
    it('is reported once, with the call, and is not retried all the time', async () => {
      await using child = new Child(CLOSED_POLLER);
      await child.printed(/connected true, spins false\n/);
      expect(child.stdout.match(/^report.*$/gm)).toEqual([
        'report: ERR_SYSTEM_CALL_RETRIED epoll_ctl EBADF',
      ]);
    });
  },
);
