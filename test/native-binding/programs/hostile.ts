/**
 * Scenes for hostile-arguments.test.ts: `hostile.ts <scene> <poller> <seed>`. Each calls the addon as no program should,
 * then shows that a reactor still works. Entry points may throw only Errors; the process must not die.
 */

import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { createReactor, Protocol } from '../../../src/index.js';
import { loadAddon, type NativeLoop } from '../../../src/native.js';
import {
  COMMAND_CAPACITY,
  COMMAND_COUNT,
  COMMAND_DRAIN_LISTENER,
  COMMAND_INTS,
  EVENT_ACCEPTED,
  EVENT_COUNT,
  EVENT_CURSOR,
  EVENT_INTS,
  EVENT_KIND_MASK,
  mapSharedMemory,
  type SharedMemory,
} from '../../../src/reactor/native/shared-memory.js';
import {
  contextsForStreams,
  folder,
  hostile,
  NOTHING,
  pick,
  plausible,
  random,
  throwing,
  tlsObjects,
} from './hostile-values.js';

const [, , scene, poller = 'epoll'] = process.argv;
const addon = loadAddon();
const WINDOWS = process.platform === 'win32';

function check(error: unknown, what: string): void {
  if (!(error instanceof Error))
    throw new Error(`${what} threw something other than an Error: ${String(error)}`);
}

type AnyFunction = (...args: unknown[]) => unknown;

/** Takes a batch of events, of which it uses the handles of accepted connections. */
function takeEvents({ header, events }: SharedMemory, accepted: number[]): void {
  const count = header[EVENT_COUNT] ?? 0;
  for (let at = header[EVENT_CURSOR] ?? 0; at < count; at++) {
    const kind = (events[at * EVENT_INTS + 1] ?? 0) & EVENT_KIND_MASK;
    if (kind === EVENT_ACCEPTED) accepted.push(events[at * EVENT_INTS + 2] ?? 0);
  }
  header[EVENT_CURSOR] = count;
}

function addCommand({ header, commands }: SharedMemory, handle: number): void {
  const count = header[COMMAND_COUNT] ?? 0;
  if (count === COMMAND_CAPACITY) return;
  commands.set([handle, -1 - random(-COMMAND_DRAIN_LISTENER), 0], count * COMMAND_INTS);
  header[COMMAND_COUNT] = count + 1;
}

function payload(): Buffer {
  return Buffer.alloc(pick([0, 1, 100, 16_384, 70_000, 300_000]), 'p');
}

/** The functions of an object, found by reflection. */
function functionsOf(object: object): [string, AnyFunction][] {
  return Object.entries(object).filter(
    (entry): entry is [string, AnyFunction] => typeof entry[1] === 'function',
  );
}

function attempt(
  name: string,
  call: AnyFunction,
  args: readonly unknown[],
  self: unknown,
): unknown {
  try {
    return call.apply(self, withoutAddresses(name, withoutNodesDescriptors(name, args)));
  } catch (error) {
    check(error, name);
    return undefined;
  }
}

function makeLoop(dispatch: () => void = () => {}): NativeLoop {
  return addon.createLoop(poller, 0, false, dispatch);
}

/** Where the descriptor is in the arguments of a function that closes it, or reads and writes. */
const DESCRIPTOR_PLACES: Readonly<Record<string, number>> = {
  adoptDatagram: 0,
  adoptListener: 0,
  adoptPipe: 0,
  adoptStream: 0,
  closeChildDescriptor: 0,
  closeDescriptor: 0,
  sendDescriptor: 1,
  watch: 0,
};

/**
 * Like fs.closeSync(), these functions take over any descriptor, so they must not receive one of Node's own. A number that
 * may be one is replaced by a descriptor that was opened for the call, or by one that is not open.
 */
function withoutNodesDescriptors(name: string, args: readonly unknown[]): unknown[] {
  const place = DESCRIPTOR_PLACES[name];
  return args.map((arg, index) => {
    if (index !== place || typeof arg !== 'number' || arg < 0 || arg > 100_000) return arg;
    const fd = openSync(devNull, 'r');
    if (random(2) === 0) return fd;
    closeSync(fd);
    return 100_001 + random(1000);
  });
}

/** An address is trusted, as by a foreign function interface: it is replaced by that of no object. */
function withoutAddresses(name: string, args: unknown[]): unknown[] {
  return name === 'glibContext' && typeof args[2] === 'number' ? args.with(2, 0) : args;
}

/** Every argument hostile, then one hostile among plausible ones, at every place. */
function* argumentLists(rounds: number, handles: readonly number[]): Generator<unknown[]> {
  yield [];
  for (let round = 0; round < rounds; round++) {
    const count = random(8);
    const odds = 1 + random(4);
    yield Array.from({ length: count }, () =>
      random(odds) === 0 ? hostile() : plausible(handles),
    );
  }
}

