import { expect, it } from 'vitest';
import { CONNECTION_DONE } from '../../src/core/errors/connection.js';
import { AccumulatingProtocol } from '../../src/testing/accumulating-protocol.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

it('keeps received bytes and the reason of the end', async () => {
  const transport = new MemoryTransport();
  const protocol = transport.connect(new AccumulatingProtocol());
  expect(await protocol.onConnectionMade).toBe(protocol);
  transport.receive('first ');
  expect(protocol.text).toBe('first ');
  transport.receive('second');
  expect(protocol.data).toEqual(Buffer.from('first second'));
  expect([protocol.connected, protocol.closedReason]).toEqual([true, undefined]);
  transport.peerCloses();
  expect([protocol.connected, protocol.closedReason]).toEqual([false, CONNECTION_DONE]);
  expect(await protocol.onConnectionLost).toBe(CONNECTION_DONE);
});
