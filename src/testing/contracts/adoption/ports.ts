/** Cases of the adoption contract: listening sockets and UDP sockets. */
import assert from 'node:assert/strict';

import { DescriptorError } from '../../../core/errors/listening.js';
import { RecordingDatagrams } from '../datagram/recording-datagrams.js';
import { type AdoptionCases, BOTH, isOpen, TAKE_OVER } from './adoption-scene.js';

export function addAdoptedPortCases(contract: AdoptionCases): void {
  for (const via of BOTH) {
    contract.add(`accepts from a listening socket (${via})`, async (scene) => {
      const { fd, address, connect } = await scene.listeningSocket(via);
      const factory = scene.recorders({ dataReceived: (data, self) => self.call('write', data) });
      const port = scene.reactor.adoptStreamPort(fd, factory, TAKE_OVER);
      assert.equal(port.fileno(), fd);
      assert.equal(port.listening, true);
      // The pure-JS reactor cannot ask for the path.
      if (via === 'tcp') assert.equal(String(port.getHost()), String(address));
      else assert.equal(port.getHost().type, 'UNIX');
      const client = await connect();
      client.call('write', 'hi');
      await scene.until(() => client.text === 'hi', 'an echo');
      await scene.answerOf(port.stopListening(), 'stopListening');
      await scene.until(() => !isOpen(fd), 'the descriptor to be closed');
      assert.deepEqual([factory.count('startFactory'), factory.count('stopFactory')], [1, 1]);
      assert.throws(() => port.startListening(), DescriptorError);
    });
  }

  contract.add("leaves a UNIX socket's file where it is", async (scene) => {
    const path = scene.path();
    const first = scene.source.listenUNIX(path, () => null);
    const fd = await scene.duplicate(first.fileno());
    const port = scene.reactor.adoptStreamPort(fd, scene.recorders(), TAKE_OVER);
    await scene.answerOf(port.stopListening(), 'stopListening');
    const clients = scene.recorders();
    scene.source.connectUNIX(path, clients);
    await scene.until(() => clients.built[0]?.opened === true, 'a connection');
  });

  contract.add('continues with a bound UDP socket', async (scene) => {
    const [mine, other] = [0, 1].map(() => new RecordingDatagrams(scene.violations));
    assert(mine !== undefined && other !== undefined);
    const options = { interface: scene.host };
    const first = scene.source.listenUDP(0, () => {}, options);
    const fd = await scene.duplicate(first.fileno());
    await scene.answerOf(first.stopListening(), 'stopListening');
    const port = scene.reactor.adoptDatagramPort(fd, mine, TAKE_OVER);
    assert(port.getHost().equals(first.getHost()));
    assert.equal(port.fileno(), fd);
    const peer = scene.source.listenUDP(0, other, options);
    port.write('ping', peer.getHost());
    await scene.until(() => other.texts.includes('ping'), 'a question');
    peer.write('pong', port.getHost());
    await scene.until(() => mine.texts.includes('pong'), 'an answer');
    await scene.answerOf(port.stopListening(), 'stopListening');
    await scene.until(() => !isOpen(fd), 'the descriptor to be closed');
    assert.deepEqual(mine.log, ['start', 'pong', 'stop']);
  });
}
