/** The addon's functions for UNIX sockets, descriptors and sockets from elsewhere, called as the reactor calls them. */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadAddon, type NativeLoop } from '../../src/native.js';
import {
  COMMAND_ALLOW_DESCRIPTORS,
  COMMAND_DRAIN_LISTENER,
  COMMAND_INTS,
  EVENT_ACCEPTED,
  EVENT_CONNECTED,
  EVENT_COUNT,
  EVENT_CURSOR,
  EVENT_DATA,
  EVENT_DESCRIPTOR,
  EVENT_INTS,
  EVENT_KIND_MASK,
  EVENT_LISTENER_DRAINED,
  mapSharedMemory,
} from '../../src/reactor/native/shared-memory.js';
import { needs } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';

const DEADLINE_MS = 10_000;
const ANY_SETTINGS = Int32Array.of(16, 0o600, -1);
const DATAGRAM_SETTINGS = Int32Array.of(8192, 65_536, -1, -1, 0, 0, 0, 0, 0, 0, 0, 1);

interface Told {
  readonly handle: number;
  readonly kind: number;
  readonly a: number;
  readonly b: number;
}

/** A loop whose events are kept. */
class Loop {
  readonly native: NativeLoop;
  readonly told: Told[] = [];
  readonly #memory: ReturnType<typeof mapSharedMemory>;

