/**
 * Received bytes on each reactor, where the contract suite has only one kind of reactor: what they keep in memory, workers, Web
 * streams, datagrams, and bytes that one reactor lends and another sends.
 */
import { type MessagePort, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { LARGE_WRITE_BYTES, type Reactor } from '../../src/index.js';
import { POISON_BYTE } from '../../src/internal/lent-bytes.js';
import { detach } from '../../src/testing/contracts/detach.js';
import { inRealTime, pairsOver } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import { contract, portOf, type Rig } from '../support/contract.js';
import { openUDP } from '../support/datagrams.js';
import { DEADLINE_MS, within } from '../support/deadline.js';
import { listenLocal, patterned, served } from '../support/pairs.js';
import { RawPeer } from '../support/raw-peer.js';
import { REACTORS } from '../support/reactors.js';
import { Recorder, RecordingFactory } from '../support/recorder.js';

const isPoison = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === POISON_BYTE);

/** A recorder that accepts lent bytes. */
function lentRecorder(hooks: ConstructorParameters<typeof Recorder>[0] = {}): Recorder {
  const recorder = new Recorder(hooks);
  recorder.acceptsLentBytes = true;
  return recorder;
}

/** Peers of connections that the factory's protocols have been told of. */
async function rawPeers(
  rig: Rig,
  factory: RecordingFactory,
  count: number,
  reactor: Reactor = rig.reactor,
): Promise<RawPeer[]> {
  const port = portOf(listenLocal(reactor, factory));
  const peers = Array.from({ length: count }, () => rig.use(RawPeer.start(port)));
  await inTurns(rig, () => factory.built.filter((end) => end.opened).length === count, 'all peers');
  return peers;
}

/** Settles once `condition` holds, which is looked at after each turn. */
async function inTurns(rig: Rig, condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await rig.turns(1);
  }
}

