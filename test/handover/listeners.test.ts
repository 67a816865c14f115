/** Listeners that change hands, between reactors of one process: it makes no difference to the sockets. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ConnectionReceiver,
  ConnectionSender,
  HandoverError,
  HandoverProtocolError,
  offerListeners,
  serveUpgradable,
  takeListeners,
} from '../../src/handover/index.js';
import {
  CancelledError,
  CannotListenError,
  ConnectionLost,
  LineOnlyReceiver,
  type ListeningPort,
  NotListeningError,
  type Reactor,
  UNIXAddress,
} from '../../src/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { LACKS, needs } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';
import { REACTORS } from '../support/reactors.js';
import { HalfCloseRecorder, Recorder, recorders } from '../support/recorder.js';

const NATIVE = REACTORS.filter(({ native }) => native);

describe.each(NATIVE)('listeners on offer ($name)', ({ make }) => {
  let folder: string;
  let path: string;
  let older: Reactor;
  let newer: Reactor;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    path = join(folder, 'meet.sock');
    older = make();
    newer = make();
    needs('descriptors');
  });

  afterEach(async () => {
    await older[Symbol.asyncDispose]();
    await newer[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const listen = (reactor: Reactor, factory = recorders()): ListeningPort =>
    reactor.listenTCP(0, factory, { interface: '127.0.0.1' });

  /** Whoever has connected to the older, with nothing said yet. */
  /** A connection that the predecessor has accepted: it may be connected long before. */
  const visitor = async (client = new Recorder()): Promise<Recorder> => {
    const { connectionsAccepted } = older.statistics();
    newer.connectUNIX(path, () => client);
    await client.made();
    await vi.waitFor(() =>
      expect(older.statistics().connectionsAccepted).toBeGreaterThan(connectionsAccepted),
    );
    return client;
  };

  it('are taken over: the predecessor stops accepting, the successor accepts', async () => {
    const [before, after] = [recorders(), recorders()];
    const port = listen(older, before);
    const offer = offerListeners(older, path, { echo: port });
    const taken = await takeListeners(newer, path);
    expect(taken?.names).toEqual(['echo']);
    const inherited = newer.adoptStreamPort(taken?.take('echo') as number, after, {
      takeOver: true,
    });
    expect(inherited.getHost().equals(port.getHost())).toBe(true);
    await taken?.ready();
    await offer.taken;
    expect(port.listening).toBe(false);
    await using peer = await RawPeer.connect(port.getHost().port);
    peer.write('new');
    const protocol = await after.protocol();
    expect(await protocol.receive(3)).toEqual(Buffer.from('new'));
    expect(before.built).toHaveLength(0);
  });

  it('stay with the predecessor when the successor gives up', async () => {
    const factory = recorders();
    const port = listen(older, factory);
    await using offer = offerListeners(older, path, { echo: port });
    const taken = await takeListeners(newer, path);
    taken?.[Symbol.dispose]();
    // The next successor is not refused for the first one's sake, once that is gone.
    const second = await retry(() => takeListeners(newer, path));
    expect(second?.names).toEqual(['echo']);
    second?.[Symbol.dispose]();
    expect(port.listening).toBe(true);
    expect(offer.taken.fired).toBe(false);
    await using peer = await RawPeer.connect(port.getHost().port);
    expect(peer).toBeDefined();
    await factory.protocol();
  });

  it('are not given after the offer was withdrawn, even to a process that had connected before', async () => {
    const offer = offerListeners(older, path, { echo: listen(older) });
    const client = await visitor();
    client.transport.write('{"type":"ta');
    const withdrawn = offer.withdraw();
    client.transport.write('ke","version":1}\r\n');
    await withdrawn;
    await client.lost();
    expect(client.received.toString()).toMatch(/^{"type":"refused".*withdrawn/);
    expect(client.received.toString().trim().split('\n')).toHaveLength(1);
  });

  it('stay with a predecessor that withdraws the offer: the successor is not told that it stopped', async () => {
    const port = listen(older);
    const offer = offerListeners(older, path, { echo: port });
    using taken = await takeListeners(newer, path);
    await offer.withdraw();
    await expect(taken?.ready()).rejects.toThrow('withdrawn');
    expect(port.listening).toBe(true);
    expect(offer.taken.fired).toBe(false);
  });

  it('stay with a predecessor that withdraws the offer while the successor is sending "ready"', async () => {
    const offer = offerListeners(older, path, { echo: listen(older) });
    const client = await visitor();
    client.transport.write('{"type":"take","version":1}\r\n');
    await client.until(() => client.received.includes('"listeners"'), 'listeners');
    client.transport.pauseProducing();
    await offer.withdraw();
    client.transport.write('{"type":"ready"}\r\n');
    client.transport.resumeProducing();
    await client.until(() => client.received.includes('withdrawn'), 'a refusal');
  });

  it('are refused to a process that does not disconnect, whose connection is then closed', async () => {
    const offer = offerListeners(older, path, { echo: listen(older) });
    const client = await visitor(new HalfCloseRecorder());
    await offer.withdraw();
    await client.until(() => client.received.includes('withdrawn'), 'a refusal');
    // Reading has ended: that the rest is closed too is seen by writing.
    const writing = setInterval(() => client.transport.write('still here\r\n'), 20);
    try {
      expect(await client.lost()).toBeInstanceOf(ConnectionLost);
    } finally {
      clearInterval(writing);
    }
  });

  it('are no longer available to a process that gave up', async () => {
    await using _offer = offerListeners(older, path, { echo: listen(older) });
    const taken = await takeListeners(newer, path);
    taken?.[Symbol.dispose]();
    await expect(taken?.ready()).rejects.toThrow(HandoverError);
  });

  it('are omitted if they have stopped meanwhile', async () => {
    const [stopped, other] = [listen(older), listen(older)];
    await using _offer = offerListeners(older, path, { stopped, other });
    await stopped.stopListening();
    using taken = await takeListeners(newer, path);
    expect(taken?.names).toEqual(['other']);
  });

  it('are given to one at a time', async () => {
    await using offer = offerListeners(older, path, { echo: listen(older) });
    const taken = await takeListeners(newer, path);
    await expect(takeListeners(newer, path)).rejects.toThrow(HandoverError);
    expect(offer.taken.fired).toBe(false);
    taken?.[Symbol.dispose]();
  });

  it('are available to this user only, by the mode of the socket', async () => {
    await using _offer = offerListeners(older, path, { echo: listen(older) });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('are on offer once', async () => {
    await using _offer = offerListeners(older, path, {});
    expect(() => offerListeners(newer, path, {})).toThrow(CannotListenError);
  });

  it('are not available if no process offers any', async () => {
    expect(await takeListeners(newer, path)).toBeUndefined();
  });

  it('are not available from a socket left by a dead process', async () => {
    const port = older.listenUNIX(path, recorders());
    await port.stopListening({ keepFile: true });
    expect(statSync(path).isSocket()).toBe(true);
    expect(await takeListeners(newer, path)).toBeUndefined();
  });

  it('are refused to a process with another version', async () => {
    await using _offer = offerListeners(older, path, { echo: listen(older) });
    const client = await visitor();
    client.transport.write('{"type":"take","version":2}\r\n');
    await client.lost();
    expect(client.received.toString()).toMatch(/"refused".*version 2/);
  });

  it.each(['{"type":"ready"}', 'GET / HTTP/1.1', '{"type":"stopped"}', 'x'.repeat(70_000)])(
    'are not given to whoever says something else: %.20s',
    async (text) => {
      const port = listen(older);
      await using _offer = offerListeners(older, path, { echo: port });
      const client = new Recorder();
      newer.connectUNIX(path, () => client);
      await client.made();
      client.transport.write(`${text}\r\n`);
      await client.lost();
      expect(port.listening).toBe(true);
      expect(client.receivedBytes).toBe(0);
    },
  );

  it('are refused by the successor if they arrive without descriptors, which are closed', async () => {
    const liar = class extends LineOnlyReceiver {
      override lineReceived(): void {
        (
          this.transport as unknown as Recorder['tcp'] & { sendFileDescriptor(fd: number): void }
        ).sendFileDescriptor(0);
        this.sendLine('{"type":"listeners","names":["a","b"]}');
      }
    };
    older.listenUNIX(path, liar as never);
    const before = readdirSync('/proc/self/fd').length;
    await expect(takeListeners(newer, path)).rejects.toThrow(HandoverProtocolError);
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });

  it('are waited for without limit on request', async () => {
    await using _offer = offerListeners(older, path, { echo: listen(older) });
    using taken = await takeListeners(newer, path, { timeoutMs: 0 });
    expect(taken?.names).toEqual(['echo']);
  });

  it('are disconnected from when the request is cancelled', async () => {
    const silent = new Recorder();
    older.listenUNIX(path, () => silent);
    const taking = takeListeners(newer, path, { timeoutMs: 0 });
    await silent.made();
    taking.cancel();
    await expect(taking).rejects.toThrow(CancelledError);
    await silent.lost();
  });

  it('are given up on in time', async () => {
    older.listenUNIX(path, recorders());
    // Time enough to connect on a machine that stalls.
    await expect(takeListeners(newer, path, { timeoutMs: 500 })).rejects.toThrow(HandoverError);
  });

  it('stop only after waiting connections were accepted', async () => {
    const [before, after] = [recorders(), recorders()];
    const port = listen(older, before);
    const offer = offerListeners(older, path, { echo: port });
    const peers: RawPeer[] = [];
    const taken = await takeListeners(newer, path);
    newer.adoptStreamPort(taken?.take('echo') as number, after, { takeOver: true });
    const ready = taken?.ready();
    for (let i = 0; i < 20; i++) peers.push(await RawPeer.connect(port.getHost().port));
    await ready;
    await offer.taken;
    await expect.poll(() => before.built.length + after.built.length).toBe(20);
    for (const peer of peers) {
      expect(peer.ended || peer.closed).toBe(false);
      await peer[Symbol.asyncDispose]();
    }
  });

  it('keep the file of a UNIX socket, which the last owner removes', async () => {
    const socket = join(folder, 'service.sock');
    const port = older.listenUNIX(socket, recorders());
    const offer = offerListeners(older, path, { service: port });
    const taken = await takeListeners(newer, path);
    const inherited = newer.adoptStreamPort(taken?.take('service') as number, recorders(), {
      takeOver: true,
      ownsFile: true,
    });
    await taken?.ready();
    await offer.taken;
    expect(statSync(socket).isSocket()).toBe(true);
    await inherited.stopListening();
    expect(() => statSync(socket)).toThrow('ENOENT');
  });

  it('continue to serve through serveUpgradable, which offers them in turn', async () => {
    const factories = [recorders(), recorders(), recorders()];
    const open = (reactor: Reactor, index: number) => (inherited: number | undefined) =>
      inherited === undefined
        ? listen(reactor, factories[index])
        : reactor.adoptStreamPort(inherited, factories[index] as never, { takeOver: true });
    const first = await serveUpgradable(older, path, { echo: open(older, 0) });
    expect(first.tookOver).toBe(false);
    const second = await serveUpgradable(newer, path, { echo: open(newer, 1) });
    expect(second.tookOver).toBe(true);
    await first.superseded;
    expect(await first.drained).toBe(0);
    await using third = await serveUpgradable(older, path, { echo: open(older, 2) });
    expect(third.ports.echo.getHost().equals(first.ports.echo.getHost())).toBe(true);
    await second.drained;
  });

  it('continue to serve if they can no longer be offered, which is reported', async () => {
    const first = await serveUpgradable(older, path, { echo: () => listen(older) });
    vi.spyOn(newer, 'listenUNIX').mockImplementation(() => {
      throw new CannotListenError(new UNIXAddress(path));
    });
    const second = await serveUpgradable(newer, path, {
      echo: (fd) => newer.adoptStreamPort(fd as number, recorders(), { takeOver: true }),
    });
    await first.superseded;
    expect(second.ports.echo.listening).toBe(true);
    expect(flushLoggedErrors(CannotListenError)).toHaveLength(1);
    await second.stop();
    expect(second.ports.echo.listening).toBe(false);
  });

  it('drain until the deadline: serveUpgradable reports how many are left', async () => {
    const factory = recorders();
    const options = { drainMs: 50 };
    const echo = (reactor: Reactor) => (fd: number | undefined) =>
      fd === undefined
        ? listen(reactor, factory)
        : reactor.adoptStreamPort(fd, factory, { takeOver: true });
    const first = await serveUpgradable(older, path, { echo: echo(older) }, options);
    const { port } = first.ports.echo.getHost() as { port: number };
    await using peer = await RawPeer.connect(port);
    await factory.protocol();
    await using _second = await serveUpgradable(newer, path, { echo: echo(newer) }, options);
    expect(await first.drained).toBe(1);
    expect(peer.closed).toBe(false);
  });

  it('keep their file if the successor that should remove it fails', async () => {
    const socket = join(folder, 'service.sock');
    const open = (): ListeningPort => older.listenUNIX(socket, recorders()) as never;
    const first = await serveUpgradable(older, path, { service: open });
    const ports = {
      service: (fd: number | undefined) =>
        newer.adoptStreamPort(fd as number, recorders(), { takeOver: true, ownsFile: true }),
      other: (): ListeningPort => {
        throw new Error('no such thing');
      },
    };
    await expect(serveUpgradable(newer, path, ports)).rejects.toThrow('no such thing');
    expect(statSync(socket).isSocket()).toBe(true);
    await first.stop();
  });

  it('stay with the predecessor if the successor could not offer its own in turn', async () => {
    const first = await serveUpgradable(older, path, { echo: () => listen(older) });
    const stopped = listen(newer);
    await stopped.stopListening();
    const ports = { echo: () => stopped };
    await expect(serveUpgradable(newer, path, ports)).rejects.toThrow(NotListeningError);
    expect(first.ports.echo.listening).toBe(true);
    await first.stop();
  });

  it('are closed again if serveUpgradable is cancelled', async () => {
    const first = await serveUpgradable(older, path, { echo: () => listen(older) });
    const opened: ListeningPort[] = [];
    const serving = serveUpgradable(newer, path, {
      echo: () => {
        const port = listen(newer);
        opened.push(port);
        serving.cancel();
        return port;
      },
    });
    await expect(serving).rejects.toThrow(CancelledError);
    await expect.poll(() => opened[0]?.listening).toBe(false);
    expect(first.ports.echo.listening).toBe(true);
    await first.stop();
  });

  it('stay with the predecessor if the successor’s ports cannot be opened', async () => {
    const first = await serveUpgradable(older, path, { echo: () => listen(older) });
    const failing = (): ListeningPort => {
      throw new Error('no such thing');
    };
    await expect(serveUpgradable(newer, path, { other: failing })).rejects.toThrow('no such thing');
    expect(first.ports.echo.listening).toBe(true);
    expect(first.superseded.fired).toBe(false);
    await first.stop();
  });
});

const REFUSING = REACTORS.filter(({ native }) => !native || LACKS.descriptors !== undefined);

describe.each(REFUSING)('if descriptors cannot be sent ($name)', (maker) => {
  const refusal = (feature: string): object =>
    expect.objectContaining({ code: 'ERR_UNSUPPORTED', feature });

  it('the calls are refused by name', async () => {
    await using reactor = maker.make();
    expect(() => offerListeners(reactor, '/nowhere', {})).toThrow(refusal('offerListeners'));
    expect(() => takeListeners(reactor, '/nowhere')).toThrow(refusal('takeListeners'));
    expect(() => serveUpgradable(reactor, '/nowhere', {})).toThrow(refusal('serveUpgradable'));
  });

  it('on Windows connections are not moved either', async () => {
    needs('namedPipes');
    await using reactor = maker.make();
    expect(() => new ConnectionSender()).toThrow(refusal('ConnectionSender'));
    const receiver = (): unknown => new ConnectionReceiver(reactor, () => null);
    expect(receiver).toThrow(refusal('ConnectionReceiver'));
  });
});

async function retry<T>(attempt: () => PromiseLike<T>): Promise<T> {
  for (let left = 100; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}
