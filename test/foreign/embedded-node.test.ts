/** What works of Node while another loop owns the thread: everything that Node's loop serves. */
import { execFile } from 'node:child_process';
import { lookup } from 'node:dns';
import { readFile } from 'node:fs';
import { readFile as readFileAsync } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createNetServer } from 'node:net';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReactor } from '../../src/index.js';
import { within } from '../support/deadline.js';
import { beginOwning, OWNERS, type OwnedThread } from './thread-owners.js';

describe.each(OWNERS)('with the thread owned by $name', (owner) => {
  let owned: OwnedThread;
  beforeAll(async () => {
    owned = await beginOwning(owner, createReactor({ kind: 'node' }));
  });
  afterAll(() => owned.end());

  /** Settles when `start` calls its argument, which must happen inside a turn. */
  const calls = async (what: string, start: (done: () => void) => void): Promise<void> => {
    expect(owned.inside()).toBe(true);
    const called = new Promise<boolean>((resolve) => start(() => resolve(owned.inside())));
    expect(await within(called, what)).toBe(true);
  };

  it('runs promises, ticks, microtasks and immediates, in the usual order', async () => {
    const order: string[] = [];
    await calls('the last', (done) => {
      setImmediate(() => {
        setImmediate(() => order.push('immediate'));
        done();
        Promise.resolve().then(() => order.push('promise'));
        process.nextTick(() => order.push('tick'));
        queueMicrotask(() => order.push('microtask'));
        order.push('now');
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['now', 'tick', 'promise', 'microtask', 'immediate']);
  });

  it('runs timers', async () => {
    await calls('a timeout', (done) => setTimeout(done, 2));
    let times = 0;
    await calls('an interval', (done) => {
      const interval = setInterval(() => {
        times += 1;
        if (times < 3) return;
        clearInterval(interval);
        done();
      }, 1);
    });
  });

  it('runs timers that do not keep the process alive', () =>
    calls('a timeout', (done) => setTimeout(done, 2).unref()));

  it('reads files', async () => {
    await calls('a file', (done) => readFile(import.meta.filename, done));
    expect(await readFileAsync(import.meta.filename, 'utf8')).toContain('reads files');
    expect(owned.inside()).toBe(true);
  });

  it('resolves names', () => calls('a name', (done) => lookup('localhost', done)));

  it('runs child processes', () =>
    calls('a process', (done) => execFile(process.execPath, ['-e', '0'], done)));

  it('receives signals', () =>
    calls('a signal', (done) => {
      process.once('SIGUSR2', done);
      process.kill(process.pid, 'SIGUSR2');
    }));

  it('exchanges messages with workers', async () => {
    const worker = new Worker(
      'const { parentPort } = require("node:worker_threads"); parentPort.on("message", (m) => parentPort.postMessage(m + 1));',
      { eval: true },
    );
    const answer = new Promise((resolve) => worker.once('message', resolve));
    worker.postMessage(1);
    expect(await within(answer, 'an answer')).toBe(2);
    await worker.terminate();
    expect(owned.inside()).toBe(true);
  });

  it('serves node:net', async () => {
    const server = createNetServer((socket) => socket.pipe(socket)).listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await calls('an echo', (done) => socket.once('data', done).write('x'));
    socket.end();
    await calls('the end', (done) => server.close(done));
  });

  it('serves node:http and fetch', async () => {
    const server = createServer((_request, response) => response.end('served')).listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('served');
    server.closeAllConnections();
    await calls('the end', (done) => server.close(done));
  });
});
