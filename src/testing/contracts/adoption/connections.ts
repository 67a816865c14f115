/** Cases of the adoption contract: connections, and bytes that were received earlier. */
import assert from 'node:assert/strict';
import { closeSync } from 'node:fs';

import { UNIXAddress } from '../../../core/address.js';
import { ConnectionDone } from '../../../core/errors/connection.js';
import { UnsupportedError } from '../../../core/errors/reactor.js';
import type { RecordingProtocol } from '../transport/recording-protocol.js';
import {
  type AdoptionCases,
  type AdoptionScene,
  BOTH,
  isOpen,
  TAKE_OVER,
} from './adoption-scene.js';

type Hooks = ConstructorParameters<typeof RecordingProtocol>[0];

export function addAdoptedConnectionCases(contract: AdoptionCases, duplicates: boolean): void {
  addContinuedCases(contract);
  addUnreadCases(contract);
  addUnwantedCases(contract);
  addDuplicateCases(contract, duplicates);
}

/** Adopts a connection. Returns its protocol. */
function adopted(
  scene: AdoptionScene,
  fd: number,
  hooks?: Hooks,
  unread?: Buffer,
): RecordingProtocol {
  const factory = scene.recorders(hooks);
  const options = unread === undefined ? TAKE_OVER : { ...TAKE_OVER, unread };
  const transport = scene.reactor.adoptStreamConnection(fd, factory, options);
  const [protocol] = factory.built;
  assert(protocol !== undefined);
  assert.equal(protocol.transport, transport);
  assert.deepEqual(factory.log, ['buildProtocol']);
  return protocol;
}

function addContinuedCases(contract: AdoptionCases): void {
  for (const via of BOTH) {
    contract.add(`continues with a connection (${via})`, async (scene) => {
      const { fd, peer } = await scene.detached(via);
      const protocol = adopted(scene, fd);
      assert.equal(protocol.tcp.fileno(), fd);
      if (via === 'unix') assert(protocol.transport.getPeer() instanceof UNIXAddress);
      else assert(protocol.transport.getPeer().equals(peer.transport.getHost()));
      protocol.call('write', 'ping');
      await scene.until(() => peer.text === 'ping', 'a question');
      peer.call('write', 'pong');
      await scene.until(() => protocol.text === 'pong', 'an answer');
      protocol.call('loseConnection');
      await scene.until(() => protocol.reason !== undefined && peer.ended, 'the end');
      await scene.until(() => !isOpen(fd), 'the descriptor to be closed');
    });
  }

  contract.add('sees an end that came before', async (scene) => {
    const { fd, peer } = await scene.detached('unix');
    peer.call('write', 'bye');
    peer.call('loseConnection');
    await scene.until(() => peer.reason !== undefined, 'the end of the peer');
    const protocol = adopted(scene, fd);
    await scene.until(() => protocol.reason !== undefined, 'the end');
    assert(protocol.reason instanceof ConnectionDone);
    assert.equal(protocol.text, 'bye');
  });
}

function addUnreadCases(contract: AdoptionCases): void {
  contract.add('delivers bytes received earlier first, in a later turn', async (scene) => {
    const { fd, peer } = await scene.detached('unix');
    peer.call('write', ' and new');
    const protocol = adopted(scene, fd, {}, Buffer.from('old'));
    assert.equal(protocol.receivedBytes, 0);
    await scene.until(() => protocol.receivedBytes >= 11, 'all bytes');
    assert.equal(protocol.text, 'old and new');
  });

  contract.add('keeps bytes received earlier while the protocol is paused', async (scene) => {
    const { fd } = await scene.detached('unix');
    const hooks: Hooks = { connectionMade: (self) => self.call('pauseProducing') };
    const protocol = adopted(scene, fd, hooks, Buffer.from('old'));
    await scene.settle();
    assert.equal(protocol.receivedBytes, 0);
    protocol.call('resumeProducing');
    await scene.until(() => protocol.text === 'old', 'the bytes');
  });

  contract.add('continues when its protocol pauses and resumes among them', async (scene) => {
    const { fd, peer } = await scene.detached('unix');
    peer.call('write', ' and new');
    const hooks: Hooks = {
      dataReceived: (_data, self) => {
        self.call('pauseProducing');
        self.call('resumeProducing');
      },
    };
    const protocol = adopted(scene, fd, hooks, Buffer.from('old'));
    await scene.until(() => protocol.receivedBytes >= 11, 'all bytes');
    assert.equal(protocol.text, 'old and new');
  });
}

function addUnwantedCases(contract: AdoptionCases): void {
  contract.add('closes a connection for which the factory has no protocol', async (scene) => {
    const { fd, peer } = await scene.detached('tcp');
    assert.equal(
      scene.reactor.adoptStreamConnection(fd, () => null, TAKE_OVER),
      null,
    );
    await scene.until(() => peer.ended && !isOpen(fd), 'the end');
  });

  contract.add('closes it and reports if the factory throws', async (scene) => {
    const { fd, peer } = await scene.detached('tcp');
    const error = new Error('out of buildProtocol');
    const throwing = (): never => {
      throw error;
    };
    assert.equal(scene.reactor.adoptStreamConnection(fd, throwing, TAKE_OVER), null);
    assert.deepEqual(scene.takeErrors(), [error]);
    await scene.until(() => peer.ended && !isOpen(fd), 'the end');
  });
}

function addDuplicateCases(contract: AdoptionCases, duplicates: boolean): void {
  const name = duplicates
    ? 'duplicates the descriptor unless takeOver is set'
    : 'refuses a descriptor that it may not take over, since it cannot duplicate it';
  contract.add(name, async (scene) => {
    const { fd, peer } = await scene.detached('unix');
    const factory = scene.recorders();
    const adopt = (): unknown => scene.reactor.adoptStreamConnection(fd, factory);
    if (duplicates) adopt();
    else assert.throws(adopt, UnsupportedError);
    assert(isOpen(fd));
    closeSync(fd);
    if (!duplicates) return;
    factory.built[0]?.call('write', 'still');
    await scene.until(() => peer.text === 'still', 'data');
  });
}
