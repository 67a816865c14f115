/** Sockets that were opened elsewhere, and what is no such socket, on every reactor. */
import { closeSync, openSync } from 'node:fs';
import { beforeEach, expect, it } from 'vitest';
import {
  createReactor,
  DescriptorError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  type ListeningPort,
  type SocketTransport,
  type SystemError,
  UNIXAddress,
  UnsupportedError,
} from '../../src/index.js';
import { contract, type Rig } from '../support/contract.js';
import { DatagramRecorder, openUDP } from '../support/datagrams.js';
import { closeQuietly, Duplicator, isOpen } from '../support/descriptors.js';
import { echo, listenLocal, pair, quietMoment } from '../support/pairs.js';
import { needs } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';
import { Recorder, RecordingFactory, recorders } from '../support/recorder.js';
import { connectsTo, socketPath, unixPair } from '../support/unix.js';

const NEVER_OPEN = 100_000;

/** Throws what `adopt` throws, which has to be a DescriptorError, and gives its cause's code. */
function refusal(adopt: () => unknown, fd: number): string {
  try {
    adopt();
  } catch (error) {
    expect(error).toBeInstanceOf(DescriptorError);
    expect((error as DescriptorError).fd).toBe(fd);
    return ((error as DescriptorError).cause as SystemError).code;
  }
  throw new Error('it was adopted');
}

/** A connection that no reactor has, and its other end. */
async function detached(rig: Rig, via: 'tcp' | 'unix'): Promise<{ fd: number; peer: Recorder }> {
  const native = rig.use(createReactor({ kind: 'native' }));
  const peer = new Recorder();
  const mine = new Recorder();
  const factory = new RecordingFactory(() => mine);
  if (via === 'unix') {
    const path = socketPath(rig);
    rig.reactor.listenUNIX(path, new RecordingFactory(() => peer));
    native.connectUNIX(path, factory);
  } else {
    const { port } = listenLocal(rig.reactor, new RecordingFactory(() => peer)).getHost();
    native.connectTCP('127.0.0.1', port, factory);
  }
  await Promise.all([mine.made(), peer.made()]);
  const { fd } = await (mine.transport as SocketTransport).detach();
  return { fd, peer };
}

