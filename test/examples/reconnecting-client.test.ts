import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { closedPort, type RawPeer, RawServer } from '../support/raw-peer.js';
import { exampleUrl, KINDS, on } from './programs.js';

async function greet(peer: RawPeer): Promise<void> {
  const request = 'subscribe news\r\n';
  expect(String(await peer.receive(request.length))).toBe(request);
  peer.write('welcome\r\n');
}

describe.each(KINDS)('a client that reconnects, on the %s reactor', (kind) => {
  it('waits for its server, and survives its restart and an end before the greeting', async () => {
    const port = await closedPort();
    const args = ['--server', `tcp:127.0.0.1:${port}`, '--delay', '1'];
    await using client = new Child(exampleUrl('reconnecting-client'), args, on(kind));
    await client.printed(/trying again: ConnectionRefusedError\n/);
    const server = await RawServer.listen('127.0.0.1', port);
    const first = await server.peer(0);
    await greet(first);
    await client.printed(/subscribed at 127\.0\.0\.1:\d+\n/);
    first.write('one\r\n');
    await client.printed(/^one$/m);
    first.end();
    // Ended before the greeting: the preparation fails.
    (await server.peer(1)).end();
    const third = await server.peer(2);
    await greet(third);
    third.write('two\r\n');
    await client.printed(/trying again: ConnectionDone\n[\s\S]*^two$/m);
    client.process.kill('SIGTERM');
    await third.untilEnded();
    third.end();
    expect((await client.result()).code).toBe(0);
    await server[Symbol.asyncDispose]();
  });
});
