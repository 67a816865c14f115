import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Child, runProgram } from '../support/child.js';
import { within } from '../support/deadline.js';
import { RawPeer, RawServer } from '../support/raw-peer.js';
import { ExampleServer, exampleUrl, KINDS, on, runWithInput } from './programs.js';

describe.each(KINDS)('echo-server on the %s reactor', (kind) => {
  it('sends back what it receives, to several at once', async () => {
    await using server = await ExampleServer.start('echo-server', [], on(kind));
    await using one = await RawPeer.connect(server.port);
    await using other = await RawPeer.connect(server.port);
    one.write('first');
    other.write('second');
    expect((await one.receive(5)).toString()).toBe('first');
    expect((await other.receive(6)).toString()).toBe('second');
  });

  it('sends everything back to a peer that has finished sending, then closes', async () => {
    await using server = await ExampleServer.start('echo-server', [], on(kind));
    await using peer = await RawPeer.connect(server.port);
    const data = randomBytes(3_000_000);
    peer.write(data);
    peer.end();
    await peer.untilEnded();
    expect(peer.received.equals(data)).toBe(true);
  });
});

describe.each(KINDS)('echo-client on the %s reactor', (kind) => {
  it('prints the message that the server sends back', async () => {
    await using server = await ExampleServer.start('echo-server', [], on(kind));
    const args = ['--port', String(server.port), '--message', 'grüß dich'];
    const { code, stdout, stderr } = await runProgram(exampleUrl('echo-client'), args, on(kind));
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'grüß dich\n', stderr: '' });
  });

  it('passes its whole input on and prints what comes back', async () => {
    await using server = await ExampleServer.start('echo-server', [], on(kind));
    const input = randomBytes(3_000_000);
    const args = ['--port', String(server.port)];
    const run = runWithInput('echo-client', args, input, on(kind));
    const { code, stdout, stderr } = await within(run, 'the echo client', 15_000);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.equals(input)).toBe(true);
  });

  it('ends on SIGINT with exit code 0 while it waits for an answer', async () => {
    await using silent = await RawServer.listen();
    const args = ['--port', String(silent.port), '--message', 'hello'];
    await using client = new Child(exampleUrl('echo-client'), args, on(kind));
    const peer = await silent.peer();
    await peer.receive(6);
    client.process.kill('SIGINT');
    const { code, signal, stderr } = await client.result();
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  });

  it('says why the connection broke, exit code 1', async () => {
    await using rude = await RawServer.listen();
    const args = ['--port', String(rude.port), '--message', 'hello'];
    await using client = new Child(exampleUrl('echo-client'), args, on(kind));
    const peer = await rude.peer();
    await peer.receive(6);
    peer.reset();
    const { code, stderr } = await client.result();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^echo-client: [^\n]+\n$/);
  });
});
