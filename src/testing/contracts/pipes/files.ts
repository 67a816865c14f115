/** Cases of the pipe contract: files, and devices that cannot be polled. */
import assert from 'node:assert/strict';
import { openSync, readFileSync, writeFileSync } from 'node:fs';

import { ConnectionDone, ConnectionLost } from '../../../core/errors/connection.js';
import { patternedBytes } from '../patterned-bytes.js';
import { isOpen, type PipeCases } from './pipe-scene.js';

const FILE_BYTES = 300_000;

export function addFileCases(contract: PipeCases): void {
  contract.add('reads a file to its end', async (scene) => {
    const path = scene.path('file');
    const contents = patternedBytes(FILE_BYTES);
    writeFileSync(path, contents);
    const fd = openSync(path, 'r');
    const protocol = scene.adopt(fd, 'read');
    await scene.until(() => protocol.reason !== undefined, 'the end');
    assert(protocol.reason instanceof ConnectionDone);
    assert(protocol.received.equals(contents));
    await scene.until(() => !isOpen(fd), 'the descriptor to be closed');
  });

  contract.add('does not read a file while it is paused', async (scene) => {
    const path = scene.path('file');
    writeFileSync(path, patternedBytes(FILE_BYTES));
    const protocol = scene.adopt(openSync(path, 'r'), 'read', {
      dataReceived: (_data, self) => self.call('pauseProducing'),
    });
    await scene.until(() => protocol.receivedBytes > 0, 'the first bytes');
    const received = protocol.receivedBytes;
    await scene.turns(5);
    assert.equal(protocol.receivedBytes, received);
    protocol.hooks = {};
    protocol.call('resumeProducing');
    await scene.until(() => protocol.reason !== undefined, 'the end');
    assert.equal(protocol.receivedBytes, FILE_BYTES);
  });

  contract.add('writes a file in order, and closes it when all is written', async (scene) => {
    const path = scene.path('file');
    const fd = openSync(path, 'w');
    const protocol = scene.adopt(fd, 'write');
    const large = patternedBytes(FILE_BYTES);
    protocol.call('write', 'first ');
    protocol.call('write', large);
    assert(protocol.transport.bufferedBytes > 0);
    protocol.call('write', ' last');
    protocol.call('loseConnection');
    await scene.until(() => protocol.reason !== undefined, 'the end');
    assert(protocol.reason instanceof ConnectionDone);
    assert(
      readFileSync(path).equals(
        Buffer.concat([Buffer.from('first '), large, Buffer.from(' last')]),
      ),
    );
    await scene.until(() => !isOpen(fd), 'the descriptor to be closed');
  });

  contract.add('pauses a producer until a file has its bytes', async (scene) => {
    const path = scene.path('file');
    const protocol = scene.adopt(openSync(path, 'w'), 'write');
    const calls: string[] = [];
    const producer = {
      pauseProducing: () => void calls.push('pause'),
      resumeProducing: () => void calls.push('resume'),
      stopProducing: () => void calls.push('stop'),
    };
    protocol.call('registerProducer', producer, true);
    protocol.call('write', patternedBytes(FILE_BYTES));
    assert.deepEqual(calls, ['pause']);
    await scene.until(() => calls.length > 1, 'the producer to be resumed');
    assert.deepEqual(calls, ['pause', 'resume']);
    assert.equal(readFileSync(path).length, FILE_BYTES);
    protocol.call('unregisterProducer');
    protocol.call('loseConnection');
    await scene.until(() => protocol.reason !== undefined, 'the end');
  });

  contract.add('is lost when a device is full', async (scene) => {
    const protocol = scene.adopt(openSync('/dev/full', 'w'), 'write');
    protocol.call('write', 'too much');
    await scene.until(() => protocol.reason !== undefined, 'the loss');
    assert(protocol.reason instanceof ConnectionLost);
    assert.equal((protocol.reason.cause as NodeJS.ErrnoException).code, 'ENOSPC');
  });

  contract.add('ends at once with the input of /dev/null', async (scene) => {
    const protocol = scene.adopt(openSync('/dev/null', 'r'), 'read');
    await scene.until(() => protocol.reason !== undefined, 'the end');
    assert(protocol.reason instanceof ConnectionDone);
    assert.equal(protocol.receivedBytes, 0);
  });
}
