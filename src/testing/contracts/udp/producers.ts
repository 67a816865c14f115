/** Cases of the UDP contract: producers of a UDP port. */
import assert from 'node:assert/strict';

import { ProducerRegisteredError } from '../../../core/errors/connection.js';
import { HIGH_WATER_MARK_BYTES } from '../../../core/transport.js';
import type { UDPCases } from './udp-scene.js';

export function addUDPProducerCases(contract: UDPCases): void {
  contract.add('calls a pull producer each time that everything is sent', async (scene) => {
    const [{ port }, other] = [scene.open(), scene.open()];
    let left = 20;
    const producer = {
      resumeProducing(): void {
        left -= 1;
        port.write(`${left}`, other.to);
        if (left === 0) port.unregisterProducer();
      },
      stopProducing(): void {},
    };
    port.registerProducer(producer, false);
    await scene.received(other, 20);
    assert.equal(left, 0);
  });

  contract.add(
    'pauses a push producer above 64 KiB, and resumes it once everything is sent',
    async (scene) => {
      const [{ port }, other] = [scene.open(), scene.open()];
      const log: string[] = [];
      const producer = {
        pauseProducing: () => void log.push('pause'),
        resumeProducing: () => void log.push('resume'),
        stopProducing: () => void log.push('stop'),
      };
      port.registerProducer(producer, true);
      assert.throws(() => port.registerProducer(producer, true), ProducerRegisteredError);
      for (let i = 0; i < 9; i++) port.write(Buffer.alloc(8_000), other.to);
      assert.deepEqual(log, ['pause']);
      assert(port.bufferedBytes > HIGH_WATER_MARK_BYTES);
      await scene.until(() => log.length === 2, 'the producer to be resumed');
      assert.equal(port.bufferedBytes, 0);
      await scene.answerOf(port.stopListening(), 'stopListening');
      assert.deepEqual(log, ['pause', 'resume', 'stop']);
    },
  );

  contract.add('stops a producer that is registered after it stopped', async (scene) => {
    const { port } = scene.open();
    await scene.answerOf(port.stopListening(), 'stopListening');
    let stopped = 0;
    port.registerProducer({ resumeProducing() {}, stopProducing: () => void stopped++ }, false);
    assert.equal(stopped, 1);
  });
}