contract('adoptStreamConnection', (rig) => {
  beforeEach(() => needs('descriptors'));

  it.each(['tcp', 'unix'] as const)('continues with a connection (%s)', async (via) => {
    const { fd, peer } = await detached(rig, via);
    const adopted = new Recorder();
    const factory = new RecordingFactory(() => adopted);
    const transport = rig.reactor.adoptStreamConnection(fd, factory, { takeOver: true });
    expect(adopted.transport).toBe(transport);
    expect(transport?.fileno()).toBe(fd);
    if (via === 'unix') expect(transport?.getPeer()).toBeInstanceOf(UNIXAddress);
    else expect(transport?.getPeer().equals(peer.transport.getHost())).toBe(true);
    adopted.transport.write('ping');
    expect((await peer.receive(4)).toString()).toBe('ping');
    peer.transport.write('pong');
    expect((await adopted.receive(4)).toString()).toBe('pong');
    adopted.transport.loseConnection();
    await adopted.lost();
    await peer.lost();
    expect(isOpen(fd)).toBe(false);
    expect(factory.log).not.toContain('startFactory');
  });

  it('delivers bytes read before first, in a later turn', async () => {
    const { fd, peer } = await detached(rig, 'unix');
    peer.transport.write(' and new');
    const adopted = new Recorder();
    const options = { takeOver: true, unread: Buffer.from('old') };
    rig.reactor.adoptStreamConnection(fd, new RecordingFactory(() => adopted), options);
    expect(adopted.receivedBytes).toBe(0);
    expect((await adopted.receive(11)).toString()).toBe('old and new');
  });

  it('is not given bytes read before while it has paused', async () => {
    const { fd } = await detached(rig, 'unix');
    const adopted = new Recorder({ connectionMade: (self) => self.tcp.pauseProducing() });
    const options = { takeOver: true, unread: Buffer.from('old') };
    rig.reactor.adoptStreamConnection(fd, new RecordingFactory(() => adopted), options);
    await quietMoment(rig);
    expect(adopted.receivedBytes).toBe(0);
    adopted.tcp.resumeProducing();
    expect((await adopted.receive(3)).toString()).toBe('old');
  });

  it('continues receiving when it pauses and resumes within bytes read before', async () => {
    const { fd, peer } = await detached(rig, 'unix');
    peer.transport.write(' and new');
    const adopted = new Recorder({
      dataReceived: (_data, self) => {
        self.tcp.pauseProducing();
        self.tcp.resumeProducing();
      },
    });
    const options = { takeOver: true, unread: Buffer.from('old') };
    rig.reactor.adoptStreamConnection(fd, new RecordingFactory(() => adopted), options);
    expect((await adopted.receive(11)).toString()).toBe('old and new');
  });

  it('is closed and reported if the factory throws, with the descriptor that it took', async () => {
    const { fd, peer } = await detached(rig, 'tcp');
    const error = new Error('out of buildProtocol');
    const throwing = (): never => {
      throw error;
    };
    expect(rig.reactor.adoptStreamConnection(fd, throwing, { takeOver: true })).toBeNull();
    expect(rig.takeReports()).toEqual([{ error, where: 'buildProtocol' }]);
    await peer.lost();
    expect(isOpen(fd)).toBe(false);
  });

  it('sees an end that came before', async () => {
    const { fd, peer } = await detached(rig, 'unix');
    peer.transport.write('bye');
    peer.transport.loseConnection();
    await peer.lost();
    const adopted = new Recorder();
    const factory = new RecordingFactory(() => adopted);
    rig.reactor.adoptStreamConnection(fd, factory, { takeOver: true });
    expect(await adopted.lost()).toMatchObject({ code: 'ERR_CONNECTION_DONE' });
    expect(adopted.text).toBe('bye');
  });

  it('closes a connection that the factory does not want', async () => {
    const { fd, peer } = await detached(rig, 'tcp');
    expect(rig.reactor.adoptStreamConnection(fd, () => null, { takeOver: true })).toBeNull();
    await peer.lost();
    expect(isOpen(fd)).toBe(false);
  });

  it.each(['tcp', 'unix'] as const)('refuses a socket that listens (%s)', async (via) => {
    const listening = listen(rig, via);
    const duplicator = await Duplicator.open(rig);
    const fd = await duplicator.duplicate(listening.fileno());
    const adopt = (): unknown =>
      rig.reactor.adoptStreamConnection(fd, recorders(), { takeOver: true });
    expect(refusal(adopt, fd)).toMatch(/ENOTCONN|EINVAL|EISCONN/);
    // The pure-JS reactor has to open a TCP socket to see, and closes it.
    if (rig.native || via === 'unix') expect(isOpen(fd)).toBe(true);
    closeQuietly(fd);
  });

  it('duplicates the descriptor unless takeOver is set, if the reactor can', async () => {
    const { fd, peer } = await detached(rig, 'unix');
    const adopted = new Recorder();
    const factory = new RecordingFactory(() => adopted);
    const adopt = (): unknown => rig.reactor.adoptStreamConnection(fd, factory);
    if (!rig.native) expect(adopt).toThrow(UnsupportedError);
    else adopt();
    expect(isOpen(fd)).toBe(true);
    closeSync(fd);
    if (!rig.native) return;
    adopted.transport.write('still');
    await peer.receive(5);
  });
});

contract('adoptStreamPort', (rig) => {
  beforeEach(() => needs('descriptors'));

  it.each(['tcp', 'unix'] as const)('accepts from a socket that listens (%s)', async (via) => {
    const other = rig.make();
    const listening = listen(rig, via, other);
    const duplicator = await Duplicator.open(rig);
    const fd = await duplicator.duplicate(listening.fileno());
    const adopted = rig.reactor.adoptStreamPort(fd, new RecordingFactory(echo), { takeOver: true });
    expect(adopted.fileno()).toBe(fd);
    await (listening as ListeningPort).stopListening();
    if (via === 'tcp') {
      const host = (listening as ListeningPort).getHost();
      expect(adopted.getHost().equals(host)).toBe(true);
      const peer = rig.use(await RawPeer.connect(host.port));
      peer.write('hi');
      expect((await peer.receive(2)).toString()).toBe('hi');
    } else {
      expect(adopted.getHost()).toBeInstanceOf(UNIXAddress);
    }
    await adopted.stopListening();
    expect(isOpen(fd)).toBe(false);
    expect(() => adopted.startListening()).toThrow(DescriptorError);
  });

  it("leaves a UNIX socket's file where it is", async () => {
    const path = socketPath(rig);
    const first = rig.reactor.listenUNIX(path, recorders());
    const duplicator = await Duplicator.open(rig);
    const fd = await duplicator.duplicate(first.fileno());
    const adopted = rig.reactor.adoptStreamPort(fd, recorders(), { takeOver: true });
    await adopted.stopListening();
    expect(await connectsTo(path)).toBe('connected');
  });

  it.each(['tcp', 'unix'] as const)(
    'refuses a connection (%s), and leaves it open',
    async (via) => {
      const { fd } = await detached(rig, via);
      const adopt = (): unknown => rig.reactor.adoptStreamPort(fd, recorders(), { takeOver: true });
      expect(refusal(adopt, fd)).toBe('EINVAL');
      expect(isOpen(fd)).toBe(true);
      closeSync(fd);
    },
  );
});

