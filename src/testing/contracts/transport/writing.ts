/** Cases of the transport contract: written bytes arrive whole, in order, and at the right time. */
import assert from 'node:assert/strict';

import { LARGE_WRITE_BYTES } from '../../../core/transport.js';
import { patternedBytes } from '../patterned-bytes.js';
import type { TransportCases } from './scene.js';

/** Each at a limit of an implementation: copied or kept by reference, one read or more. */
const SIZES: readonly number[] = [
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

const TEXTS: readonly string[] = [
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

export function addWritingCases(contract: TransportCases): void {
  addWholeCases(contract);
  addOrderCases(contract);
  addValueCases(contract);
  addDialogueCases(contract);
}

function addWholeCases(contract: TransportCases): void {
  for (const size of SIZES) {
    contract.add(
      `delivers ${size} bytes written at once, and the end after them`,
      async (scene) => {
        const data = patternedBytes(size, size + 1);
        scene.client.call('write', data);
        scene.client.call('loseConnection');
        await scene.ended(scene.server);
        assert(scene.server.received.equals(data), 'the bytes that arrived are those written');
      },
    );
  }

  contract.add('sends nothing before the end of the turn', async (scene) => {
    const { client, server, transport } = scene;
    client.call('write', 'abc');
    assert.equal(transport.bufferedBytes, 3, 'bufferedBytes after a small write');
    client.call('write', patternedBytes(20_000));
    assert.equal(transport.bufferedBytes, 20_003, 'bufferedBytes after a large write');
    assert.equal(server.receivedBytes, 0, 'bytes delivered from within write');
    await scene.received(server, 20_003);
    await scene.until(() => transport.bufferedBytes === 0, 'bufferedBytes to be 0');
  });

  contract.add('delivers at most 65,536 bytes at once', async (scene) => {
    const data = patternedBytes(3_000_000);
    scene.client.call('write', data);
    const received = await scene.received(scene.server, data.length);
    assert(received.equals(data), 'the bytes that arrived are those written');
  });

  contract.add('never overwrites received bytes', async (scene) => {
    const { client, server } = scene;
    const data = patternedBytes(3_000_000, 7);
    for (let at = 0; at < data.length; ) {
      const size = 1 + ((at * 31) % 9_973);
      server.call('write', data.subarray(at, at + size));
      at += size;
      const waits = (): boolean => server.transport.bufferedBytes > 100_000;
      if (at % 5 === 0) await scene.until(() => !waits(), 'room');
    }
    await scene.received(client, data.length);
    assert(Buffer.concat(client.chunks).equals(data), 'the bytes kept are those received');
  });
}

function addOrderCases(contract: TransportCases): void {
  contract.add('keeps the order of writes of all kinds', async (scene) => {
    const { transport } = scene;
    const expected: Buffer[] = [];
    const keep = <T extends string | Buffer>(part: T): T => {
      expected.push(Buffer.from(part as string));
      return part;
    };
    for (let round = 0; round < 40; round++) {
      transport.write(keep(patternedBytes(round * 7, round + 1)));
      transport.write(keep(patternedBytes(LARGE_WRITE_BYTES + round, round + 2)));
      transport.write(keep(`round ${round} – ünïcödé `));
      transport.writeSequence([
        keep(patternedBytes(3, round + 3)),
        keep('then'),
        keep(patternedBytes(20_000, round + 4)),
        '',
        Buffer.alloc(0),
        keep(patternedBytes(1, round + 5)),
      ]);
      transport.write(keep('x'.repeat(round * 1000)));
      if (round % 8 === 7) await scene.received(scene.server, 1);
    }
    const all = Buffer.concat(expected);
    await scene.received(scene.server, all.length);
    await scene.settle();
    assert(scene.server.received.equals(all), 'all that was written arrived, in order, once');
  });

  contract.add('keeps the order of writes by microtasks and ticks of one turn', async (scene) => {
    const { transport, server } = scene;
    const written: string[] = [];
    const write = (text: string): void => {
      written.push(text);
      transport.write(text);
    };
    write('at once ');
    process.nextTick(write, 'nextTick ');
    queueMicrotask(() => write('microtask '));
    await scene.until(() => written.length === 3, 'the writes');
    const all = written.join('');
    await scene.received(server, all.length);
    assert.equal(server.text, all);
  });
}

function addValueCases(contract: TransportCases): void {
  contract.add('copies a small buffer when it is written', async (scene) => {
    const data = Buffer.from('before');
    scene.transport.write(data);
    data.write('after!');
    scene.transport.write(data);
    data.fill(0);
    assert.equal((await scene.received(scene.server, 12)).toString(), 'beforeafter!');
  });

  contract.add('sends only the bytes that a view covers', async (scene) => {
    const memory = patternedBytes(60_000);
    scene.transport.write(memory.subarray(10, 20));
    scene.transport.write(new Uint8Array(memory.buffer, memory.byteOffset + 20, 40_000));
    scene.transport.write(new Uint8Array(memory.subarray(40_020, 40_030)));
    const all = await scene.received(scene.server, 40_020);
    assert(all.equals(memory.subarray(10, 40_030)), 'the bytes of the views, and no others');
  });

  contract.add('sends text as UTF-8', async (scene) => {
    for (const text of TEXTS) scene.transport.write(text);
    const expected = Buffer.concat(TEXTS.map((text) => Buffer.from(text)));
    const received = await scene.received(scene.server, expected.length);
    assert(received.equals(expected), 'the UTF-8 of the text');
  });

  contract.add('accepts empty writes', async (scene) => {
    const { transport } = scene;
    transport.write('');
    transport.write(Buffer.alloc(0));
    transport.writeSequence([]);
    transport.writeSequence(['', Buffer.alloc(0)]);
    assert.equal(transport.bufferedBytes, 0);
    transport.write('end');
    assert.equal((await scene.received(scene.server, 3)).toString(), 'end');
  });

  contract.add('accepts any iterable in writeSequence', async (scene) => {
    function* parts(): Generator<Uint8Array | string> {
      yield 'gen';
      yield Buffer.from('er');
      yield 'ated';
    }
    scene.transport.writeSequence(parts());
    scene.transport.writeSequence(new Set([' set']));
    assert.equal((await scene.received(scene.server, 13)).toString(), 'generated set');
  });
}

function addDialogueCases(contract: TransportCases): void {
  contract.add('carries both directions at the same time', async (scene) => {
    const [up, down] = [patternedBytes(2_000_000, 2), patternedBytes(3_000_000, 3)];
    scene.client.call('write', up);
    scene.server.call('write', down);
    assert((await scene.received(scene.server, up.length)).equals(up), 'client to server');
    assert((await scene.received(scene.client, down.length)).equals(down), 'server to client');
  });

  contract.add(
    'accepts writes of both ends in connectionMade',
    async (scene) => {
      assert.equal((await scene.received(scene.client, 6)).toString(), '220 ok');
      assert.equal((await scene.received(scene.server, 4)).toString(), 'HELO');
    },
    {
      client: { connectionMade: (self) => self.call('write', 'HELO') },
      server: { connectionMade: (self) => self.call('write', '220 ok') },
    },
  );

  const bounce = {
    dataReceived(data: Buffer, self: { receivedBytes: number; call(m: 'write', d: Buffer): void }) {
      if (self.receivedBytes < 1000) self.call('write', data);
    },
  };
  contract.add(
    'carries 2,000 answers, one after the other',
    async (scene) => {
      scene.client.call('write', '.');
      await scene.received(scene.server, 1000);
      assert.equal(scene.client.receivedBytes, 999);
    },
    { client: bounce, server: bounce },
  );
}
