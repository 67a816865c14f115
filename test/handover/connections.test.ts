/** Connections that change hands, between reactors of one process: it makes no difference to the sockets. */
import { beforeEach, expect, it } from 'vitest';
import {
  ConnectionReceiver,
  ConnectionSender,
  connectionsGone,
  HandoverError,
  MAX_UNREAD_BYTES,
} from '../../src/handover/index.js';
import {
  ConnectionLost,
  MAX_WAITING_DESCRIPTORS,
  type Protocol,
  type SocketTransport,
} from '../../src/index.js';
import { contract } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { served } from '../support/pairs.js';
import { needs } from '../support/platform.js';
import { Recorder } from '../support/recorder.js';
import { socketPath } from '../support/unix.js';

contract('ConnectionSender', (rig) => {
  let sender: ConnectionSender;
  let receiver: ConnectionReceiver;
  let build: () => Protocol | null;

  beforeEach(async () => {
    if (!rig.native) return;
    needs('descriptors');
    const path = socketPath(rig);
    build = () => new Recorder();
    receiver = new ConnectionReceiver(rig.reactor, () => build());
    sender = new ConnectionSender();
    rig.reactor.listenUNIX(path, () => receiver);
    rig.reactor.connectUNIX(path, () => sender);
    await expect.poll(() => sender.connected && receiver.connected).toBe(true);
  });

  it.runIf(rig.native)(
    'gives a connection away, with what was read and not dealt with',
    async () => {
      const adopted = new Recorder();
      build = () => adopted;
      const { protocol, peer } = await served(rig);
      const unread = Buffer.from('old');
      const sent = sender.send(protocol.transport as SocketTransport, unread);
      unread.fill('x');
      await sent;
      expect((await adopted.receive(3)).toString()).toBe('old');
      adopted.transport.write('here');
      expect((await peer.receive(4)).toString()).toBe('here');
    },
  );

  it.runIf(rig.native)('sends many at once, more than may be in transit', async () => {
    const many = MAX_WAITING_DESCRIPTORS * 2 + 10;
    const pairs = await Promise.all(Array.from({ length: many }, () => served(rig)));
    let adopted = 0;
    build = () => {
      adopted += 1;
      return new Recorder();
    };
    await Promise.all(
      pairs.map(({ protocol }) => sender.send(protocol.transport as SocketTransport)),
    );
    await expect.poll(() => adopted, { timeout: 8000 }).toBe(many);
    expect(sender.transport.connected).toBe(true);
    for (const { peer } of pairs) expect(peer.ended || peer.closed).toBe(false);
  });

  it.runIf(rig.native)('keeps those whose turn does not come', async () => {
    const many = MAX_WAITING_DESCRIPTORS;
    const pairs = await Promise.all(Array.from({ length: many }, () => served(rig)));
    const sent = pairs.map(({ protocol }) =>
      sender.send(protocol.transport as SocketTransport).addCallbacks(
        () => true,
        () => false,
      ),
    );
    sender.transport.abortConnection();
    expect(await Promise.all(sent)).toContain(false);
    const left = pairs.filter(({ protocol }) => protocol.transport.connected);
    expect(left.length).toBeGreaterThanOrEqual(many / 2);
  });

  it.runIf(rig.native)(
    'goes on where the other side’s factory throws, and closes once',
    async () => {
      const error = new Error('out of buildProtocol');
      build = () => {
        throw error;
      };
      const one = await served(rig);
      await sender.send(one.protocol.transport as SocketTransport);
      await one.peer.until(() => one.peer.ended || one.peer.closed, 'the end of the connection');
      expect(rig.takeReports()).toEqual([{ error, where: 'buildProtocol' }]);
      const adopted = new Recorder();
      build = () => adopted;
      const other = await served(rig);
      await sender.send(other.protocol.transport as SocketTransport);
      await adopted.made();
      expect(sender.connected && receiver.connected).toBe(true);
    },
  );

  it.runIf(rig.native)(
    'leaves a connection where it is when nobody is there to take it',
    async () => {
      sender.transport.abortConnection();
      const { protocol, peer } = await served(rig);
      const sent = sender.send(protocol.transport as SocketTransport);
      await expect(sent).rejects.toThrow(ConnectionLost);
      protocol.transport.write('still here');
      expect((await peer.receive(10)).toString()).toBe('still here');
    },
  );

  it.runIf(rig.native)(
    'fails where that shows too late, rather than say that it was sent',
    async () => {
      const { protocol } = await served(rig);
      const sent = sender.send(protocol.transport as SocketTransport);
      sender.transport.abortConnection();
      await expect(sent).rejects.toThrow(HandoverError);
    },
  );

  it.runIf(rig.native)('does not send data that the other side would refuse', async () => {
    const { protocol } = await served(rig);
    const unread = new Uint8Array(MAX_UNREAD_BYTES + 1);
    const sent = sender.send(protocol.transport as SocketTransport, unread);
    await expect(sent).rejects.toThrow(HandoverError);
    expect(sender.connected && receiver.connected).toBe(true);
  });
});

contract('connectionsGone', (rig) => {
  it('fires immediately if there are none, even while the reactor is stopping', async () => {
    const running = rig.reactor.run();
    while (!rig.reactor.running) await rig.turns(1);
    const gone = connectionsGone(rig.reactor, 0);
    rig.reactor.stop();
    await running;
    expect(await within(gone.toPromise(), 'the answer')).toBe(0);
  });

  it('waits for the last, and not beyond the deadline', async () => {
    const { peer } = await served(rig);
    expect(await connectionsGone(rig.reactor, 20)).toBe(1);
    const gone = connectionsGone(rig.reactor, 0);
    await peer[Symbol.asyncDispose]();
    expect(await gone).toBe(0);
  });
});
