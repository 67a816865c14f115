/** Bytes: what is written arrives, whole, in order, when it should; what was received stays as it was. */
import { expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors.js';
import { LARGE_WRITE_BYTES } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';
import { echo, pair, patterned, quietMoment, served } from '../support/pairs.js';
import { Recorder } from '../support/recorder.js';
import { HAS_SS, ss } from '../support/sockets.js';

/** Each at a border of the implementation: copied or kept by reference, one read or more. */
const SIZES = [
  0,
  1,
  2,
  63,
  1023,
  4096,
  LARGE_WRITE_BYTES - 1,
  LARGE_WRITE_BYTES,
  LARGE_WRITE_BYTES + 1,
  65_535,
  65_536,
  65_537,
  200_000,
];

contract('bytes', (rig) => {
  it('come back from an echo, a few at a time', async () => {
    const { peer } = await served(rig, echo());
    for (let trip = 1; trip <= 20; trip++) {
      peer.write(`trip ${trip % 10}`);
      await peer.receive(trip * 6);
    }
    expect(peer.text).toBe(Array.from({ length: 20 }, (_, i) => `trip ${(i + 1) % 10}`).join(''));
  });

  it('come back from an echo, five million of them', async () => {
    const { peer } = await served(rig, echo());
    const data = patterned(5_000_000);
    peer.write(data);
    expect((await peer.receive(data.length)).equals(data)).toBe(true);
  });

  it.each(SIZES)('arrive whole when %i are written at once', async (size) => {
    const { protocol, peer } = await served(rig);
    const data = patterned(size, size + 1);
    protocol.transport.write(data);
    protocol.transport.loseConnection();
    await peer.untilEnded();
    expect(peer.received.equals(data)).toBe(true);
  });

  it('arrive in order, however they are written', async () => {
    const { protocol, peer } = await served(rig);
    const { transport } = protocol;
    const expected: Buffer[] = [];
    const bytes = (size: number): Buffer => {
      const data = patterned(size, expected.length + 1);
      expected.push(data);
      return data;
    };
    const text = (value: string): string => {
      expected.push(Buffer.from(value));
      return value;
    };
    for (let round = 0; round < 40; round++) {
      transport.write(bytes(round * 7));
      transport.write(bytes(LARGE_WRITE_BYTES + round));
      transport.write(text(`round ${round} – ünïcödé `));
      transport.writeSequence([
        bytes(3),
        text('then'),
        bytes(20_000),
        text(''),
        bytes(0),
        bytes(1),
      ]);
      transport.write(text('x'.repeat(round * 1000)));
      if (round % 8 === 7) await rig.turns(1);
    }
    const all = Buffer.concat(expected);
    expect((await peer.receive(all.length)).equals(all)).toBe(true);
    expect(peer.receivedBytes).toBe(all.length);
  });

  it('arrive in order when written from several places of a turn', async () => {
    const { protocol, peer } = await served(rig);
    const written: string[] = [];
    const write = (text: string): void => {
      written.push(text);
      protocol.transport.write(text);
    };
    const done = latch();
    write('at once ');
    process.nextTick(write, 'nextTick ');
    queueMicrotask(() => write('microtask '));
    rig.reactor.callLater(0, () => {
      write('callLater ');
      process.nextTick(write, 'nextTick again ');
      queueMicrotask(() => {
        write('microtask again');
        done.open();
      });
    });
    await within(done.promise, 'the writes');
    await rig.turns(1);
    expect(written).toHaveLength(6);
    const all = written.join('');
    expect((await peer.receive(all.length)).toString()).toBe(all);
  });

  it('are not sent before the end of the turn', async () => {
    const { protocol, peer } = await served(rig);
    protocol.transport.write('abc');
    expect(protocol.transport.bufferedBytes).toBe(3);
    protocol.transport.write(patterned(20_000));
    expect(protocol.transport.bufferedBytes).toBe(20_003);
    await peer.receive(20_003);
    expect(protocol.transport.bufferedBytes).toBe(0);
  });

  it('written in one turn leave together', async ({ skip }) => {
    if (!HAS_SS) skip('ss(8) is needed to count segments');
    const { protocol, peer } = await served(
      rig,
      new Recorder({
        dataReceived: (_data, self) => {
          for (let i = 0; i < 50; i++) self.transport.write(`line ${i % 10}\n`);
        },
      }),
    );
    const segments = (): number =>
      Number(/\bdata_segs_out:(\d+)/.exec(ss(peer.remotePort, 'connections'))?.[1] ?? 0);
    expect(segments()).toBe(0);
    peer.write('go');
    await peer.receive(50 * 7);
    expect(segments()).toBe(1);
    expect(protocol.connected).toBe(true);
  });

  it('are never more than 65,536 in one dataReceived', async () => {
    const { protocol, peer } = await served(rig);
    const data = patterned(3_000_000);
    peer.write(data);
    await protocol.receive(data.length);
    expect(Math.max(...protocol.chunks.map(({ length }) => length))).toBeLessThanOrEqual(65_536);
    expect(protocol.received.equals(data)).toBe(true);
  });

  it('once received are never written over', async () => {
    const { protocol, peer } = await served(rig);
    const other = await served(rig, echo());
    const data = patterned(10_000_000, 7);
    for (let at = 0; at < data.length; ) {
      const size = 1 + ((at * 31) % 9_973);
      peer.write(data.subarray(at, at + size));
      at += size;
      if (at % 5 === 0) other.peer.write('between');
    }
    await protocol.receive(data.length);
    expect(protocol.chunks.length).toBeGreaterThan(100);
    expect(Buffer.concat(protocol.chunks).equals(data)).toBe(true);
  });

  it('once received may be changed by the receiver without harm to others', async () => {
    const { protocol, peer } = await served(
      rig,
      new Recorder({ dataReceived: (data) => void setImmediate(() => data.fill(0xff)) }),
    );
    const kept = await served(rig);
    const data = patterned(300_000);
    peer.write(data);
    kept.peer.write(data);
    await kept.protocol.receive(data.length);
    await protocol.receive(data.length);
    await quietMoment(rig);
    expect(kept.protocol.received.equals(data)).toBe(true);
  });

  it('of a small buffer are those it held when it was written', async () => {
    const { protocol, peer } = await served(rig);
    const data = Buffer.from('before');
    protocol.transport.write(data);
    data.write('after!');
    protocol.transport.write(data);
    data.fill(0);
    expect((await peer.receive(12)).toString()).toBe('beforeafter!');
  });

  it('of a view are those of the view alone', async () => {
    const { protocol, peer } = await served(rig);
    const memory = patterned(60_000);
    protocol.transport.write(memory.subarray(10, 20));
    protocol.transport.write(new Uint8Array(memory.buffer, memory.byteOffset + 20, 40_000));
    protocol.transport.write(new Uint8Array(memory.subarray(40_020, 40_030)));
    const all = await peer.receive(40_020);
    expect(all.equals(memory.subarray(10, 40_030))).toBe(true);
  });

  it('of text are its UTF-8', async () => {
    const { protocol, peer } = await served(rig);
    const texts = [
      'plain',
      'ünï',
      '日本語',
      '👩‍👩‍👧',
      '\0\u007f\u0080\u07ff\u0800\uffff',
      'half \ud800 pair',
      'é'.repeat(5_000),
      '€'.repeat(40_000),
      '😀'.repeat(70_000),
    ];
    for (const text of texts) protocol.transport.write(text);
    const expected = Buffer.from(texts.join('|').replaceAll('|', ''));
    expect((await peer.receive(expected.length)).equals(expected)).toBe(true);
  });

  it('may be none at all', async () => {
    const { protocol, peer } = await served(rig);
    protocol.transport.write('');
    protocol.transport.write(Buffer.alloc(0));
    protocol.transport.writeSequence([]);
    protocol.transport.writeSequence(['', Buffer.alloc(0)]);
    expect(protocol.transport.bufferedBytes).toBe(0);
    protocol.transport.write('end');
    expect((await peer.receive(3)).toString()).toBe('end');
  });

  it('may come from any iterable', async () => {
    const { protocol, peer } = await served(rig);
    function* parts(): Generator<Uint8Array | string> {
      yield 'gen';
      yield Buffer.from('er');
      yield 'ated';
    }
    protocol.transport.writeSequence(parts());
    protocol.transport.writeSequence(new Set([' set']));
    expect((await peer.receive(13)).toString()).toBe('generated set');
  });

  it('of the wrong type are refused, and none of the others is lost', async () => {
    const { protocol, peer } = await served(rig);
    const { transport } = protocol;
    const wrong = [
      undefined,
      null,
      5,
      true,
      {},
      [],
      [1],
      new ArrayBuffer(4),
      new Uint16Array(2),
      Symbol('s'),
      5n,
      new DataView(new ArrayBuffer(2)),
    ];
    for (const [i, value] of wrong.entries()) {
      transport.write(`${i % 10}`);
      expect(() => transport.write(value as never), String(value)).toThrow(
        InvalidArgumentTypeError,
      );
      expect(() => transport.writeSequence([value as never])).toThrow(InvalidArgumentTypeError);
    }
    expect(() => transport.write(5 as never)).toThrow(
      expect.objectContaining({
        name: expect.stringContaining('TypeError'),
        code: 'ERR_INVALID_ARG_TYPE',
      }),
    );
    expect(() => transport.writeSequence(5 as never)).toThrow(TypeError);
    transport.write('.');
    expect((await peer.receive(wrong.length + 1)).toString()).toBe('012345678901.');
  });

  it('written to a transport that is gone are dropped', async () => {
    const { protocol, peer } = await served(rig);
    peer.end();
    await protocol.lost();
    protocol.transport.write('too late');
    protocol.transport.write(patterned(100_000));
    expect(protocol.transport.bufferedBytes).toBe(0);
    expect(() => protocol.transport.write(5 as never)).toThrow(InvalidArgumentTypeError);
  });
});

contract('two protocols', (rig) => {
  it('send to each other at the same time', async () => {
    const { client, server } = await pair(rig);
    const [up, down] = [patterned(2_000_000, 2), patterned(3_000_000, 3)];
    client.transport.write(up);
    server.transport.write(down);
    expect((await server.receive(up.length)).equals(up)).toBe(true);
    expect((await client.receive(down.length)).equals(down)).toBe(true);
  });

  it('may speak in connectionMade, each first', async () => {
    const hello = (text: string): Recorder =>
      new Recorder({ connectionMade: (self) => self.transport.write(text) });
    const { client, server } = await pair(rig, { client: hello('HELO'), server: hello('220 ok') });
    expect((await client.receive(6)).toString()).toBe('220 ok');
    expect((await server.receive(4)).toString()).toBe('HELO');
  });

  it('play ping-pong two thousand times', async () => {
    const bounce = (): Recorder =>
      new Recorder({
        dataReceived: (data, self) => {
          if (self.receivedBytes < 1000) self.transport.write(data);
        },
      });
    const { client, server } = await pair(rig, { client: bounce(), server: bounce() });
    client.transport.write('.');
    await server.receive(1000);
    expect(client.receivedBytes).toBe(999);
  });
});

contract('a write that comes late', (rig) => {
  it('is delivered after loseConnection if the connection is still open by then', async () => {
    const { protocol, peer } = await served(rig);
    protocol.transport.write('a');
    protocol.transport.loseConnection();
    protocol.transport.write('LATE');
    await peer.untilEnded();
    expect(peer.text).toBe('aLATE');
    expect((await protocol.lost()).name).toBe('ConnectionDone');
  });

  it('is dropped after loseWriteConnection', async () => {
    const { protocol, peer } = await served(rig);
    protocol.transport.write('a');
    protocol.transport.loseWriteConnection();
    protocol.transport.write('LATE');
    protocol.transport.write(patterned(50_000));
    await peer.untilEnded();
    expect(peer.text).toBe('a');
    expect(protocol.transport.bufferedBytes).toBe(0);
  });

  it('is dropped after abortConnection', async () => {
    const { protocol, peer } = await served(rig);
    protocol.transport.abortConnection();
    protocol.transport.write('LATE');
    expect(protocol.transport.bufferedBytes).toBe(0);
    await peer.until(() => peer.closed, 'close');
    expect(peer.receivedBytes).toBe(0);
    await protocol.lost();
  });
});