contract('adoptDatagramPort', (rig) => {
  beforeEach(() => needs('descriptors'));

  it('continues with a bound socket', async () => {
    const first = openUDP(rig);
    const duplicator = await Duplicator.open(rig);
    const fd = await duplicator.duplicate(first.port.fileno());
    await first.port.stopListening();
    const protocol = new DatagramRecorder();
    const adopted = rig.reactor.adoptDatagramPort(fd, protocol, { takeOver: true });
    expect(adopted.getHost().equals(first.port.getHost())).toBe(true);
    expect(adopted.fileno()).toBe(fd);
    const other = openUDP(rig);
    adopted.write('ping', other.port.getHost());
    await other.protocol.receive(1);
    other.port.write('pong', adopted.getHost());
    await protocol.receive(1);
    await adopted.stopListening();
    expect(isOpen(fd)).toBe(false);
  });

  it('continues with a bound socket of IPv6', async () => {
    const first = openUDP(rig, { interface: '::' });
    const duplicator = await Duplicator.open(rig);
    const fd = await duplicator.duplicate(first.port.fileno());
    await first.port.stopListening();
    const protocol = new DatagramRecorder();
    const adopted = rig.reactor.adoptDatagramPort(fd, protocol, { takeOver: true });
    const other = openUDP(rig);
    adopted.write('ping', other.port.getHost());
    await other.protocol.receive(1);
    other.port.write('pong', { host: '127.0.0.1', port: first.number });
    await protocol.receive(1);
    expect(protocol.received[0]?.from.equals(other.port.getHost())).toBe(true);
  });
});

type Adopt = (rig: Rig, fd: number, options?: object) => unknown;

const ADOPTIONS: readonly (readonly [string, Adopt])[] = [
  ['adoptStreamPort', ({ reactor }, fd, o) => reactor.adoptStreamPort(fd, recorders(), o)],
  [
    'adoptStreamConnection',
    ({ reactor }, fd, o) => reactor.adoptStreamConnection(fd, recorders(), o),
  ],
  [
    'adoptDatagramPort',
    ({ reactor }, fd, o) => reactor.adoptDatagramPort(fd, new DatagramRecorder(), o),
  ],
];

contract('adoption', (rig) => {
  for (const [method, adopt] of ADOPTIONS) {
    const takeOver = { takeOver: true };

    it(`by ${method} refuses what is not open`, () => {
      needs('descriptors');
      expect(refusal(() => adopt(rig, NEVER_OPEN, takeOver), NEVER_OPEN)).toBe('EBADF');
    });

    it(`by ${method} refuses a file, and leaves it open`, () => {
      needs('descriptors');
      const fd = openSync('/dev/null', 'r+');
      expect(refusal(() => adopt(rig, fd, takeOver), fd)).toBe('ENOTSOCK');
      expect(isOpen(fd)).toBe(true);
      closeSync(fd);
    });

    it(`by ${method} refuses a socket of the other kind, and leaves it open`, async () => {
      needs('descriptors');
      const datagrams = method === 'adoptDatagramPort';
      const of = datagrams ? listen(rig, 'tcp') : openUDP(rig).port;
      const duplicator = await Duplicator.open(rig);
      const fd = await duplicator.duplicate(of.fileno());
      expect(refusal(() => adopt(rig, fd, takeOver), fd)).toMatch(/EPROTOTYPE|EINVAL/);
      expect(isOpen(fd)).toBe(true);
      closeSync(fd);
    });

    it(`by ${method} refuses wrong arguments`, () => {
      for (const fd of [-1, 2 ** 31, 1.5, Number.NaN]) {
        expect(() => adopt(rig, fd, takeOver)).toThrow(InvalidArgumentValueError);
      }
      expect(() => adopt(rig, '3' as never, takeOver)).toThrow(InvalidArgumentTypeError);
      expect(() => adopt(rig, 3, { takeOver: 1 })).toThrow(InvalidArgumentTypeError);
    });
  }

  it('of a descriptor that the reactor itself has open is refused, or makes a second socket', async () => {
    needs('descriptors');
    const { client } = await pair(rig);
    const fd = (client.transport as SocketTransport).fileno();
    if (rig.native) return;
    const adopt = (): unknown =>
      rig.reactor.adoptStreamConnection(fd, recorders(), { takeOver: true });
    expect(refusal(adopt, fd)).toBe('EEXIST');
    client.transport.write('unharmed');
    await unixPair(rig);
  });
});

function listen(rig: Rig, via: 'tcp' | 'unix', reactor = rig.reactor): { fileno(): number } {
  if (via === 'tcp') return listenLocal(reactor, recorders());
  return reactor.listenUNIX(socketPath(rig), recorders());
}
