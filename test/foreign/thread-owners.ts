/** Loops that own the thread: GLib's, and loops of these tests. */
import koffi from 'koffi';
import { embedInGLib } from '../../src/foreign/embed-in-glib.js';
import { type EmbeddedReactor, embedReactor } from '../../src/foreign/embedded-reactor.js';
import { nativeFunction } from '../../src/foreign/native-function.js';
import type { Reactor } from '../../src/index.js';

/** A loop that owns the thread until `end`. */
export interface OwnedThread {
  readonly embedded: EmbeddedReactor;
  /** Whether the caller runs inside a turn that the loop has given. */
  inside(): boolean;
  /** Settles when the loop has returned. */
  end(): Promise<void>;
}

export interface ThreadOwner {
  readonly name: 'glib' | 'poll' | 'interleaved';
  /** Begins before the next turn of Node's loop. */
  begin(reactor: Reactor): OwnedThread;
}

const libc = koffi.load('libc.so.6');
const PollFd = koffi.struct('EmbeddingPollFd', { fd: 'int', events: 'short', revents: 'short' });
export const poll = libc.func('int poll(_Inout_ EmbeddingPollFd *fds, ulong count, int timeout)');
const semInit = libc.func('int sem_init(void *semaphore, int shared, uint value)');
const semWait = libc.func('int sem_wait(void *semaphore)');
void PollFd;
const glibLibrary = koffi.load('libglib-2.0.so.0');
const mainDepth = glibLibrary.func('int g_main_depth()');

const POLLIN = 1;

/** Waits like a loop of C: with poll(2), until the descriptor is readable or the deadline has come. */
export function waitFor(embedded: EmbeddedReactor): void {
  const deadline = embedded.deadline();
  const fds = [{ fd: embedded.descriptor, events: POLLIN, revents: 0 }];
  poll(fds, 1, deadline === Number.POSITIVE_INFINITY ? -1 : deadline);
}

/** A semaphore of C: its address, and a wait that blocks the thread. */
export function semaphore(): { readonly address: bigint; wait(): void } {
  const memory = koffi.alloc('char', 64);
  semInit(memory, 0, 0);
  return { address: koffi.address(memory) as bigint, wait: () => void semWait(memory) };
}

const glib: ThreadOwner = {
  name: 'glib',
  begin(reactor) {
    const embedded = embedReactor(reactor);
    const glib = embedInGLib(embedded);
    const run = glib.run();
    return {
      embedded,
      inside: () => mainDepth() > 0,
      async end() {
        glib.quit();
        await run;
        glib.detach();
        embedded.close();
      },
    };
  },
};

const polling: ThreadOwner = {
  name: 'poll',
  begin(reactor) {
    const embedded = embedReactor(reactor);
    return ownLoop(embedded, () => waitFor(embedded));
  },
};

const interleaved: ThreadOwner = {
  name: 'interleaved',
  begin(reactor) {
    const embedded = embedReactor(reactor);
    const due = semaphore();
    embedded.interleave(nativeFunction('', 'sem_post', due.address));
    return ownLoop(embedded, () => due.wait());
  },
};

function ownLoop(embedded: EmbeddedReactor, wait: () => void): OwnedThread {
  let quits = false;
  let inTurn = false;
  const run = embedded.block(() => {
    while (!quits) {
      wait();
      inTurn = true;
      embedded.turn();
      inTurn = false;
    }
  });
  return {
    embedded,
    inside: () => inTurn,
    async end() {
      quits = true;
      await run;
      embedded.close();
    },
  };
}

/** Begins, and waits until the loop owns the thread. */
export async function beginOwning(owner: ThreadOwner, reactor: Reactor): Promise<OwnedThread> {
  const owned = owner.begin(reactor);
  do await new Promise((resolve) => setImmediate(resolve));
  while (!owned.inside());
  return owned;
}

export const OWNERS: readonly ThreadOwner[] = [glib, polling, interleaved];
