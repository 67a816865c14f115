/** Reactors in GLib's main loop: nested loops, callbacks, starvation, and the ends of both. */
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CancelledError } from '../../src/defer/errors.js';
import { attachForeignLoop } from '../../src/foreign/attach.js';
import { embedInGLib, type GLibEmbedding } from '../../src/foreign/embed-in-glib.js';
import { type EmbeddedReactor, embedReactor } from '../../src/foreign/embedded-reactor.js';
import {
  EmbeddingClosedError,
  ForeignLoopBusyError,
  TurnRefusedError,
} from '../../src/foreign/errors.js';
import { GLibLoop } from '../../src/foreign/glib-loop.js';
import type { Reactor } from '../../src/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { within } from '../support/deadline.js';
import { ONE_POLLER } from '../support/reactors.js';
import { GLibTimeout, HIGH_IDLE, mainLoop, relayTo } from './glib-calls.js';

/** A reactor in GLib's default context, with an echo server. */
class Program implements AsyncDisposable {
  readonly embedded: EmbeddedReactor;
  readonly glib: GLibEmbedding;
  readonly port: number;
  readonly #reactor: Reactor;
  readonly #sockets: Socket[] = [];
  run: PromiseLike<void> | undefined;

  constructor(reactor: Reactor, options = {}) {
    this.#reactor = reactor;
    this.embedded = embedReactor(reactor);
    const relay = relayTo((work) => this.glib.relay(work));
    this.glib = embedInGLib(this.embedded, { relay, ...options });
    const echo = {
      dataReceived: (data: Buffer, transport: { write(data: Buffer): void }) =>
        transport.write(data),
    };
    this.port = reactor.listenTCP(0, () => echo).getHost().port;
  }

  async begin(): Promise<void> {
    this.run = this.glib.run();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }

  client(): Socket {
    const socket = connect(this.port, '127.0.0.1');
    this.#sockets.push(socket);
    return socket;
  }

