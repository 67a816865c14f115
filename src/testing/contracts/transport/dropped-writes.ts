/** Cases of the transport contract: refused writes, and late ones. */
import assert from 'node:assert/strict';

import { InvalidArgumentTypeError } from '../../../core/errors/arguments.js';
import { patternedBytes } from '../patterned-bytes.js';
import type { TransportCases } from './scene.js';

/** Neither a `Uint8Array` nor a string. */
const NOT_DATA: readonly unknown[] = [
  undefined,
  null,
  5,
  true,
  {},
  [],
  [1],
  new ArrayBuffer(4),
  new Uint16Array(2),
  Symbol('s'),
  5n,
  new DataView(new ArrayBuffer(2)),
];

export function addDroppedWriteCases(contract: TransportCases): void {
  addRefusalCases(contract);
  addLateCases(contract);
}

function addRefusalCases(contract: TransportCases): void {
  contract.add('refuses data of the wrong type and loses no other data', async (scene) => {
    const { transport } = scene;
    for (const [i, value] of NOT_DATA.entries()) {
      transport.write(`${i % 10}`);
      assert.throws(() => transport.write(value as never), InvalidArgumentTypeError);
      assert.throws(() => transport.writeSequence([value as never]), InvalidArgumentTypeError);
    }
    assert.throws(() => transport.writeSequence(5 as never), TypeError);
    transport.write('.');
    await scene.received(scene.server, NOT_DATA.length + 1);
    await scene.settle();
    assert.equal(scene.server.text, '012345678901.');
  });

  contract.add('checks all parts of writeSequence before writing any', async (scene) => {
    const { transport } = scene;
    const parts = ['good', Buffer.from('good'), 5 as never];
    assert.throws(() => transport.writeSequence(parts), InvalidArgumentTypeError);
    assert.equal(transport.bufferedBytes, 0);
    transport.write('.');
    await scene.received(scene.server, 1);
    await scene.settle();
    assert.equal(scene.server.text, '.');
  });
}

function addLateCases(contract: TransportCases): void {
  contract.add('sends bytes written after loseConnection while it is still open', async (scene) => {
    const { client, server } = scene;
    client.call('write', 'a');
    client.call('loseConnection');
    client.call('write', 'LATE');
    await scene.ended(server);
    assert.equal(server.text, 'aLATE');
    assert.equal((await scene.lost(client)).name, 'ConnectionDone');
  });

  if (contract.halfClose === true) addHalfClosedCase(contract);

  contract.add('drops bytes written after abortConnection', async (scene) => {
    const { client, server } = scene;
    client.call('abortConnection');
    client.call('write', 'LATE');
    assert.equal(client.transport.bufferedBytes, 0);
    await scene.lost(client);
    await scene.ended(server);
    assert.equal(server.receivedBytes, 0);
  });

  contract.add(
    'drops bytes written to a connection that is gone',
    async (scene) => {
      const { client, server, transport } = scene;
      server.call('loseConnection');
      await scene.lost(client);
      client.call('write', 'too late');
      client.call('writeSequence', ['too', patternedBytes(100_000)]);
      assert.equal(transport.bufferedBytes, 0);
      assert.throws(() => transport.write(5 as never), InvalidArgumentTypeError);
    },
    { plain: 'client' },
  );
}

function addHalfClosedCase(contract: TransportCases): void {
  contract.add('drops bytes written after loseWriteConnection', async (scene) => {
    const { client, server } = scene;
    client.call('write', 'a');
    client.call('loseWriteConnection');
    client.call('write', 'LATE');
    client.call('write', patternedBytes(50_000));
    await scene.ended(server);
    await scene.settle();
    assert.equal(server.text, 'a');
    assert.equal(client.transport.bufferedBytes, 0);
  });
}
