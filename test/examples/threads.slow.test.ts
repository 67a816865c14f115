import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, KINDS, on } from './programs.js';

/** Threads must be able to load TypeScript: see docs/howto/workers.md. */
const LOADER = fileURLToPath(new URL('../support/tsx-threads.mjs', import.meta.url));

describe.each(KINDS)('threads on the %s reactor', (kind) => {
  it('counts primes for several clients at once', async () => {
    const options = { ...on(kind), nodeFlags: ['--import', LOADER] };
    await using server = await ExampleServer.start('threads', [], options);
    await using first = await RawPeer.connect(server.port);
    await using second = await RawPeer.connect(server.port);
    first.write('100000000\r\n');
    second.write('100\r\nmany\r\n');
    await second.until(() => second.text.includes('25 primes below 100\r\n'), 'the first answer');
    expect(second.text).toContain('not a number');
    // The long computation is cancelled with its connection, and its thread continues with others.
    first.socket.destroy();
    second.write('10\r\n20\r\n30\r\n');
    // Threads answer in any order.
    const answers = ['4 primes below 10', '8 primes below 20', '10 primes below 30'];
    await second.until(
      () => answers.every((answer) => second.text.includes(`${answer}\r\n`)),
      'the three answers',
    );
  });
});