/** Fresh handles of every kind. */
function openHandles(loop: NativeLoop): number[] {
  const settings = new Int32Array(16).fill(-1);
  settings[9] = 16;
  settings[11] = 0; // Windows has no SO_REUSEPORT
  const listening = loop.listen('127.0.0.1', 0, settings);
  const out = new Int32Array(7);
  loop.address(listening, false, out);
  const outgoing = loop.connect('127.0.0.1', out[4] as number, '', 0, settings);
  const udp = new Int32Array(16).fill(1);
  if (WINDOWS) udp[5] = 0;
  const datagrams = loop.listenUdp('127.0.0.1', 0, udp);
  if (WINDOWS) return [listening, datagrams, outgoing]; // its UNIX sockets are pipes of Node's
  const path = join(folder, String(random(2 ** 31)));
  const unix = Int32Array.of(16, -1, -1);
  const listeningUnix = loop.listenUnix(path, unix);
  const outgoingUnix = loop.connectUnix(path, Int32Array.of(-1));
  return [listening, datagrams, outgoing, listeningUnix, outgoingUnix];
}

/** Lets Node's loop turn a few times. */
async function breathe(times = 3): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** An echo over a reactor made now. */
async function alive(): Promise<void> {
  const reactor = createReactor({ kind: 'native', poller: poller as 'epoll' });
  class Echo extends Protocol {
    override dataReceived(data: Buffer): void {
      this.transport.write(data);
    }
  }
  const port = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' }).getHost().port;
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('alive'));
    socket.on('error', reject);
    socket.on('data', () => {
      socket.destroy();
      resolve();
    });
  });
  await reactor[Symbol.asyncDispose]();
  process.stdout.write('alive\n');
}

