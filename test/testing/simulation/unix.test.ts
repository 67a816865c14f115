/** UNIX sockets of a simulated host: paths that are in use, stale and removed, full queues, and datagrams. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UNIXAddress } from '../../../src/core/address.js';
import {
  ConnectError,
  ConnectionRefusedError,
  ConnectTimeoutError,
} from '../../../src/core/errors/connecting.js';
import { ConnectionDone, ConnectionLost } from '../../../src/core/errors/connection.js';
import { DatagramNotSentError, MessageLengthError } from '../../../src/core/errors/datagram.js';
import { CannotListenError } from '../../../src/core/errors/listening.js';
import { UnsupportedError } from '../../../src/core/errors/reactor.js';
import { ClientFactory } from '../../../src/core/factory.js';
import { Protocol } from '../../../src/core/protocol.js';
import type { UNIXTransport } from '../../../src/core/transport.js';
import type { ConnectUNIXOptions } from '../../../src/core/unix-options.js';
import { AccumulatingProtocol } from '../../../src/testing/accumulating-protocol.js';
import { CHOPPY, type SimulationFaults } from '../../../src/testing/simulation/faults.js';
import type { SimulatedReactor } from '../../../src/testing/simulation/simulated-reactor.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';

const PATH = '/run/service';

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

interface Place {
  readonly simulation: Simulation;
  readonly reactor: SimulatedReactor;
}

function place(faults: SimulationFaults = {}, seed = 1): Place {
  const simulation = new Simulation({ faults, seed });
  return { simulation, reactor: simulation.host('host') };
}

/** How an attempt to connect ends: with its protocol, or with the error. */
async function connect(
  { simulation, reactor }: Place,
  path: string = PATH,
  options: ConnectUNIXOptions = {},
): Promise<AccumulatingProtocol | Error> {
  const protocol = new AccumulatingProtocol();
  return simulation.run(
    new Promise<AccumulatingProtocol | Error>((resolve) => {
      class Connecting extends ClientFactory {
        override buildProtocol(): Protocol {
          return protocol;
        }
        override clientConnectionFailed(_connector: unknown, reason: Error): void {
          resolve(reason);
        }
      }
      reactor.connectUNIX(path, new Connecting(), options);
      void protocol.onConnectionMade.then(resolve);
    }),
  );
}

