// The forms of `listen`, on node:http and on the facade: the same outcome, except for what docs/http-compat.md states.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import * as http from 'node:http';
import { type AddressInfo, connect, createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReactor } from 'ropewalk';
import { createServer } from 'ropewalk/node-http';
import { describe, expect, it } from 'vitest';
import { closeQuietly, Duplicator, isOpen } from '../support/descriptors.js';
import { serversOn } from './servers.js';

type Listen = (...args: unknown[]) => unknown;

/** An event that follows `listen` with its facts, or the error that it throws. */
async function outcomeOf(server: http.Server, args: readonly unknown[]): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    (server.listen as Listen)(...args, () => seen.push('callback'));
  } catch (error) {
    return ['throws', ...factsOf(error as NodeJS.ErrnoException)];
  }
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once('error', resolve);
    server.once('close', () => resolve(undefined));
    server.once('listening', () => resolve(undefined));
  });
  if (error !== undefined) return [...seen, 'error', ...factsOf(error)];
  const address = server.address();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
  return [...seen, typeof address === 'object' ? { ...address, port: 0 } : address];
}

function factsOf(error: NodeJS.ErrnoException): unknown[] {
  const { name, code, syscall, message } = error;
  // What Node prints of the value differs from version to version.
  return [name, code, syscall, message.replace(/\.? Received[\s\S]*$/, '')];
}

/** As a program gives them. */
const FORMS: readonly (readonly [name: string, ...args: unknown[]])[] = [
  ['no argument'],
  ['undefined', undefined],
  ['null', null],
  ['a port', 0],
  ['a port as text', '0'],
  ['a port that is too high', 70_000],
  ['a fraction', 1.5],
  ['not a number', Number.NaN],
  ['an empty text', ''],
  ['true', true],
  ['a port, host and backlog', 0, '127.0.0.1', 7],
  ['a port and backlog', 0, 7],
  ['empty options', {}],
  ['a port of undefined', { port: undefined }],
  ['a port of null', { port: null }],
  ['a negative port', { port: -1 }],
  ['an empty port', { port: '' }],
  ['a port in hexadecimal', { port: '0x0' }],
  ['a port of true', { port: true }],
  ['a host without address', { port: 0, host: 'nowhere.invalid' }],
  ['a host that is no text', { port: 0, host: 5 }],
  ['a host of null', { port: 0, host: null }],
  ['an empty host', { port: 0, host: '' }],
  ['an address of another machine', { port: 0, host: '203.0.113.7' }],
  ['a name', { port: 0, host: 'localhost' }],
  ['a negative backlog', { port: 0, backlog: -1 }],
  ['a backlog as text', { port: 0, backlog: '5' }],
  ['a huge backlog', { port: 0, backlog: 1e12 }],
  ['exclusive', { port: 0, exclusive: true }],
  ['ipv6Only', { port: 0, ipv6Only: true }],
  ['ipv6Only with an address of IPv4', { port: 0, host: '127.0.0.1', ipv6Only: true }],
  ['an unknown option', { port: 0, colour: 'red' }],
  ['a negative descriptor', { fd: -1 }],
  ['a descriptor as text', { fd: '3' }],
  ['a descriptor that is closed', { fd: 999 }],
  ['a descriptor that is no socket', { fd: 1 }],
  ['a path that is a number', { path: '1234' }],
  ['a path that is no text', { path: 5 }],
  ['an empty path', { path: '' }],
  ['a signal that has fired', { port: 0, signal: AbortSignal.abort() }],
  ['a signal that is none', { port: 0, signal: {} }],
  ['a signal of null', { port: 0, signal: null }],
  ['a server that does not listen', createNetServer()],
];

