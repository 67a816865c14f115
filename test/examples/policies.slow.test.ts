import { describe, expect, it } from 'vitest';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, KINDS, on } from './programs.js';

describe.each(KINDS)('policies on the %s reactor', (kind) => {
  it('echoes, and logs what goes over the connection', async () => {
    await using server = await ExampleServer.start('policies', [], on(kind));
    await using peer = await RawPeer.connect(server.port);
    peer.write('hello');
    expect((await peer.receive(5)).toString()).toBe('hello');
    await server.printed(/^#1 opened 127\.0\.0\.1:\d+$/m);
    await server.printed(/^#1 sent 5 bytes\n#1 {3}00000000 {2}68 65 6c 6c 6f .*\|hello\|$/m);
  });

  it('refuses the third connection of a peer, and says so', async () => {
    await using server = await ExampleServer.start('policies', [], on(kind));
    await using one = await RawPeer.connect(server.port);
    await using other = await RawPeer.connect(server.port);
    for (const peer of [one, other]) {
      peer.write('x');
      await peer.receive(1);
    }
    await using third = await RawPeer.connect(server.port);
    await third.untilEnded();
    expect(third.received.toString()).toBe('Too many connections.\n');
  });

  it('says goodbye on a connection on which nothing happens, and closes it', async () => {
    const args = ['--idle', '50'];
    await using server = await ExampleServer.start('policies', args, on(kind));
    await using peer = await RawPeer.connect(server.port);
    await peer.untilEnded();
    expect(peer.received.toString()).toBe('Time is over.\n');
    await server.printed(/^#1 closed ConnectionDone: .*; received 0 bytes, sent 14$/m);
  });

  it('says what it can not take, exit code 2', async () => {
    await using server = await ExampleServer.start('policies', ['--idle', '0']).catch(
      (error: Error) => {
        expect(error.message).toContain('policies: idleMs must be greater than 0, not 0');
        return { async [Symbol.asyncDispose]() {} };
      },
    );
    expect(server).not.toBeInstanceOf(ExampleServer);
  });
});