const scenes: Record<string, () => Promise<void>> = {
  async 'addon-functions'() {
    for (const [name, call] of functionsOf(addon)) {
      for (const args of argumentLists(400, [])) {
        const made = attempt(name, call, args, addon) as NativeLoop | undefined;
        made?.dispose?.();
      }
      await breathe();
    }
  },
  /** With an object of TLS in the first place, so that calls get further. */
  async 'tls-functions'() {
    if (tlsObjects.length === 0) return;
    const functions = functionsOf(addon).filter(([name]) => name.toLowerCase().includes('tls'));
    for (let i = 0; i < 10_000; i++) {
      const [name, call] = pick(functions);
      const args = Array.from({ length: 5 }, () =>
        random(8) === 0 ? hostile() : pick(tlsObjects)(),
      );
      attempt(name, call, args, addon);
      if (i % 1_000 === 0) (globalThis as unknown as { gc(): void }).gc();
    }
    await breathe();
  },
  async 'loop-functions'() {
    for (const [name] of functionsOf(makeLoop()).filter(([it]) => it !== 'dispose')) {
      const loop = makeLoop();
      const handles = openHandles(loop);
      const call = (loop as unknown as Record<string, AnyFunction>)[name] as AnyFunction;
      for (const args of argumentLists(300, handles)) attempt(name, call, args, loop);
      await breathe();
      for (const args of argumentLists(100, handles)) attempt(name, call, args, hostile());
      await breathe();
      loop.dispose();
    }
  },
  async 'loop-functions-mixed'() {
    for (let round = 0; round < 10; round++) {
      const loop = makeLoop();
      const handles = openHandles(loop);
      const functions = functionsOf(loop).filter(([name]) => name !== 'dispose');
      for (let i = 0; i < 300; i++) {
        const [name, call] = pick(functions);
        for (const args of argumentLists(1, handles)) attempt(name, call, args, loop);
        if (i % 50 === 0) await breathe(1);
      }
      loop.dispose();
      await breathe();
    }
  },
  /** Connections with both ends in one loop, some of them secured: bytes, commands and every function, in any order. */
  async 'connected-streams'() {
    const contexts = addon.tlsReport().reason === '' ? await contextsForStreams() : [];
    for (let round = 0; round < 20; round++) {
      const accepted: number[] = [];
      const loop: NativeLoop = makeLoop(() => takeEvents(memory, accepted));
      const memory = mapSharedMemory(loop.memory);
      const connected = Array.from({ length: 3 }, () => openHandles(loop)).flat();
      await breathe();
      const [server, asking, client] = contexts;
      for (const handle of connected.filter(() => client !== undefined && random(2) === 0)) {
        attempt(
          'startTls',
          loop.startTls as AnyFunction,
          [handle, client, 'a', 'k', NOTHING],
          loop,
        );
      }
      for (const handle of accepted.filter(() => client !== undefined && random(2) === 0)) {
        const context = pick([server, asking]);
        attempt('startTls', loop.startTls as AnyFunction, [handle, context, '', '', NOTHING], loop);
      }
      await breathe(random(8));
      const functions = functionsOf(loop).filter(([name]) => name !== 'dispose');
      for (let i = 0; i < 300; i++) {
        const handles = [...accepted, ...connected];
        const handle = pick(handles);
        const [name, call] = pick(functions);
        const choice = random(4);
        if (choice === 0) attempt('write', loop.write as AnyFunction, [handle, payload()], loop);
        else if (choice === 1) addCommand(memory, handle);
        else {
          const [args = []] = argumentLists(1, handles);
          const first = DESCRIPTOR_PLACES[name] === 0 ? [] : [handle];
          attempt(name, call, [...first, ...args], loop);
        }
        if (i % 20 === 0) await breathe(1 + random(3));
      }
      loop.dispose();
      await breathe(1);
    }
  },
  async disposed() {
    const loop = makeLoop();
    const handles = openHandles(loop);
    loop.dispose();
    for (const [name, call] of functionsOf(loop)) {
      for (const args of argumentLists(100, handles)) attempt(name, call, args, loop);
    }
    await breathe();
    for (const [name, call] of functionsOf(loop)) {
      for (const args of argumentLists(100, handles)) attempt(name, call, args, loop);
    }
  },
  /** The memory that both sides share holds anything at all. */
  async 'shared-memory'() {
    for (let round = 0; round < 30; round++) {
      const loop = makeLoop();
      const handles = openHandles(loop);
      const memory = new Int32Array(loop.memory);
      await breathe(1);
      for (let i = 0; i < 40; i++) {
        for (let at = 0; at < 16; at++) {
          memory[at] = pick([0, 1, 5, 4096, 4097, -1, 2 ** 31 - 1, -(2 ** 31), random(5000)]);
        }
        for (let at = 16; at < 16 + 300; at++) {
          memory[at] = pick([0, -1, ...handles, random(2 ** 20), -random(10), 2 ** 31 - 1]);
        }
        attempt('flush', loop.flush as AnyFunction, [], loop);
        if (i % 8 === 0) await breathe(1);
      }
      memory.fill(0, 0, 16);
      loop.dispose();
      await breathe(1);
    }
  },
  async 'shared-memory-detached'() {
    const loop = makeLoop();
    openHandles(loop);
    try {
      structuredClone(loop.memory, { transfer: [loop.memory as ArrayBuffer] });
    } catch (error) {
      check(error, 'transfer');
    }
    attempt('flush', loop.flush as AnyFunction, [], loop);
    await breathe(10);
    loop.dispose();
  },
  /** The functions are kept, the object is not. */
  async garbage() {
    const kept: [string, AnyFunction][] = [];
    for (let round = 0; round < 30; round++) {
      const loop = makeLoop();
      openHandles(loop);
      kept.push(...functionsOf(loop));
      loop.dispose();
      await breathe(1);
      (globalThis as unknown as { gc(): void }).gc();
    }
    for (let i = 0; i < 20; i++) makeLoop().dispose();
    await breathe();
    for (const [name, call] of kept) {
      for (const args of argumentLists(3, [])) attempt(name, call, args, undefined);
    }
  },
  async 'dispose-inside-dispatch'() {
    for (let round = 0; round < 20; round++) {
      // Should dispatch never be called, nothing keeps the process and `alive` is not printed.
      await new Promise<void>((resolve) => {
        const loop: NativeLoop = makeLoop(() => {
          loop.dispose();
          loop.flush();
          resolve();
        });
        openHandles(loop);
      });
    }
  },
  async 'look-ups'() {
    // None of these names is asked of a name server.
    const names = ['127.1', '::1', 'localhost', 'a b', '%', '\x01', 'x..y', '300.300.300.300', ''];
    let answers = 0;
    const again = (): void => {
      answers += 1;
      if (answers < 1_000) attempt('lookUp', lookUp, [pick(names), pick([0, 4, 6]), again], addon);
    };
    const lookUp = addon.lookUp as AnyFunction;
    for (let i = 0; i < 500; i++) {
      const args = [pick(names), pick([0, 4, 6, 5]), pick<unknown>([again, again, throwing])];
      attempt('lookUp', lookUp, args, hostile());
    }
    while (answers < 1_000) await breathe(1);
  },
  async 'look-up-throws'() {
    let caught = 0;
    process.on('uncaughtException', (error) => {
      if (error.message === 'out of an answer') caught += 1;
      else throw error;
    });
    for (let i = 0; i < 20; i++) {
      addon.lookUp('127.1', 0, () => {
        throw new Error('out of an answer');
      });
    }
    while (caught < 20) await breathe(1);
    // The process ends while there is no end of them.
    for (let i = 0; i < 10_000; i++) addon.lookUp('127.1', 0, () => {});
  },
  async 'dispatch-throws'() {
    let caught = 0;
    process.on('uncaughtException', (error) => {
      if (error.message === 'out of dispatch') caught += 1;
      else throw error;
    });
    const loop = makeLoop(() => {
      throw new Error('out of dispatch');
    });
    openHandles(loop);
    while (caught < 3) await breathe(1);
    loop.dispose();
  },
};

const play = scenes[scene ?? ''];
if (play === undefined) throw new Error(`no scene is called ${scene}`);
await play();
await breathe();
await alive();