describe('a simulated UNIX socket', () => {
  it('carries bytes between two programs of a host, and makes no file', async () => {
    const here = place(CHOPPY, 4);
    const listening = here.reactor.listenUNIX(PATH, Echo);
    const client = (await connect(here)) as AccumulatingProtocol;
    client.transport.write('hello');
    await here.simulation.run(() => client.text === 'hello');
    expect(existsSync(PATH)).toBe(false);
    expect(listening.getHost()).toEqual(new UNIXAddress(PATH));
    expect(client.transport.getPeer()).toEqual(new UNIXAddress(PATH));
    expect(client.transport.getHost()).toEqual(new UNIXAddress(''));
    expect(here.simulation.connections[0]?.name).toBe('host -> host:/run/service');
    expect(() => listening.fileno()).toThrow(UnsupportedError);
  });

  it('belongs to its host: another has paths of its own', async () => {
    const here = place();
    here.reactor.listenUNIX(PATH, Echo);
    const elsewhere = here.simulation.host('elsewhere');
    const reason = await connect({ simulation: here.simulation, reactor: elsewhere });
    expect(reason).toMatchObject({ cause: { code: 'ENOENT' } });
    elsewhere.listenUNIX(PATH, Echo);
  });

  it('refuses a path in use, and a client if the path does not exist', async () => {
    const here = place();
    here.reactor.listenUNIX(PATH, Echo);
    expect(() => here.reactor.listenUNIX(PATH, Echo)).toThrow(CannotListenError);
    expect(() => here.reactor.listenUNIX(PATH, Echo, { wantPID: true })).toThrow('EADDRINUSE');
    expect(await connect(here, '/run/other')).toBeInstanceOf(ConnectionRefusedError);
    expect(await connect(here, '\0abstract')).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  it('leaves its path stale by keepFile, and frees it otherwise', async () => {
    const here = place();
    const { simulation, reactor } = here;
    const first = reactor.listenUNIX(PATH, Echo);
    await simulation.run(first.stopListening());
    const second = reactor.listenUNIX(PATH, Echo);
    await simulation.run(second.stopListening({ keepFile: true }));
    expect(() => reactor.listenUNIX(PATH, Echo)).toThrow(CannotListenError);
    expect(await connect(here)).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect(reactor.describe()).toContain('/run/service (stale)');
    expect(reactor.unlinkPath(PATH)).toBe(true);
    expect(reactor.unlinkPath(PATH)).toBe(false);
    const third = reactor.listenUNIX(PATH, Echo);
    await simulation.run(third.stopListening({ keepFile: true }));
    const fourth = reactor.listenUNIX(PATH, Echo, { wantPID: true });
    expect(await connect(here)).toBeInstanceOf(AccumulatingProtocol);
    await simulation.run(fourth.stopListening());
    const abstract = reactor.listenUNIX('\0name', Echo);
    await simulation.run(abstract.stopListening({ keepFile: true }));
    reactor.listenUNIX('\0name', Echo);
    expect(reactor.unlinkPath('\0name')).toBe(false);
    expect(() => reactor.unlinkPath(7 as never)).toThrow(TypeError);
  });

  it('stays open if its path is removed, but is no longer found', async () => {
    const here = place();
    const old = here.reactor.listenUNIX(PATH, Echo);
    const client = (await connect(here)) as AccumulatingProtocol;
    here.reactor.unlinkPath(PATH);
    expect(await connect(here)).toBeInstanceOf(ConnectionRefusedError);
    here.reactor.listenUNIX(PATH, Protocol);
    // Its path is another's by now.
    await here.simulation.run(old.stopListening());
    expect(await connect(here)).toBeInstanceOf(AccumulatingProtocol);
    client.transport.write('still here');
    await here.simulation.run(() => client.text === 'still here');
  });

  it('is found by checkPID if it holds the lock', async () => {
    const here = place();
    const plain = here.reactor.listenUNIX(PATH, Echo);
    expect(await connect(here, PATH, { checkPID: true })).toBeInstanceOf(ConnectionRefusedError);
    await here.simulation.run(plain.stopListening());
    const locked = here.reactor.listenUNIX(PATH, Echo, { wantPID: true });
    expect(await connect(here, PATH, { checkPID: true })).toBeInstanceOf(AccumulatingProtocol);
    await here.simulation.run(locked.stopListening({ keepFile: true }));
    expect(await connect(here, PATH, { checkPID: true })).toBeInstanceOf(ConnectionRefusedError);
  });

  it('is tried again while its queue is full, until the attempt times out', async () => {
    const here = place({ fullQueue: 0.8 });
    here.reactor.listenUNIX(PATH, Echo);
    expect(await connect(here)).toBeInstanceOf(AccumulatingProtocol);
    expect(String(here.simulation.trace)).toContain('EAGAIN');
    const never = place({ fullQueue: 1 });
    never.reactor.listenUNIX(PATH, Echo);
    expect(await connect(never, PATH, { timeoutMs: 100 })).toBeInstanceOf(ConnectTimeoutError);
    expect(await connect(never, '/run/none')).toBeInstanceOf(ConnectionRefusedError);
  });

  it('fails to connect, to be accepted and to last by chance, as TCP does', async () => {
    const refused = place({ connectFailure: 1 });
    refused.reactor.listenUNIX(PATH, Echo);
    expect(await connect(refused)).toBeInstanceOf(ConnectionRefusedError);
    const broken = place({ reset: 1 });
    broken.reactor.listenUNIX(PATH, Echo);
    const client = (await connect(broken)) as AccumulatingProtocol;
    for (let i = 0; i < 20; i++) {
      client.transport.write('x');
      broken.simulation.runSync();
    }
    expect(client.closedReason).toBeInstanceOf(ConnectionLost);
    const full = new Simulation({ faults: { acceptFailure: 1 }, reportError: () => {} });
    const reactor = full.host('host');
    reactor.listenUNIX(PATH, Echo);
    const dropped = (await connect({ simulation: full, reactor })) as AccumulatingProtocol;
    await full.run(dropped.onConnectionLost);
    expect(full.errors).toMatchObject([{ code: 'ERR_ACCEPT' }]);
  });

  it('shows the peer of an aborted connection the end of the accepted bytes', async () => {
    const here = place();
    const servers: AccumulatingProtocol[] = [];
    here.reactor.listenUNIX(PATH, () => {
      const server = new AccumulatingProtocol();
      servers.push(server);
      return server;
    });
    const client = (await connect(here)) as AccumulatingProtocol;
    client.transport.write('taken');
    await here.simulation.run({ ms: 0 });
    client.transport.abortConnection();
    await here.simulation.run();
    expect(servers[0]?.text).toBe('taken');
    expect(servers[0]?.closedReason).toBeInstanceOf(ConnectionDone);
  });

  it('has no option of TCP, no credentials and no descriptors', async () => {
    const here = place();
    here.reactor.listenUNIX(PATH, Echo);
    const client = (await connect(here)) as AccumulatingProtocol;
    const transport = client.transport as unknown as UNIXTransport & {
      getTcpNoDelay(): boolean;
      setTcpNoDelay(on: boolean): void;
      getTcpKeepAlive(): boolean;
      setTcpKeepAlive(on: boolean): void;
    };
    for (const call of [
      () => transport.getPeerCredentials(),
      () => transport.sendFileDescriptor(1),
      () => transport.getTcpNoDelay(),
      () => transport.setTcpNoDelay(true),
      () => transport.getTcpKeepAlive(),
      () => transport.setTcpKeepAlive(true),
    ]) {
      expect(call).toThrow(UnsupportedError);
    }
    class Descriptors extends AccumulatingProtocol {
      fileDescriptorReceived(): void {}
    }
    const waiting = new Descriptors();
    const simulation = new Simulation({ reportError: () => {} });
    const reactor = simulation.host('host');
    reactor.listenUNIX(PATH, Echo);
    reactor.connectUNIX(PATH, () => waiting);
    expect(await simulation.run(waiting.onConnectionLost)).toBeInstanceOf(UnsupportedError);
  });
});

describe('simulated UNIX datagrams', () => {
  it('leave their path stale by keepFile', async () => {
    const { simulation, reactor } = place();
    const port = reactor.listenUNIXDatagram(PATH, {});
    await simulation.run(port.stopListening({ keepFile: true }));
    expect(() => reactor.listenUNIXDatagram(PATH, {})).toThrow(CannotListenError);
    expect(reactor.unlinkPath(PATH)).toBe(true);
  });

  interface Datagrams extends Place {
    readonly texts: string[];
    readonly from: string[];
  }

  function receiving(
    faults: SimulationFaults = {},
    options: { receiveBufferBytes?: number } = {},
  ): Datagrams {
    const here = place(faults);
    const texts: string[] = [];
    const from: string[] = [];
    here.reactor.listenUNIXDatagram(
      PATH,
      {
        datagramReceived(data, address, transport) {
          texts.push(data.toString());
          from.push(address.path);
          if (address.path !== '') transport.write(`re ${data}`, address);
        },
      },
      options,
    );
    return { ...here, texts, from };
  }

  it('arrive whole and in order, with the path that they can be answered at', async () => {
    const { simulation, reactor, texts, from } = receiving({ latencyMs: [0, 30], loss: 1 });
    const answers: string[] = [];
    const client = reactor.connectUNIXDatagram(PATH, (data) => answers.push(data.toString()), {
      bindAddress: '/run/client',
    });
    const nameless = reactor.connectUNIXDatagram(PATH, {});
    for (const text of ['a', 'b', 'c']) client.write(text);
    nameless.write('unnamed');
    await simulation.run();
    expect(texts.filter((text) => text !== 'unnamed')).toEqual(['a', 'b', 'c']);
    expect(answers).toEqual(['re a', 're b', 're c']);
    expect([...from].sort()).toEqual(['', '/run/client', '/run/client', '/run/client']);
    expect([client.connectedTo?.path, client.getHost().path]).toEqual([PATH, '/run/client']);
  });

  it('wait in their sender while the receiver’s buffer is full, and none is lost', async () => {
    const faults = { slowReader: 1, slowReaderBytesPerSecond: 100 };
    const { simulation, reactor, texts } = receiving(faults, { receiveBufferBytes: 25 });
    const client = reactor.connectUNIXDatagram(PATH, {}, { maxBufferedBytes: 55 });
    for (let i = 0; i < 10; i++) client.write(`${i}`.repeat(10));
    simulation.runSync({ ms: 0 });
    expect([client.bufferedBytes, client.datagramsDropped]).toEqual([50, 3]);
    await simulation.run();
    expect(texts.map((text) => text[0])).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(client.bufferedBytes).toBe(0);
  });

  it('are refused if nobody is bound', async () => {
    const { simulation, reactor } = receiving();
    expect(() => reactor.connectUNIXDatagram('/run/none', {})).toThrow(ConnectError);
    reactor.listenUNIX('/run/stream', Echo);
    expect(() => reactor.connectUNIXDatagram('/run/stream', {})).toThrow('EPROTOTYPE');
    expect(() => reactor.listenUNIXDatagram(PATH, {})).toThrow(CannotListenError);
    const errors: Error[] = [];
    let refusals = 0;
    const other = reactor.listenUNIXDatagram('/run/other', {});
    const sender = reactor.listenUNIXDatagram('/run/sender', {
      datagramFailed: (error: Error) => errors.push(error),
    });
    const connected = reactor.connectUNIXDatagram('/run/other', {
      connectionRefused: () => void refusals++,
      datagramFailed: (error: Error) => errors.push(error),
    });
    sender.write('x', '/run/none');
    expect(() => sender.write('x'.repeat(70_000), PATH)).toThrow(MessageLengthError);
    await simulation.run(other.stopListening());
    connected.write('x');
    await simulation.run();
    expect(errors).toEqual([expect.any(DatagramNotSentError), expect.any(DatagramNotSentError)]);
    expect(refusals).toBe(0);
    const again = reactor.listenUNIXDatagram('\0name', {});
    const abstract = reactor.connectUNIXDatagram('\0name', {
      connectionRefused: () => void refusals++,
    });
    await simulation.run(again.stopListening());
    abstract.write('x');
    await simulation.run();
    expect(refusals).toBe(1);
  });

  it('come to a connected socket from its peer only', async () => {
    const { simulation, reactor } = receiving();
    const heard: string[] = [];
    const client = reactor.connectUNIXDatagram(PATH, (data) => heard.push(data.toString()), {
      bindAddress: '/run/client',
    });
    const errors: Error[] = [];
    const stranger = reactor.listenUNIXDatagram('/run/stranger', {
      datagramFailed: (error: Error) => errors.push(error),
    });
    stranger.write('stranger', '/run/client');
    client.write('hello');
    await simulation.run();
    expect(heard).toEqual(['re hello']);
    expect(errors).toMatchObject([{ cause: { code: 'EPERM' } }]);
  });

  it('that wait for a receiver fail when it is gone', async () => {
    const faults = { slowReader: 1, slowReaderBytesPerSecond: 1 };
    const here = place(faults);
    const server = here.reactor.listenUNIXDatagram(PATH, {}, { receiveBufferBytes: 10 });
    const errors: Error[] = [];
    const client = here.reactor.connectUNIXDatagram(PATH, {
      datagramFailed: (error: Error) => errors.push(error),
    });
    for (let i = 0; i < 3; i++) client.write('1234567890');
    here.simulation.runSync({ ms: 5 });
    expect(client.bufferedBytes).toBeGreaterThan(0);
    await here.simulation.run(server.stopListening());
    await here.simulation.run();
    expect(errors.length).toBeGreaterThan(0);
    expect(client.bufferedBytes).toBe(0);
  });
});
