/** Descriptors in tests: how many there are, and second ones of a socket, which Node has no way to make. */
import { closeSync, fstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createReactor, Protocol, type Reactor, type UNIXTransport } from '../../src/index.js';
import type { Rig } from './contract.js';
import { Pulse, within } from './deadline.js';
import { temporaryFolder } from './unix.js';

/** How many this process has open; what reading the list opens counts each time. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

export function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

/** Closes it unless that was done: after a test that may have given it away. */
export function closeQuietly(fd: number): void {
  if (isOpen(fd)) closeSync(fd);
}

class Catcher extends Protocol {
  readonly #caught: (fd: number) => void;

  constructor(caught: (fd: number) => void) {
    super();
    this.#caught = caught;
  }

  fileDescriptorReceived(fd: number): void {
    this.#caught(fd);
  }
}

/** Makes second descriptors of open ones: the native reactor sends them to itself. */
export class Duplicator implements AsyncDisposable {
  readonly #reactor: Reactor;
  readonly #pulse = new Pulse();
  readonly #caught: number[] = [];
  #transport: UNIXTransport | undefined;

  static async open(rig: Rig): Promise<Duplicator> {
    const duplicator = new Duplicator();
    rig.use(duplicator);
    const path = join(temporaryFolder(rig), 'duplicator');
    await duplicator.#connect(path);
    return duplicator;
  }

  private constructor() {
    this.#reactor = createReactor({ kind: 'native' });
  }

  async #connect(path: string): Promise<void> {
    const caught = (fd: number): void => {
      this.#caught.push(fd);
      this.#pulse.notify();
    };
    this.#reactor.listenUNIX(path, () => new Catcher(caught));
    const made = new Promise<UNIXTransport>((resolve) => {
      this.#reactor.connectUNIX(path, () => ({
        connectionMade: (transport) => resolve(transport as UNIXTransport),
      }));
    });
    this.#transport = await within(made, 'a connection that carries descriptors');
  }

  /** The new one is the test's to close or give away. */
  async duplicate(fd: number): Promise<number> {
    this.#transport?.sendFileDescriptor(fd);
    this.#transport?.write('.');
    await this.#pulse.until(() => this.#caught.length > 0, 'a descriptor');
    return this.#caught.shift() as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reactor[Symbol.asyncDispose]();
  }
}
