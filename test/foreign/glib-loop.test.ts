/** GLib's main context inside the loop of each reactor. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type AttachOptions,
  attachForeignLoop,
  type ForeignAttachment,
  ForeignLibraryError,
  ForeignLoopBusyError,
  GLibLoop,
} from '../../src/foreign/index.js';
import { Protocol, type Reactor } from '../../src/index.js';
import { Pulse } from '../support/deadline.js';
import { openDescriptors } from '../support/descriptors.js';
import { quietHeap } from '../support/quiet-heap.js';
import { ONE_POLLER } from '../support/reactors.js';
import { type GLib, loadGLib } from './glib.js';

const { glib, ...missing } = loadGLib();
const why = 'why' in missing ? missing.why : '';

describe.skipIf(glib === undefined).each(ONE_POLLER)(
  `GLib's context on $name${why && ` (skipped: ${why})`}`,
  ({ make }) => {
    const g = glib as GLib;
    const pulse = new Pulse();
    const errors: unknown[] = [];
    const open: AsyncDisposable[] = [];
    const attachments: ForeignAttachment[] = [];

    afterEach(async () => {
      for (const attachment of attachments.splice(0)) attachment.detach();
      for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
      g.release();
      expect(errors.splice(0)).toEqual([]);
    });

    const makeReactor = (): Reactor => {
      const reactor = make({
        reportError: (error) => {
          errors.push(error);
          pulse.notify();
        },
      });
      open.push(reactor);
      return reactor;
    };

    const attach = (options?: AttachOptions, reactor = makeReactor()): ForeignAttachment => {
      const attachment = attachForeignLoop(reactor, new GLibLoop(), options);
      attachments.push(attachment);
      return attachment;
    };

    /** Waits until a dispatch has returned that took longer than `ms`. */
    const endOfDispatch = (attachment: ForeignAttachment, ms: number): Promise<void> =>
      pulse.until(() => {
        setImmediate(() => pulse.notify());
        return attachment.statistics().longestDispatchMs > ms;
      }, 'the end of the dispatch');

    const makeFifo = (): { read: number; write: number } => {
      const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
      execFileSync('mkfifo', [join(folder, 'fifo')]);
      const read = openSync(join(folder, 'fifo'), constants.O_RDONLY | constants.O_NONBLOCK);
      const write = openSync(join(folder, 'fifo'), constants.O_WRONLY | constants.O_NONBLOCK);
      rmSync(folder, { recursive: true });
      return { read, write };
    };

    it('calls timeouts and idle sources, and runs what their callbacks leave to promises', async () => {
      const order: string[] = [];
      attach();
      g.timeoutAdd(5, () => {
        order.push('timeout');
        void Promise.resolve().then(() => {
          order.push('promise');
          pulse.notify();
        });
        process.nextTick(() => order.push('tick'));
        return false;
      });
      await pulse.until(() => order.length === 3, 'a timeout');
      expect(order).toEqual(['timeout', 'tick', 'promise']);
      let idle = 0;
      g.idleAdd(() => {
        idle += 1;
        pulse.notify();
        return idle < 100;
      });
      await pulse.until(() => idle === 100, 'an idle source');
    });

    it('calls a source that JavaScript has added while Node slept for something else', async () => {
      const reactor = makeReactor();
      attach({}, reactor);
      let called = false;
      await new Promise<void>((resolve) => reactor.callLater(5, resolve));
      g.timeoutAdd(5, () => {
        called = true;
        pulse.notify();
        return false;
      });
      await pulse.until(() => called, 'the timeout');
    });

    it('serves descriptors, and reports hang-ups', async () => {
      attach();
      const { read, write } = makeFifo();
      const seen: number[] = [];
      const memory = Buffer.alloc(16);
      g.fdAdd(read, 1 | 16, (fd, condition) => {
        seen.push(condition);
        const count = readSync(fd, memory);
        pulse.notify();
        if (count > 0) return true;
        closeSync(fd);
        return false;
      });
      writeSync(write, 'x');
      await pulse.until(() => seen.length === 1, 'input');
      closeSync(write);
      await pulse.until(() => seen.length === 2, 'the hang-up');
      expect(seen).toEqual([1, 16]);
    });

    it('serves a descriptor whose number belonged to one that was closed before', async () => {
      const attachment = attach();
      const memory = Buffer.alloc(16);
      for (let round = 0; round < 20; round++) {
        const { read, write } = makeFifo();
        const seen: number[] = [];
        g.fdAdd(read, 1, (fd) => {
          readSync(fd, memory);
          closeSync(fd);
          seen.push(fd);
          pulse.notify();
          return false;
        });
        await new Promise(setImmediate);
        writeSync(write, 'x');
        await pulse.until(() => seen.length === 1, `input in round ${round}`);
        closeSync(write);
      }
      expect(attachment.attached).toBe(true);
    });

    it('does not wake up while nothing happens', async () => {
      quietHeap();
      const reactor = makeReactor();
      const attachment = attach({}, reactor);
      g.timeoutAdd(1_000_000, () => false);
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate); // GLib wakes itself up at first
      await new Promise((resolve) => reactor.callLater(20, () => resolve(undefined)));
      const before = attachment.statistics();
      await new Promise((resolve) => reactor.callLater(200, () => resolve(undefined)));
      const after = attachment.statistics();
      expect(after.wakeUps - before.wakeUps).toBe(0);
      expect(after.prepared - before.prepared).toBeLessThan(10);
    });

    it('does not keep the process from sleeping when a descriptor was closed without a word', async () => {
      const reactor = makeReactor();
      const attachment = attach({}, reactor);
      const { read, write } = makeFifo();
      let called = 0;
      g.fdAdd(read, 1, () => {
        called += 1;
        return false;
      });
      await new Promise(setImmediate);
      closeSync(read);
      closeSync(write);
      await new Promise((resolve) => reactor.callLater(100, () => resolve(undefined)));
      expect(attachment.statistics().wakeUps).toBeLessThan(50);
      expect(called).toBeLessThan(2);
    });

    it('gives sockets their turn while an idle source is always ready, and the reverse', async () => {
      const reactor = makeReactor();
      attach({}, reactor);
      let idle = 0;
      let echoed = 0;
      let done = false;
      g.idleAdd(() => {
        idle += 1;
        return !done;
      });
      class Echo extends Protocol {
        override dataReceived(data: Buffer): void {
          this.transport?.write(data);
        }
      }
      class Client extends Protocol {
        override connectionMade(): void {
          this.transport?.write('x');
        }

        override dataReceived(): void {
          echoed += 1;
          if (echoed < 200) this.transport?.write('x');
          else this.transport?.loseConnection();
          pulse.notify();
        }
      }
      const port = reactor.listenTCP(0, () => new Echo(), { interface: '127.0.0.1' });
      reactor.connectTCP('127.0.0.1', port.getHost().port, () => new Client());
      await pulse.until(() => echoed === 200, 'echoes');
      done = true;
      expect(idle).toBeGreaterThan(100);
      expect(idle).toBeLessThan(200 * 100);
    });

    it('sends in the same pass what a callback writes to a socket', async () => {
      const reactor = makeReactor();
      attach({}, reactor);
      let received = '';
      class Receiver extends Protocol {
        override dataReceived(data: Buffer): void {
          received += data;
          pulse.notify();
        }
      }
      const client = new Protocol();
      client.connectionMade = () => pulse.notify();
      const port = reactor.listenTCP(0, () => new Receiver(), { interface: '127.0.0.1' });
      reactor.connectTCP('127.0.0.1', port.getHost().port, () => client);
      await pulse.until(() => client.transport?.connected === true, 'the connection');
      g.timeoutAdd(5, () => {
        client.transport?.write('from GLib');
        return false;
      });
      await pulse.until(() => received === 'from GLib', 'the bytes');
      client.transport?.abortConnection();
    });

    it('serves sockets, timers and promises in a loop that runs inside a callback', async () => {
      const reactor = makeReactor();
      const attachment = attach({}, reactor);
      const loop = g.newLoop(null);
      const seen = new Set<string>();
      let inside = 0;
      let running = false;
      g.timeoutAdd(1, () => {
        inside += Number(running);
        return running || inside === 0;
      });
      const step = async (): Promise<void> => {
        running = true;
        await new Promise(setImmediate);
        seen.add('immediate');
        await new Promise((resolve) => reactor.callLater(20, () => resolve(undefined)));
        seen.add('delayed call');
        const port = reactor.listenTCP(
          0,
          () =>
            Object.assign(new Protocol(), {
              connectionMade: () => {
                seen.add('socket');
                running = false;
                g.quit(loop);
                pulse.notify();
              },
            }),
          { interface: '127.0.0.1' },
        );
        reactor.connectTCP('127.0.0.1', port.getHost().port, () => new Protocol());
      };
      g.runInside(loop);
      setTimeout(() => void step(), 10);
      await pulse.until(() => seen.size === 3, 'everything inside');
      expect(inside).toBeGreaterThan(0);
      await endOfDispatch(attachment, 20);
    });

    it('sends what timers and callbacks write in a loop inside a callback, and runs reactions', async () => {
      const reactor = makeReactor();
      const attachment = attach({}, reactor);
      const seen: string[] = [];
      class Receiver extends Protocol {
        override dataReceived(data: Buffer): void {
          seen.push(String(data));
          pulse.notify();
        }
      }
      const client = new Protocol();
      client.connectionMade = () => pulse.notify();
      const port = reactor.listenTCP(0, () => new Receiver(), { interface: '127.0.0.1' });
      reactor.connectTCP('127.0.0.1', port.getHost().port, () => client);
      await pulse.until(() => client.transport?.connected === true, 'the connection');
      const loop = g.newLoop(null);
      g.runInside(loop);
      setTimeout(() => client.transport?.write('timer'), 10);
      await pulse.until(() => seen.length === 1, 'the bytes of the timer');
      g.timeoutAdd(1, () => {
        client.transport?.write('callback');
        return false;
      });
      await pulse.until(() => seen.length === 2, 'the bytes of the callback');
      g.timeoutAdd(1, () => {
        void Promise.resolve().then(() => {
          seen.push('reaction');
          pulse.notify();
        });
        return false;
      });
      await pulse.until(() => seen.length === 3, 'the reaction');
      expect(seen).toEqual(['timer', 'callback', 'reaction']);
      g.quit(loop);
      await endOfDispatch(attachment, 10);
      client.transport?.abortConnection();
    });

    it('serves another attached loop in a loop inside a callback', async () => {
      const reactor = makeReactor();
      const other = { until: 0, dispatched: 0 };
      const attachment = attachForeignLoop(reactor, {
        name: 'other',
        prepare: () => ({ descriptors: [], until: other.until }),
        dispatch: () => {
          other.dispatched += 1;
          other.until = reactor.now() + 1;
          pulse.notify();
        },
      });
      attachments.push(attachment);
      const glibAttachment = attach({}, reactor);
      const loop = g.newLoop(null);
      g.runInside(loop);
      await new Promise((resolve) => setTimeout(resolve, 10));
      const { dispatched } = other;
      await pulse.until(() => other.dispatched > dispatched + 5, 'dispatches inside');
      g.quit(loop);
      await endOfDispatch(glibAttachment, 5);
    });

    it('reports exceptions of guarded callbacks', async () => {
      const attachment = attach();
      const callback = attachment.guard(() => {
        throw new Error('guarded');
      }, false);
      g.idleAdd(callback);
      await pulse.until(() => errors.length === 1, 'the report');
      expect(errors.splice(0)).toEqual([new Error('guarded')]);
      expect(attachment.attached).toBe(true);
    });

    it('reports exceptions that a binding keeps', async () => {
      const attachment = attach({
        afterDispatch: () => {
          pulse.notify();
          g.flush();
        },
      });
      let thrown = false;
      g.idleAdd(() => {
        if (thrown) return false;
        thrown = true;
        throw new Error('kept');
      });
      await pulse.until(() => {
        setImmediate(() => pulse.notify());
        return errors.length === 1;
      }, 'the report');
      expect(errors.splice(0)).toEqual([new Error('kept')]);
      expect(attachment.attached).toBe(true);
    });

    it('can be detached in a callback, and attached again', async () => {
      for (let round = 0; round < 3; round++) {
        const attachment = attach();
        let calls = 0;
        g.idleAdd(() => {
          calls += 1;
          attachment.detach();
          attachment.detach();
          return false;
        });
        await attachment.whenDetached();
        expect(calls).toBe(1);
        await new Promise(setImmediate);
      }
      expect(g.iterate(null, false)).toBe(false);
    });

    it('is detached when the reactor stops or is disposed of', async () => {
      const reactor = makeReactor();
      const attachment = attach({}, reactor);
      const run = reactor.run({ installSignalHandlers: false });
      g.timeoutAdd(5, () => {
        reactor.stop();
        return false;
      });
      await run;
      expect(attachment.attached).toBe(false);
      const next = attach({}, reactor);
      await reactor[Symbol.asyncDispose]();
      await next.whenDetached();
      expect(next.attached).toBe(false);
    });

    it('refuses a context that is attached', () => {
      attach();
      expect(() => attach()).toThrow(ForeignLoopBusyError);
      const loop = new GLibLoop({ context: 'new' });
      const attachment = attachForeignLoop(makeReactor(), loop);
      attachments.push(attachment);
      expect(g.threadDefault()).toBe(loop.address);
      expect(() => attachForeignLoop(makeReactor(), loop)).toThrow('attached to a reactor already');
    });

    it('pops thread-default contexts in their order, in whatever order they are detached', () => {
      const reactor = makeReactor();
      const loops = [1, 2, 3].map(() => new GLibLoop({ context: 'new' }));
      const all = loops.map((loop) => attachForeignLoop(reactor, loop));
      expect(g.threadDefault()).toBe(loops[2]?.address);
      all[1]?.detach();
      all[0]?.detach();
      expect(g.threadDefault()).toBe(loops[2]?.address);
      all[2]?.detach();
      expect(g.threadDefault()).toBe(null);
    });

    it('survives 10,000 attachments, and leaves no descriptor open', async () => {
      const reactor = makeReactor();
      const loop = new GLibLoop();
      attachForeignLoop(reactor, loop).detach();
      await new Promise(setImmediate);
      const before = openDescriptors();
      for (let round = 0; round < 10_000; round++) {
        const attachment = attachForeignLoop(reactor, loop);
        if (round % 1000 === 0) await new Promise(setImmediate);
        attachment.detach();
        if (round % 100 === 0) await new Promise(setImmediate);
      }
      await new Promise(setImmediate);
      expect(openDescriptors()).toBeLessThanOrEqual(before);
      attachments.push(attachForeignLoop(reactor, loop));
      let called = false;
      g.idleAdd(() => {
        called = true;
        pulse.notify();
        return false;
      });
      await pulse.until(() => called, 'a source after all');
    });

    it('is woken up by other threads', async () => {
      const reactor = makeReactor();
      const loop = new GLibLoop();
      const attachment = attachForeignLoop(reactor, loop);
      attachments.push(attachment);
      await new Promise((resolve) => reactor.callLater(10, () => resolve(undefined)));
      const before = attachment.statistics().wakeUps;
      loop.wakeUp();
      await pulse.until(() => {
        setImmediate(() => pulse.notify());
        return attachment.statistics().wakeUps > before;
      }, 'the wake-up');
    });
  },
);

it('says which library is missing', () => {
  expect(() => new GLibLoop({ library: 'libnothing.so.7' })).toThrow(ForeignLibraryError);
});