contract('given bytes', (rig) => {
  it('that are kept keep little else in memory', async () => {
    const kept: Buffer[] = [];
    const { protocol, peer } = await served(
      rig,
      new Recorder({
        dataReceived(data, self) {
          self.chunks.length = 0;
          if (data.length === 1) kept.push(data);
        },
      }),
    );
    const filler = patterned(30_000);
    let total = 0;
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 200; i++) {
      for (const bytes of [Buffer.of(i), filler]) {
        peer.write(bytes);
        total += bytes.length;
        await protocol.receive(total);
      }
    }
    const memories = new Set(kept.map(({ buffer }) => buffer));
    const held = [...memories].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(kept.length).toBeGreaterThan(150);
    expect(held).toBeLessThanOrEqual(2 * kept.length);
    expect(kept.every((data, i) => i === 0 || data[0] !== kept[i - 1]?.[0])).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('reach a worker on their own', async () => {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       parentPort.on('message', (bytes) => {
         parentPort.postMessage([Buffer.from(bytes).toString(), bytes.buffer.byteLength]);
       });`,
      { eval: true },
    );
    rig.use({ [Symbol.asyncDispose]: async () => void (await worker.terminate()) });
    const factory = new RecordingFactory(
      () => new Recorder({ dataReceived: (data) => worker.postMessage(data) }),
    );
    const [secretive, open] = await rawPeers(rig, factory, 2);
    const answers: [text: string, memoryBytes: number][] = [];
    const answered = new Promise<void>((resolve) => {
      worker.on('message', (answer: [string, number]) => {
        answers.push(answer);
        if (answers.length === 2) resolve();
      });
    });
    secretive?.write('password');
    open?.write('hello');
    await within(answered, 'what the worker was sent');
    expect(answers.sort()).toEqual([
      ['hello', 5],
      ['password', 8],
    ]);
  });

  it('can be moved to a worker out of the middle of a batch', async () => {
    const { port1, port2 } = new MessageChannel() as { port1: MessagePort; port2: MessagePort };
    const moved: string[] = [];
    port2.on('message', (bytes: Uint8Array) => void moved.push(Buffer.from(bytes).toString()));
    rig.use({ [Symbol.asyncDispose]: async () => port1.close() });
    const factory = new RecordingFactory(
      () =>
        new Recorder({
          dataReceived(data, self) {
            self.chunks.length = 0;
            port1.postMessage(data, [data.buffer as ArrayBuffer]);
          },
        }),
    );
    const peers = await rawPeers(rig, factory, 6);
    for (let round = 0; round < 5; round++) {
      peers.forEach((peer, i) => void peer.write(`${round}${i}`));
      const all = (): number => factory.built.reduce((sum, end) => sum + end.receivedBytes, 0);
      await inTurns(rig, () => all() === (round + 1) * 12, 'all of a round');
    }
    await inTurns(rig, () => moved.join('').length === 60, 'all at the other end');
    const texts = moved.join('').match(/../g) ?? [];
    const expected = [0, 1, 2, 3, 4].flatMap((round) => peers.map((_, i) => `${round}${i}`));
    expect(texts.sort()).toEqual(expected.sort());
  });

  it('go into byte streams of some connections while others keep theirs', async () => {
    const streamed: string[] = [];
    const factory = new RecordingFactory(() => {
      const streams = factory.built.length % 2 === 0;
      let enqueue: (data: Buffer) => void = () => {};
      const stream = new ReadableStream({
        type: 'bytes',
        start: (controller) => {
          enqueue = (data) => controller.enqueue(data as Uint8Array<ArrayBuffer>);
        },
      });
      if (!streams) return new Recorder();
      void (async () => {
        for await (const part of stream) streamed.push(Buffer.from(part).toString());
      })();
      return new Recorder({ dataReceived: (data) => enqueue(data) });
    });
    const peers = await rawPeers(rig, factory, 6);
    for (const letter of ['a', 'b', 'c']) for (const peer of peers) peer.write(letter);
    const others = factory.built.filter((_, i) => i % 2 === 1);
    const all = (): boolean => others.every((end) => end.receivedBytes === 3);
    await inTurns(rig, () => all() && streamed.join('').length === 9, 'all bytes');
    expect([...streamed.join('')].sort().join('')).toBe('aaabbbccc');
    expect(others.map(({ text }) => text)).toEqual(['abc', 'abc', 'abc']);
  });
});

describe.each(REACTORS)('lent bytes that are overwritten ($name)', ({ make }) => {
  const makePair = pairsOver(
    inRealTime(() => make({ poisonLentBytes: true }), { deadlineMs: DEADLINE_MS }),
  );
  const cases = transportContract(makePair, { poisonsLentBytes: true });
  for (const { name, run } of cases.filter(({ name: what }) => /\blen[dt]s?\b/.test(what))) {
    it(name, run);
  }
});

contract('lent bytes', (rig) => {
  it.each([1000, 3 * LARGE_WRITE_BYTES])(
    'are sent by a transport of another reactor: %i bytes at a time',
    async (bytes) => {
      const source = rig.make();
      const target = rig.make();
      const { relay, peers } = await relayed(rig, source, target);
      const [from, to] = peers;
      const data = patterned(40 * bytes);
      for (let at = 0; at < data.length; at += bytes) {
        from.write(data.subarray(at, at + bytes));
        await relay.receive(at + bytes);
      }
      const received = await to.receive(data.length);
      expect(received.equals(data)).toBe(true);
    },
  );

  it('are sent by another connection whose peer reads late', async () => {
    const { relay, peers } = await relayed(rig, rig.reactor, rig.reactor);
    const [from, to] = peers;
    to.socket.pause();
    const data = patterned(20_000_000);
    from.write(data);
    await relay.until(() => relay.receivedBytes === data.length, 'all at the relay');
    to.socket.resume();
    expect((await to.receive(data.length)).equals(data)).toBe(true);
  });

  it('are overwritten by a reactor that was made with poisonLentBytes, and by no other', async () => {
    for (const poisonLentBytes of [true, false]) {
      const lent: Buffer[] = [];
      const reactor = rig.make({ poisonLentBytes });
      const factory = new RecordingFactory(() =>
        lentRecorder({ dataReceived: (data) => void lent.push(data) }),
      );
      const [peer] = await rawPeers(rig, factory, 1, reactor);
      peer?.write('lent');
      await inTurns(rig, () => factory.built[0]?.receivedBytes === 4, 'the bytes');
      expect(lent.map(isPoison)).toEqual([poisonLentBytes]);
    }
  });
});

interface Relayed {
  readonly relay: Recorder;
  readonly peers: readonly [from: RawPeer, to: RawPeer];
}

/** What one peer writes, a protocol of `source` is lent, and writes to a connection of `target`, whose peer is the other. */
async function relayed(rig: Rig, source: Reactor, target: Reactor): Promise<Relayed> {
  const outbound = new Recorder();
  const relay = lentRecorder({
    dataReceived(data, self) {
      self.chunks.length = 0;
      outbound.call('write', data);
    },
  });
  const ports = [
    listenLocal(source, new RecordingFactory(() => relay)),
    listenLocal(target, new RecordingFactory(() => outbound)),
  ];
  const [from, to] = await Promise.all(
    ports.map((port) => RawPeer.connect(portOf(port)).then((peer) => rig.use(peer))),
  );
  await Promise.all([relay.made(), outbound.made()]);
  return { relay, peers: [from as RawPeer, to as RawPeer] };
}

contract('datagrams', (rig) => {
  it.each([1, 60, 1400, 8000])(
    'of %i bytes that are given have memory of their own',
    async (bytes) => {
      const { port, protocol } = openUDP(rig);
      const sender = openUDP(rig);
      for (let i = 0; i < 20; i++) {
        sender.port.write(Buffer.alloc(bytes, i), port.getHost());
        await protocol.pulse.until(() => protocol.received.length === i + 1, 'a datagram');
      }
      protocol.received.forEach(({ data }, i) => {
        expect(data.every((byte) => byte === i)).toBe(true);
        expect(data.buffer.byteLength).toBeLessThanOrEqual(2 * bytes);
      });
      expect(new Set(protocol.received.map(({ data }) => data.buffer)).size).toBe(20);
    },
  );

  it.each([false, true])('can be transferred out of a batch; lent: %s', async (lent) => {
    const read: string[] = [];
    const { port, protocol } = openUDP(rig);
    Object.assign(protocol, { acceptsLentBytes: lent });
    protocol.onDatagram = ({ data }) => {
      read.push(data.toString());
      if (read.length % 2 === 1) detach(data.buffer as ArrayBuffer);
    };
    const sender = openUDP(rig);
    const texts = Array.from({ length: 12 }, (_, i) => `datagram ${i}`);
    for (const text of texts) sender.port.write(text, port.getHost());
    await protocol.pulse.until(() => protocol.received.length === texts.length, 'all datagrams');
    expect(read).toEqual(texts);
  });

  it('that are lent are overwritten with poisonLentBytes, and sent by a connection as they were', async () => {
    const reactor = rig.make({ poisonLentBytes: true });
    const outbound = new Recorder();
    const listening = listenLocal(reactor, new RecordingFactory(() => outbound));
    const to = rig.use(await RawPeer.connect(portOf(listening)));
    await outbound.made();
    const port = reactor.listenUDP(
      0,
      { acceptsLentBytes: true, datagramReceived: (data) => outbound.call('write', data) },
      { interface: '127.0.0.1', maxPacketSize: 65_507 },
    );
    const client = openUDP(rig);
    const data = patterned(LARGE_WRITE_BYTES + 1);
    client.port.write(data, port.getHost());
    expect((await to.receive(data.length)).equals(data)).toBe(true);
  });

  it('that are lent are overwritten with poisonLentBytes, and sent back as they were', async () => {
    const reactor = rig.make({ poisonLentBytes: true });
    const kept: Buffer[] = [];
    const port = reactor.listenUDP(
      0,
      {
        acceptsLentBytes: true,
        datagramReceived(data, from, transport) {
          kept.push(data);
          transport.write(data, from);
        },
      },
      { interface: '127.0.0.1' },
    );
    const client = openUDP(rig);
    const data = patterned(5000);
    client.port.write(data, port.getHost());
    await client.protocol.pulse.until(() => client.protocol.received.length === 1, 'an answer');
    expect(client.protocol.received[0]?.data.equals(data)).toBe(true);
    expect(kept.map(isPoison)).toEqual([true]);
  });
});