describe.each(['native', 'node'] as const)('on the %s reactor', (kind) => {
  const { reactor, servers, peerOf, answerOf } = serversOn(kind);

  function made(text = 'here'): http.Server & ReturnType<typeof createServer> {
    const server = createServer({ reactor }, (_request, response) => response.end(text));
    servers.push(server);
    return server;
  }

  it('listens as node:http does, whatever the arguments are', async () => {
    for (const [name, ...args] of FORMS) {
      const expected = await outcomeOf(http.createServer(), args);
      expect([name, ...(await outcomeOf(createServer({ reactor }), args))]).toEqual([
        name,
        ...expected,
      ]);
    }
  });

  it('accepts on a descriptor of another owner, and closes it with the server', async () => {
    const { fd, port, release } = await listeningDescriptor();
    try {
      const server = made('by descriptor');
      server.listen({ fd });
      await once(server, 'listening');
      expect(server.address()).toMatchObject({ port });
      expect(await answerOf(server)).toContain('by descriptor');
      await new Promise((resolve) => server.close(resolve));
      expect(isOpen(fd)).toBe(false);
    } finally {
      closeQuietly(fd);
      await release();
    }
  });

  it('refuses handles of Node', () => {
    const handle = { _handle: { fd: 3 } };
    expect(() => (made().listen as Listen)(handle)).toThrow(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED', message: expect.stringMatching(/fd/) }),
    );
  });

  it('closes when a signal fires, and does not listen to the signal of an earlier run', async () => {
    const server = made();
    const [first, second] = [new AbortController(), new AbortController()];
    for (const { signal } of [first, second]) {
      server.listen({ port: 0, host: '127.0.0.1', signal });
      await once(server, 'listening');
      if (signal === second.signal) break;
      await new Promise((resolve) => server.close(resolve));
    }
    first.abort();
    expect(server.listening).toBe(true);
    const closed = once(server, 'close');
    second.abort();
    await closed;
    expect(server.listening).toBe(false);
  });

  it('closes when a signal fires while the name of the host is resolved', async () => {
    const server = made();
    const controller = new AbortController();
    server.on('listening', () => expect.unreachable());
    server.listen({ port: 0, host: 'localhost', signal: controller.signal });
    const closed = once(server, 'close');
    controller.abort();
    await closed;
    expect(server.address()).toBe(null);
  });

  it('excludes IPv4 with ipv6Only, and accepts it without', async () => {
    for (const ipv6Only of [true, false]) {
      const server = made();
      server.listen({ port: 0, ipv6Only });
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const outcome = await new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => resolve('connected'));
        socket.on('error', ({ message }) => resolve(message));
        socket.on('connect', () => socket.destroy());
      });
      expect(outcome).toMatch(ipv6Only ? /ECONNREFUSED/ : /^connected$/);
    }
  });

  it.runIf(process.platform === 'linux')('passes the backlog to the system', async () => {
    const server = made();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 3 });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(queueOf(port)).toBe(3);
  });

  it.runIf(process.platform === 'linux')(
    'gives UNIX sockets the permissions that node:http gives them',
    async () => {
      const path = join(tmpdir(), `facade-listen-${process.pid}-${kind}.sock`);
      const modeOf = async (server: http.Server, options: object): Promise<number> => {
        server.listen({ path, ...options });
        await once(server, 'listening');
        const { mode } = statSync(path);
        await new Promise((resolve) => server.close(resolve));
        return mode & 0o777;
      };
      const usual = await modeOf(http.createServer(), {});
      expect(await modeOf(made(), {})).toBe(usual);
      // Node 22 and later drop the other permissions.
      expect(await modeOf(made(), { readableAll: true })).toBe(usual | 0o444);
      expect(await modeOf(made(), { writableAll: true })).toBe(usual | 0o222);
    },
  );

  it('shares a port by reusePort, or says that it cannot', async () => {
    const first = made();
    first.listen({ port: 0, host: '127.0.0.1', reusePort: true } as never);
    const error = await new Promise((resolve) => {
      first.once('error', resolve);
      first.once('listening', () => resolve(undefined));
    });
    if (error !== undefined) {
      expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED', feature: 'reusePort' });
      expect(kind).toBe('node');
      return;
    }
    const { port } = first.address() as AddressInfo;
    const second = made();
    second.listen({ port, host: '127.0.0.1', reusePort: true } as never);
    await once(second, 'listening');
    await using peer = await peerOf(second);
    await peer.until(() => peer.text.endsWith('here'), 'the answer');
  });

  it('names the wildcard address in the error of a port that is in use', async () => {
    const first = made();
    first.listen(0);
    await once(first, 'listening');
    const { port } = first.address() as AddressInfo;
    const errors: unknown[] = [];
    for (const second of [http.createServer(), createServer({ reactor })]) {
      second.listen(port);
      const [{ message, code, address, port: named }] = await once(second, 'error');
      errors.push({ message, code, address, named });
    }
    expect(errors[1]).toEqual(errors[0]);
  });
});

/** The greatest length of a listener's queue. */
function queueOf(port: number): number {
  const line = execFileSync('ss', ['-Hltn', `sport = :${port}`], { encoding: 'utf8' });
  return Number(line.trim().split(/\s+/)[2]);
}

/** A listening socket whose only descriptor is `fd`. */
async function listeningDescriptor(): Promise<{
  readonly fd: number;
  readonly port: number;
  release(): Promise<void>;
}> {
  const used: AsyncDisposable[] = [];
  const rig = { use: (each: AsyncDisposable) => used.push(each) };
  const duplicator = await Duplicator.open(rig as never);
  await using source = createReactor({ kind: 'native' });
  const listening = source.listenTCP(0, () => null, { interface: '127.0.0.1' });
  const fd = await duplicator.duplicate(listening.fileno());
  const release = async (): Promise<void> => {
    for (const each of used) await each[Symbol.asyncDispose]();
  };
  return { fd, port: listening.getHost().port, release };
}
