import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Child, type ChildOptions } from '../support/child.js';
import { RawPeer } from '../support/raw-peer.js';
import { exampleUrl, on } from './programs.js';

/** In threads, TypeScript has to be taught to each: see docs/howto/workers.md. */
const LOADER = fileURLToPath(new URL('../support/tsx-threads.mjs', import.meta.url));

async function started(args: readonly string[], options: ChildOptions = {}) {
  const server = new Child(exampleUrl('worker-group'), ['--port', '0', ...args], options);
  const [, port] = await server.printed(/^echo workers listening on port (\d+)\n/m);
  return { server, port: Number(port) };
}

async function greeted(port: number): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  await peer.until(() => peer.text.includes('\n'), 'greeting');
  return peer;
}

describe.each([
  ['processes', 'native', '2'],
  ['threads', 'native', '2'],
  ['processes', 'node', '1'],
] as const)('worker-group with %s on the %s reactor', (kind, reactor, workers) => {
  const args = ['--workers', workers, ...(kind === 'threads' ? ['--threads'] : [])];
  const options = {
    ...on(reactor),
    ...(kind === 'threads' && { nodeFlags: ['--import', LOADER] }),
  };

  it('echoes, counts, and says goodbye in the end', async () => {
    const { server, port } = await started(args, options);
    await using _server = server;
    await using peer = await greeted(port);
    expect(peer.text).toMatch(new RegExp(`^worker \\d of ${workers}\n$`));
    const greeting = peer.receivedBytes;
    peer.write('hello');
    await peer.receive(greeting + 5);
    server.process.kill('SIGUSR2');
    await server.printed(/^1 messages, 1 visitors\n/m);
    server.process.kill('SIGTERM');
    await peer.untilEnded();
    expect(peer.text).toMatch(/hellogoodbye\n$/);
    const { code, stderr } = await server.result();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('worker-group', () => {
  it('replaces its workers on SIGHUP', async () => {
    const { server, port } = await started(['--workers', '2']);
    await using _server = server;
    await using peer = await greeted(port);
    server.process.kill('SIGHUP');
    await server.printed(/(?:^worker \d is ready\n(?:.*\n)*){4}/m);
    await peer.untilEnded();
    expect(peer.text).toMatch(/goodbye\n$/);
    await using again = await greeted(port);
    expect(again.text).toMatch(/^worker/);
    server.process.kill('SIGINT');
    expect((await server.result()).code).toBe(0);
  });

  it('says what it can not take, exit code 2', async () => {
    await using server = new Child(exampleUrl('worker-group'), ['--workers', '0']);
    const { code, stderr } = await server.result();
    expect(code).toBe(2);
    expect(stderr).toBe('worker-group: workers must be a whole number from 1 to 1024, not 0\n');
  });
});
