import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { within } from '../support/deadline.js';
import { closedPort, RawPeer, RawServer } from '../support/raw-peer.js';
import { ExampleServer, KINDS, on } from './programs.js';

const SANITIZED = process.env.ROPEWALK_SANITIZE !== undefined;
const MEBIBYTE = 1024 * 1024;

describe.each(KINDS)('proxy on the %s reactor', (kind) => {
  function startProxy(targetPort: number): Promise<ExampleServer> {
    return ExampleServer.start('proxy', ['--target', `127.0.0.1:${targetPort}`], on(kind));
  }

  it('passes 5 MB there and back through a slow reader, and both half-closes', async () => {
    await using echo = await ExampleServer.start('echo-server', [], on(kind));
    await using proxy = await startProxy(echo.port);
    await using peer = await RawPeer.connect(proxy.port);
    readSlowly(peer);
    const data = randomBytes(5_000_000);
    peer.write(data);
    peer.end();
    await peer.until(() => peer.ended, 'end of 5 MB', 15_000);
    expect(peer.received.equals(data)).toBe(true);
  });

  it('goes on in one direction after the other has ended', async () => {
    await using target = await RawServer.listen();
    await using proxy = await startProxy(target.port);
    await using client = await RawPeer.connect(proxy.port);
    const server = await target.peer();
    client.end();
    await server.untilEnded();
    server.write('still here');
    expect((await client.receive(10)).toString()).toBe('still here');
    server.end();
    await client.untilEnded();
  });

  it('passes on an end that the target says first', async () => {
    await using target = await RawServer.listen();
    await using proxy = await startProxy(target.port);
    await using client = await RawPeer.connect(proxy.port);
    const server = await target.peer();
    server.write('greeting');
    server.end();
    await client.untilEnded();
    expect(client.text).toBe('greeting');
    client.write('last words');
    client.end();
    await server.untilEnded();
    expect(server.text).toBe('last words');
  });

  it('passes a reset on', async () => {
    await using target = await RawServer.listen();
    await using proxy = await startProxy(target.port);
    await using client = await RawPeer.connect(proxy.port);
    const server = await target.peer();
    server.reset();
    await client.until(() => client.closed, 'reset');
    expect(client.error?.code).toBe('ECONNRESET');
  });

  it('closes the connection where the target does not answer, and serves on', async () => {
    await using proxy = await startProxy(await closedPort());
    await within(closedBy(proxy.port), 'a refusal');
    await within(closedBy(proxy.port), 'another refusal');
  });

  it.skipIf(process.platform !== 'linux' || SANITIZED)(
    'keeps little in memory between a fast sender and a slow reader',
    async () => {
      await using target = await RawServer.listen();
      await using proxy = await startProxy(target.port);
      await using client = await RawPeer.connect(proxy.port);
      const server = await target.peer();
      readSlowly(server);
      client.write('warm up');
      await server.receive(7);
      const before = peakMemory(proxy.process.pid);
      const data = Buffer.alloc(128 * MEBIBYTE, 'abc');
      client.write(data);
      client.end();
      await server.until(() => server.ended, 'end of 128 MiB', 30_000);
      expect(server.receivedBytes).toBe(data.length + 7);
      expect(peakMemory(proxy.process.pid) - before).toBeLessThan(64 * MEBIBYTE);
    },
    40_000,
  );
});

/** Settles when a connection was made and closed by the other end. A reset may come before we know that it was made. */
function closedBy(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
  });
}

/** Takes a chunk a millisecond: no more than 64 MB a second. */
function readSlowly({ socket }: RawPeer): void {
  socket.on('data', () => {
    socket.pause();
    setTimeout(() => socket.resume(), 1);
  });
}

/** The most memory that a process ever had, in bytes (proc_pid_status(5), VmHWM). */
function peakMemory(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