  async echo(socket: Socket = this.client()): Promise<string> {
    const echoed = new Promise((resolve) => socket.once('data', resolve));
    socket.write('echo');
    return String(await within(echoed, 'an echo'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.embedded.close();
    await this.run;
    this.glib.detach();
    await this.#reactor[Symbol.asyncDispose]();
  }
}

describe.each(ONE_POLLER)('a reactor ($name) in the main loop of GLib', ({ make }) => {
  it('serves sockets beside the sources of GLib', async () => {
    await using program = new Program(make());
    await program.begin();
    let ticks = 0;
    using _timeout = new GLibTimeout(1, () => {
      ticks += 1;
    });
    expect(await program.echo()).toBe('echo');
    while (ticks < 3) await within(new Promise((resolve) => setTimeout(resolve, 1)), 'a timer');
  });

  it('goes on in the loop of Node when GLib has returned, and in GLib again', async () => {
    await using program = new Program(make());
    for (let times = 0; times < 3; times++) {
      await program.begin();
      expect(await program.echo()).toBe('echo');
      program.glib.quit();
      await program.run;
      expect(await program.echo()).toBe('echo');
    }
  });

  it('runs reactions and timers that a callback of GLib has begun', async () => {
    await using program = new Program(make());
    await program.begin();
    const order: string[] = [];
    const done = new Promise<void>((resolve) => {
      const timeout = new GLibTimeout(1, () => {
        void (async () => {
          order.push('callback');
          await null;
          order.push('reaction');
          await new Promise((settle) => setTimeout(settle, 1));
          order.push('timer');
          timeout.end();
          resolve();
        })();
        return false;
      });
    });
    await within(done, 'the callback');
    expect(order).toEqual(['callback', 'reaction', 'timer']);
  });

  it('is served in a modal loop that a callback of GLib runs', async () => {
    await using program = new Program(make());
    await program.begin();
    const socket = program.client();
    const order: string[] = [];
    const dialog = new Promise<void>((resolve) => {
      const timeout = new GLibTimeout(1, () => {
        const loop = mainLoop.new(null, 0);
        void program.echo(socket).then((text) => {
          order.push(text);
          setTimeout(() => mainLoop.quit(loop), 1);
        });
        mainLoop.run(loop);
        mainLoop.unref(loop);
        order.push('closed');
        timeout.end();
        resolve();
        return false;
      });
    });
    await within(dialog, 'the dialog');
    expect(order).toEqual(['echo', 'closed']);
  });

  it('is served in a loop that a callback of the reactor runs by block', async () => {
    await using program = new Program(make());
    await program.begin();
    const inner = program.glib.run();
    const order: string[] = [];
    inner.addCallback(() => order.push('inner'));
    await new Promise((resolve) => setTimeout(resolve, 1));
    order.push(await program.echo());
    program.glib.quit();
    await inner;
    expect(order).toEqual(['echo', 'inner']);
    expect(await program.echo()).toBe('echo');
  });

  it('reports a loop that is run inside a turn, once, and goes on when it has returned', async () => {
    await using program = new Program(make());
    await program.begin();
    const loop = mainLoop.new(null, 0);
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        using _quits = new GLibTimeout(20, () => {
          mainLoop.quit(loop);
          return false;
        });
        mainLoop.run(loop);
        resolve();
      }, 1);
    });
    mainLoop.unref(loop);
    await new Promise((resolve) => setImmediate(resolve)); // it is reported when the turn has ended
    expect(flushLoggedErrors(TurnRefusedError)).toMatchObject([{ error: { reason: 'turn' } }]);
    expect(await program.echo()).toBe('echo');
  });

  it('is served in a loop that JavaScript runs by block', async () => {
    await using program = new Program(make());
    const loop = mainLoop.new(null, 0);
    const order: string[] = [];
    const run = program.embedded.block(() => mainLoop.run(loop));
    run.addCallback(() => order.push('returned'));
    await new Promise((resolve) => setTimeout(resolve, 1));
    order.push(await program.echo());
    setImmediate(() => mainLoop.quit(loop));
    await run;
    mainLoop.unref(loop);
    expect(order).toEqual(['echo', 'returned']);
  });

  it('reports a loop on the stack of an FFI, if there is no relay', async () => {
    await using program = new Program(make(), { relay: 0n });
    const loop = mainLoop.new(null, 0);
    using _quits = new GLibTimeout(5, () => {
      mainLoop.quit(loop);
      return false;
    });
    await program.embedded.block(() => mainLoop.run(loop));
    mainLoop.unref(loop);
    expect(flushLoggedErrors(TurnRefusedError)).toMatchObject([{ error: { reason: 'stack' } }]);
    expect(await program.echo()).toBe('echo');
  });

  it('lets sources of lower priority have their turns while a socket is busy', async () => {
    await using program = new Program(make(), { yieldAfterMs: 1 });
    await program.begin();
    const socket = program.client();
    socket.on('data', (data) => socket.write(data));
    socket.write('round and round');
    let redraws = 0;
    await within(
      new Promise<void>((resolve) => {
        const redraw = new GLibTimeout(
          0,
          () => {
            redraws += 1;
            if (redraws === 50) resolve();
            return redraws < 50;
          },
          HIGH_IDLE,
        );
        void redraw;
      }),
      'fifty redraws',
    );
    expect(redraws).toBe(50);
  });

  it('is served while a source of GLib is always ready', async () => {
    await using program = new Program(make());
    await program.begin();
    let busy = 0;
    using _animation = new GLibTimeout(0, () => {
      busy += 1;
    });
    const socket = program.client();
    for (let trips = 0; trips < 20; trips++) expect(await program.echo(socket)).toBe('echo');
    expect(busy).toBeGreaterThan(0);
  });

  it('quits in mid traffic, from a callback of GLib', async () => {
    await using program = new Program(make());
    await program.begin();
    const socket = program.client();
    socket.on('data', (data) => socket.write(data));
    socket.write('x'.repeat(10_000));
    await new Promise((resolve) => socket.once('data', resolve));
    using _quit = new GLibTimeout(3, () => {
      program.glib.quit();
      return false;
    });
    await within(program.run as Promise<void>, 'the main loop');
    expect(await new Promise((resolve) => socket.once('data', resolve))).toBeDefined();
  });

  it('ends its service in a turn', async () => {
    await using program = new Program(make());
    await program.begin();
    const quit = new Promise<void>((resolve) => {
      setTimeout(() => {
        program.glib.detach();
        using _quits = new GLibTimeout(1, () => {
          program.glib.quit();
          return false;
        });
        resolve();
        program.glib.quit();
      }, 1);
    });
    await quit;
    await within(program.run as Promise<void>, 'the main loop');
    expect(await program.echo()).toBe('echo');
  });

  it('is stopped by the reactor', async () => {
    await using reactor = make();
    const running = reactor.run();
    const embedded = embedReactor(reactor);
    using glib = embedInGLib(embedded);
    const run = glib.run();
    reactor.callLater(1, () => reactor.stop());
    await within(run, 'the main loop');
    await running;
  });

  it('returns at once when the run of the reactor has ended', async () => {
    await using reactor = make();
    const run = reactor.run();
    reactor.stop();
    await run;
    using glib = embedInGLib(embedReactor(reactor));
    await within(glib.run(), 'the return');
  });

  it('is not in a context that is attached to a reactor, and the reverse', async () => {
    await using reactor = make();
    const embedded = embedReactor(reactor);
    const loop = new GLibLoop();
    const attachment = attachForeignLoop(reactor, loop);
    expect(() => embedInGLib(embedded)).toThrow(ForeignLoopBusyError);
    expect(() => embedInGLib(embedded, { context: loop.address })).toThrow('attached');
    attachment.detach();
    const glib = embedInGLib(embedded);
    const again = embedInGLib(embedded);
    glib.detach();
    expect(() => attachForeignLoop(reactor, loop)).toThrow(ForeignLoopBusyError);
    again.detach();
    attachForeignLoop(reactor, loop).detach();
  });

  it('attaches and detaches 10,000 times', async () => {
    await using reactor = make();
    const embedded = embedReactor(reactor);
    await embedded.block(() => {
      for (let cycle = 0; cycle < 10_000; cycle++) embedInGLib(embedded).detach();
    });
    using glib = embedInGLib(embedded);
    const run = glib.run();
    await new Promise((resolve) => setTimeout(resolve, 1));
    embedded.close();
    await within(run, 'the loop'); // which may not have begun
    expect(() => embedInGLib(embedded)).toThrow(EmbeddingClosedError);
  });

  it.each(['quit', 'close', 'stop'])(
    'has ended if %s comes before the loop begins',
    async (how) => {
      await using reactor = make();
      const embedded = embedReactor(reactor);
      using glib = embedInGLib(embedded);
      const running = reactor.run({ installSignalHandlers: false });
      const run = glib.run();
      if (how === 'quit') glib.quit();
      else if (how === 'close') embedded.close();
      else reactor.stop();
      expect(await within(run, 'the loop')).toBe(undefined);
      if (how !== 'stop') reactor.stop();
      await within(running, 'the run');
    },
  );

  it('fails with CancelledError if the Deferred of a loop that has not begun is cancelled', async () => {
    await using reactor = make();
    using glib = embedInGLib(embedReactor(reactor));
    const run = glib.run();
    run.cancel();
    await expect(run).rejects.toThrow(CancelledError);
  });
});
