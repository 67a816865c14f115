/** Pipes: what only the native reactor can do. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ConnectionDone } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { needs } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';
import { recorders } from '../support/recorder.js';
import { temporaryFolder } from '../support/unix.js';

contract(
  'pipes that are lent',
  (rig) => {
    it.each(['', 'unread'])(
      'end if the writers of a FIFO have left before, with %j in it',
      async (text) => {
        needs('descriptors');
        const path = join(temporaryFolder(rig), 'pipe');
        execFileSync('mkfifo', [path]);
        const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
        const write = openSync(path, constants.O_WRONLY);
        if (text !== '') writeSync(write, text);
        closeSync(write);
        const factory = recorders();
        rig.reactor.adoptPipe(read, factory, { direction: 'read', takeOver: false });
        const protocol = await factory.protocol();
        const reason = await protocol.lost();
        closeSync(read);
        expect(protocol.text).toBe(text);
        expect(reason).toBeInstanceOf(ConnectionDone);
      },
    );
  },
  REACTORS.filter(({ native }) => native),
);
