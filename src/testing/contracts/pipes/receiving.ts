/** Cases of the pipe contract: the input of a pipe, and its end. */
import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';

import { PipeAddress } from '../../../core/address.js';
import { ConnectionAborted, ConnectionDone } from '../../../core/errors/connection.js';
import { HalfCloseRecordingProtocol } from '../transport/recording-protocol.js';
import { fill, isOpen, type PipeCases, readSome } from './pipe-scene.js';

export function addReceivingCases(contract: PipeCases): void {
  contract.add('receives the bytes of a writer, and ends with it', async (scene) => {
    const { adopted, other } = scene.openPipe('read');
    writeSync(other, 'early ');
    const protocol = scene.adopt(adopted, 'read');
    assert.equal(protocol.receivedBytes, 0);
    writeSync(other, 'bytes');
    await scene.until(() => protocol.text === 'early bytes', 'all bytes');
    writeSync(other, '!');
    scene.close(other);
    await scene.until(() => protocol.reason !== undefined, 'the end');
    assert(protocol.reason instanceof ConnectionDone);
    assert.equal(protocol.text, 'early bytes!');
    await scene.until(() => !isOpen(adopted), 'the descriptor to be closed');
  });

  contract.add('ends with its input even if the protocol can be half-closed', async (scene) => {
    const { adopted, other } = scene.openPipe('read');
    const protocol = new HalfCloseRecordingProtocol({}, scene.violations);
    scene.reactor.adoptPipe(adopted, () => protocol, { direction: 'read', takeOver: true });
    scene.close(other);
    await scene.until(() => protocol.reason !== undefined, 'the end');
    assert.deepEqual(protocol.log, ['connectionMade', 'connectionLost ConnectionDone']);
  });

  contract.add('does not read while it is paused', async (scene) => {
    const { adopted, other } = scene.openPipe('read');
    const protocol = scene.adopt(adopted, 'read');
    protocol.call('pauseProducing');
    await scene.turns(2);
    const filled = fill(other);
    await scene.turns(3);
    assert.equal(protocol.receivedBytes, 0);
    assert.throws(() => writeSync(other, 'more'), { code: 'EAGAIN' });
    scene.close(other);
    await scene.turns(3);
    assert.equal(protocol.reason, undefined);
    protocol.call('resumeProducing');
    await scene.until(() => protocol.reason !== undefined, 'the end');
    assert.equal(protocol.receivedBytes, filled);
  });

  contract.add('lends bytes to a protocol that accepts them', async (scene) => {
    const { adopted, other } = scene.openPipe('read');
    const protocol = scene.adopt(adopted, 'read');
    protocol.acceptsLentBytes = true;
    writeSync(other, 'lent');
    await scene.until(() => protocol.text === 'lent', 'bytes');
  });

  contract.add('drops what is written to a pipe that is only read', async (scene) => {
    const { adopted, other } = scene.openPipe('read');
    const protocol = scene.adopt(adopted, 'read');
    protocol.call('write', 'nothing');
    protocol.call('loseWriteConnection');
    await scene.turns(2);
    assert.equal(protocol.reason, undefined);
    assert.equal(protocol.transport.bufferedBytes, 0);
    writeSync(other, 'still read');
    await scene.until(() => protocol.text === 'still read', 'bytes');
  });

  for (const method of ['loseConnection', 'abortConnection'] as const) {
    contract.add(`stops reading at ${method}`, async (scene) => {
      const { adopted, other } = scene.openPipe('read');
      const protocol = scene.adopt(adopted, 'read');
      writeSync(other, 'late');
      protocol.call(method);
      await scene.until(() => protocol.reason !== undefined, 'the end');
      const Reason = method === 'loseConnection' ? ConnectionDone : ConnectionAborted;
      assert(protocol.reason instanceof Reason);
      assert.equal(protocol.receivedBytes, 0);
      await scene.until(() => !isOpen(adopted), 'the descriptor to be closed');
      assert.throws(() => writeSync(other, 'more'), { code: 'EPIPE' });
    });
  }

  contract.add('has its name as both addresses', (scene) => {
    const { adopted } = scene.openPipe('read');
    const factory = scene.recorders();
    const options = { direction: 'read', takeOver: true, name: 'the log' } as const;
    const transport = scene.reactor.adoptPipe(adopted, factory, options);
    assert(transport !== null);
    for (const address of [transport.getPeer(), transport.getHost()]) {
      assert(address instanceof PipeAddress);
      assert.equal(String(address), 'the log');
    }
    assert.match(String(transport), /PIPE transport to the log, open/);
  });

  contract.add('closes a pipe for which the factory has no protocol', async (scene) => {
    const { adopted, other } = scene.openPipe('write');
    const options = { direction: 'write', takeOver: true } as const;
    assert.equal(
      scene.reactor.adoptPipe(adopted, () => null, options),
      null,
    );
    await scene.until(() => !isOpen(adopted), 'the descriptor to be closed');
    assert.equal(readSome(other).length, 0);
  });
}