  constructor(poller: string) {
    this.native = loadAddon().createLoop(poller, 0, false, () => this.#dispatch());
    this.#memory = mapSharedMemory(this.native.memory);
  }

  command(handle: number, command: number): void {
    const { header, commands } = this.#memory;
    const count = header[0] as number;
    commands.set([handle, command, 0], count * COMMAND_INTS);
    header[0] = count + 1;
    this.native.flush();
  }

  async event(handle: number, kind: number): Promise<Told> {
    const end = Date.now() + DEADLINE_MS;
    for (;;) {
      const found = this.told.find((told) => told.handle === handle && told.kind === kind);
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`no event ${kind} of ${handle}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #dispatch(): void {
    const { header, events } = this.#memory;
    const count = header[EVENT_COUNT] as number;
    for (let at = 0; at < count; at++) {
      const [handle = 0, packed = 0, a = 0, b = 0] = events.subarray(at * EVENT_INTS);
      const kind = packed & EVENT_KIND_MASK;
      this.told.push({ handle, kind, a, b });
      if (kind === EVENT_ACCEPTED || kind === EVENT_CONNECTED) at += 1;
    }
    header[EVENT_CURSOR] = count;
  }
}

const POLLERS = REACTORS.filter(({ native }) => native).map(({ name }) =>
  name.replace('native+', ''),
);

describe.runIf(POLLERS.length > 0).each(POLLERS)('the addon, over UNIX sockets (%s)', (poller) => {
  let folder: string;
  let path: string;
  let loop: Loop;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    path = join(folder, 'socket');
    loop = new Loop(poller);
  });
  afterEach(() => {
    loop.native.dispose();
    rmSync(folder, { recursive: true });
  });

  async function pair(): Promise<{ listener: number; near: number; far: number }> {
    const { native } = loop;
    const listener = native.listenUnix(path, ANY_SETTINGS);
    const near = native.connectUnix(path, Int32Array.of(-1));
    await loop.event(near, EVENT_CONNECTED);
    const far = (await loop.event(listener, EVENT_ACCEPTED)).a;
    return { listener, near, far };
  }

  it('returns the peer’s credentials', async () => {
    needs('socketFiles');
    const { native } = loop;
    const { listener, near, far } = await pair();
    expect(native.unixPath(listener, false)?.toString()).toBe(path);
    expect(native.unixPath(near, true)?.toString()).toBe(path);
    expect(native.unixPath(far, true)).toHaveLength(0);
    expect(native.unixPath(12345, false)).toBeNull();
    expect([listener, near, 12345].map((it) => native.addressFamily(it))).toEqual([1, 1, 0]);
    const out = new Int32Array(3);
    expect(native.credentials(far, out)).toBe(true);
    expect([...out]).toEqual([process.pid, process.getuid?.(), process.getgid?.()]);
    expect(native.credentials(12345, out)).toBe(false);
    expect(native.unlinkUnix(listener)).toBe(true);
    expect(native.unlinkUnix(listener)).toBe(false);
  });

  it('hands descriptors over', async () => {
    needs('descriptors');
    const { native } = loop;
    const { near, far } = await pair();
    loop.command(far, COMMAND_ALLOW_DESCRIPTORS);
    const file = join(folder, 'file');
    writeFileSync(file, 'contents');
    const fd = openSync(file, 'r');
    expect(native.sendDescriptor(near, fd, 1)).toBe(1);
    expect(native.sendDescriptor(near, fd, 1)).toBe(-1);
    expect(native.waitingDescriptors(near)).toBe(1);
    closeSync(fd);
    native.write(near, Buffer.from('x'));
    native.flush();
    expect(native.waitingDescriptors(near)).toBe(0);
    await loop.event(far, EVENT_DATA);
    const { a: received } = await loop.event(far, EVENT_DESCRIPTOR);
    expect(readFileSync(received, 'utf8')).toBe('contents');
    native.closeDescriptor(received);
    expect(() => native.closeDescriptor(received)).toThrow(/Bad file descriptor/);
    expect(() => native.sendDescriptor(near, -1, 1)).toThrow(/Bad file descriptor/);
  });

  it('detaches and adopts streams', async () => {
    needs('descriptors');
    const { native } = loop;
    const { near, far } = await pair();
    expect(native.descriptor(far)).toBeGreaterThan(2);
    const fd = native.detach(far);
    expect(native.descriptor(far)).toBe(-1);
    const again = native.adoptStream(fd, true);
    native.write(near, Buffer.from('hello'));
    native.flush();
    const { a, b } = await loop.event(again, EVENT_DATA);
    expect(Buffer.from(native.arena(), a, b).toString()).toBe('hello');
    expect(() => native.adoptListener(fd, false)).toThrow(/Invalid argument/);
  });

  it('adopts listeners, and drains them', async () => {
    needs('descriptors');
    const { native } = loop;
    const listener = native.listenUnix(path, ANY_SETTINGS);
    const adopted = native.adoptListener(native.descriptor(listener), false);
    native.close(listener);
    native.connectUnix(path, Int32Array.of(-1));
    loop.command(adopted, COMMAND_DRAIN_LISTENER);
    await loop.event(adopted, EVENT_LISTENER_DRAINED);
    expect(loop.told.filter(({ kind }) => kind === EVENT_ACCEPTED)).toHaveLength(1);
    expect(native.unlinkUnix(adopted)).toBe(false);
  });

  it('has the files of datagram sockets', () => {
    needs('unixDatagrams');
    const { native } = loop;
    const handle = native.listenUnixDatagram(path, 0o600, DATAGRAM_SETTINGS);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(native.unixPath(handle, false)?.toString()).toBe(path);
    expect(native.unlinkUnix(handle)).toBe(true);
    expect(existsSync(path)).toBe(false);
    expect(native.unlinkUnix(handle)).toBe(false);
    for (const mode of [-2, 0o1000]) {
      expect(() => native.listenUnixDatagram(path, mode, DATAGRAM_SETTINGS)).toThrow(TypeError);
    }
  });

  it('leaves a datagram socket that it refuses to its owner', () => {
    needs('descriptors');
    const { native } = loop;
    const handle = native.listenUdp('127.0.0.1', 0, DATAGRAM_SETTINGS);
    const fd = native.descriptor(handle);
    expect(() => native.adoptDatagram(fd, true, DATAGRAM_SETTINGS)).toThrow(
      expect.objectContaining({ errno: constants.errno.EEXIST }),
    );
    expect(fstatSync(fd).isSocket()).toBe(true);
  });

  it.each([
    ['', constants.errno.EINVAL],
    ['a\0b', constants.errno.EINVAL],
    ['x'.repeat(200), constants.errno.ENAMETOOLONG],
  ])('refuses %j as a path', (bad, errno) => {
    const { native } = loop;
    expect(() => native.listenUnix(bad, ANY_SETTINGS)).toThrow(
      expect.objectContaining({ errno, syscall: 'bind' }),
    );
    expect(() => native.connectUnix(bad, Int32Array.of(-1))).toThrow(
      expect.objectContaining({ errno, syscall: 'connect' }),
    );
    expect(() => native.listenUnix(path, Int32Array.of(1, 0o1000, -1))).toThrow(TypeError);
  });
});
