/** Cases of the pipe contract: the output of a pipe, and readers that are gone. */
import assert from 'node:assert/strict';

import type { SystemError } from '../../../core/errors/base.js';
import { ConnectionDone, ConnectionLost } from '../../../core/errors/connection.js';
import { UnsupportedError } from '../../../core/errors/reactor.js';
import { patternedBytes } from '../patterned-bytes.js';
import type { RecordingProtocol } from '../transport/recording-protocol.js';
import { isOpen, type PipeCases, type PipeScene, readSome } from './pipe-scene.js';

/** More than the system and the reactor take at once. */
const LARGE_BYTES = 512 * 1024;

export function addSendingCases(contract: PipeCases, noticesReaders: boolean): void {
  addOutputCases(contract);
  addProducerCases(contract);
  addReaderCases(contract, noticesReaders);
}

async function readAll(scene: PipeScene, fd: number, bytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  const read = (): boolean => {
    const part = readSome(fd);
    parts.push(part);
    length += part.length;
    return length >= bytes;
  };
  await scene.until(read, `${bytes} bytes`);
  return Buffer.concat(parts);
}

function addOutputCases(contract: PipeCases): void {
  for (const method of ['loseConnection', 'loseWriteConnection'] as const) {
    contract.add(`sends all that was written before ${method}`, async (scene) => {
      const { adopted, other } = scene.openPipe('write');
      const protocol = scene.adopt(adopted, 'write');
      const large = patternedBytes(LARGE_BYTES);
      protocol.call('write', 'first ');
      protocol.call('write', large);
      protocol.call(method);
      const all = await readAll(scene, other, large.length + 6);
      assert(all.equals(Buffer.concat([Buffer.from('first '), large])));
      await scene.until(() => protocol.reason !== undefined, 'the end');
      assert(protocol.reason instanceof ConnectionDone);
      await scene.until(() => !isOpen(adopted), 'the descriptor to be closed');
      assert.equal(readSome(other).length, 0);
    });
  }

  contract.add('works in both directions of a descriptor that has both', async (scene) => {
    const protocol = scene.adopt(scene.openBoth(), 'both');
    protocol.call('write', 'to itself');
    await scene.until(() => protocol.text === 'to itself', 'its own bytes');
    assert.throws(() => protocol.transport.loseWriteConnection(), UnsupportedError);
    protocol.call('write', ', again');
    await scene.until(() => protocol.text === 'to itself, again', 'its own bytes');
    protocol.call('loseConnection');
    await scene.until(() => protocol.reason !== undefined, 'the end');
  });
}

function addProducerCases(contract: PipeCases): void {
  contract.add('pauses a producer until its reader reads', async (scene) => {
    const { adopted, other } = scene.openPipe('write');
    const protocol = scene.adopt(adopted, 'write');
    const calls: string[] = [];
    const producer = {
      pauseProducing: () => void calls.push('pause'),
      resumeProducing: () => void calls.push('resume'),
      stopProducing: () => void calls.push('stop'),
    };
    protocol.call('registerProducer', producer, true);
    protocol.call('write', patternedBytes(LARGE_BYTES));
    assert.deepEqual(calls, ['pause']);
    await scene.turns(3);
    assert.deepEqual(calls, ['pause']);
    assert(protocol.transport.bufferedBytes > 0);
    await readAll(scene, other, LARGE_BYTES);
    await scene.until(() => calls.length > 1, 'the producer to be resumed');
    assert.deepEqual(calls, ['pause', 'resume']);
    protocol.call('unregisterProducer');
  });
}

function addReaderCases(contract: PipeCases, noticesReaders: boolean): void {
  const endsBrokenly = async (scene: PipeScene, protocol: RecordingProtocol): Promise<void> => {
    await scene.until(() => protocol.reason !== undefined, 'the loss');
    assert(protocol.reason instanceof ConnectionLost);
    const { code, syscall } = protocol.reason.cause as SystemError;
    assert.deepEqual([code, syscall], ['EPIPE', 'write']);
  };

  contract.add('is lost when it writes and its reader is gone', async (scene) => {
    const { adopted, other } = scene.openPipe('write');
    const protocol = scene.adopt(adopted, 'write');
    protocol.call('write', patternedBytes(LARGE_BYTES));
    await scene.turns(2);
    scene.close(other);
    await endsBrokenly(scene, protocol);
    await scene.until(() => !isOpen(adopted), 'the descriptor to be closed');
  });

  if (!noticesReaders) return;
  contract.add('is lost as soon as its reader is gone', async (scene) => {
    const { adopted, other } = scene.openPipe('write');
    const protocol = scene.adopt(adopted, 'write');
    await scene.turns(2);
    assert.equal(protocol.reason, undefined);
    scene.close(other);
    await endsBrokenly(scene, protocol);
  });
}
