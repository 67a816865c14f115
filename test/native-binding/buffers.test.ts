/** Buffers that are taken away, shrunk or shared while the reactor has to do with them. */
import { expect, it } from 'vitest';
import { contract } from '../support/contract.js';
import { echo, HUGE, patterned, quietMoment, served } from '../support/pairs.js';
import { Recorder } from '../support/recorder.js';

/** Detaches the buffer, as sending it to a worker would; what can't be transferred stays. */
function takeAway(buffer: ArrayBufferLike): void {
  try {
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}

type Resizable = ArrayBuffer & { resize(bytes: number): void };

function resizable(bytes: number): Resizable {
  const make = ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable;
  return new make(bytes, { maxByteLength: bytes });
}

contract('a buffer that was written', (rig) => {
  it.each([100, 20_000, 1_000_000])(
    'of %i bytes and taken away before it is sent harms nobody else',
    async (size) => {
      const bystander = await served(rig, echo());
      const { protocol, peer } = await served(rig);
      const data = new Uint8Array(patterned(size));
      protocol.transport.write('before ');
      protocol.transport.write(data);
      takeAway(data.buffer);
      protocol.transport.write(' after');
      await quietMoment(rig);
      bystander.peer.write('alive');
      expect((await bystander.peer.receive(5)).toString()).toBe('alive');
      protocol.transport.abortConnection();
      await protocol.lost();
      expect(peer.text.startsWith('before ') || peer.receivedBytes === 0).toBe(true);
    },
  );

  it('and transferred while it waits for a slow reader harms no other connection', async ({
    skip,
  }) => {
    if (!rig.native) skip('node:net itself continues to read memory that it no longer owns');
    const bystander = await served(rig, echo());
    const { protocol, peer } = await served(rig);
    peer.socket.pause();
    const data = new Uint8Array(patterned(HUGE));
    protocol.transport.write(data);
    await quietMoment(rig);
    takeAway(data.buffer);
    peer.socket.resume();
    await quietMoment(rig);
    bystander.peer.write('alive');
    expect((await bystander.peer.receive(5)).toString()).toBe('alive');
    protocol.transport.abortConnection();
    await protocol.lost();
  });

  it.each([0, 5_000])(
    'and shrunk to %i bytes before it is sent harms nobody else',
    async (left) => {
      const bystander = await served(rig, echo());
      for (const size of [1_000, 40_000, 2_000_000]) {
        const { protocol } = await served(rig);
        const buffer = resizable(size);
        for (const view of [new Uint8Array(buffer), new Uint8Array(buffer, 0, size)]) {
          protocol.transport.write(view.fill(120));
        }
        buffer.resize(Math.min(left, size));
        await quietMoment(rig);
        protocol.transport.write('more');
        await quietMoment(rig);
        protocol.transport.abortConnection();
        await protocol.lost();
      }
      bystander.peer.write('alive');
      expect((await bystander.peer.receive(5)).toString()).toBe('alive');
    },
  );

  it.each([500, 50_000])(
    'and is detached already (%i bytes) loses none of the others',
    async (size) => {
      const { protocol, peer } = await served(rig);
      const data = new Uint8Array(size);
      takeAway(data.buffer);
      protocol.transport.write('one ');
      try {
        protocol.transport.write(data);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
      protocol.transport.write('two');
      expect((await peer.receive(7)).toString()).toBe('one two');
      expect(protocol.transport.bufferedBytes).toBe(0);
    },
  );

  it('and is shared memory is sent, or refused as a wrong type', async () => {
    const { protocol, peer } = await served(rig);
    for (const size of [10, 50_000]) {
      const data = new Uint8Array(new SharedArrayBuffer(size)).fill(115);
      let sent = size;
      try {
        protocol.transport.write(data);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
        sent = 0;
      }
      const before = peer.receivedBytes;
      protocol.transport.write('.');
      await peer.receive(before + sent + 1);
      expect(peer.receivedBytes).toBe(before + sent + 1);
    }
  });
});

contract('a buffer that was received', (rig) => {
  it('and transferred by its receiver takes nothing from others', async () => {
    const greedy = (): Recorder =>
      new Recorder({
        dataReceived: (data, self) => {
          self.chunks[self.chunks.length - 1] = Buffer.from(data);
          takeAway(data.buffer);
        },
      });
    const connections = [];
    for (let i = 0; i < 12; i++) {
      connections.push(await served(rig, i % 3 === 0 ? greedy() : new Recorder()));
    }
    const data = patterned(150_000);
    for (let round = 1; round <= 4; round++) {
      for (const { peer } of connections) peer.write(data);
      for (const { protocol } of connections) await protocol.receive(data.length * round);
    }
    const expected = Buffer.concat([data, data, data, data]);
    for (const [i, { protocol }] of connections.entries()) {
      expect(protocol.received.equals(expected), `connection ${i}`).toBe(true);
    }
  });
});
