/** The sockets that the workers of `ropewalk run --workers` share: those of systemd, and UNIX sockets. The parent keeps them open. */
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Reactor } from '../core/reactor.js';
import { LineOnlyReceiver } from '../framing/line-only-receiver.js';
import { HandoverProtocolError } from '../handover/errors.js';
import { type InheritedSocket, takeInheritedSockets } from '../handover/inherited-sockets.js';
import { isTrusted } from '../handover/peer-check.js';
import type { WorkerInheritance } from '../workers/worker-settings.js';

/** The variable with {@link WorkerSocketNames}, in the order of the descriptors. */
export const WORKER_SOCKETS = 'ROPEWALK_WORKER_SOCKETS';
/** The answer to a path. */
export const RECEIVED = 'received';
/** The most UNIX sockets of a program. */
const MAX_UNIX_SOCKETS = 100;
const MAX_PATH_BYTES = 4_096;

/** The names of the descriptors of a worker, from 3. */
export interface WorkerSocketNames {
  /** Of the sockets of systemd. */
  readonly systemd: readonly string[];
  /** The paths of UNIX sockets. */
  readonly unix: readonly string[];
}

/**
 * A worker that opens a UNIX socket sends it here, with its path. Workers that are started later inherit it, so a program that starts in
 * one worker after the other opens each socket once. Connections wait in the socket while no worker runs.
 */
export class SharedSockets implements Disposable {
  /** The path at which workers connect; undefined without the native reactor. */
  readonly relay: string | undefined;
  readonly #systemd: readonly InheritedSocket[];
  readonly #unix = new Map<string, number>();
  readonly #folder: string | undefined;

  constructor(reactor: Reactor) {
    this.#systemd = takeInheritedSockets();
    if (reactor.kind !== 'native' || process.platform === 'win32') return;
    this.#folder = mkdtempSync(join(tmpdir(), 'ropewalk-workers-'));
    this.relay = join(this.#folder, 'socket');
    reactor.listenUNIX(this.relay, () => new RelayProtocol(this), { mode: 0o600 });
  }

  get names(): string[] {
    return [...this.#systemd.map(({ name }) => `systemd:${name}`), ...this.#unix.keys()];
  }

  get inheritance(): WorkerInheritance {
    const names: WorkerSocketNames = {
      systemd: this.#systemd.map(({ name }) => name),
      unix: [...this.#unix.keys()],
    };
    return {
      descriptors: [...this.#systemd.map(({ fd }) => fd), ...this.#unix.values()],
      environment: { [WORKER_SOCKETS]: JSON.stringify(names) },
    };
  }

  /** @internal The owner of the descriptor is this object from now on. */
  add(path: string, fd: number): void {
    const known = this.#unix.get(path);
    if (known !== undefined) closeSync(known);
    else if (this.#unix.size === MAX_UNIX_SOCKETS) {
      closeSync(fd);
      throw new HandoverProtocolError(`more than ${MAX_UNIX_SOCKETS} UNIX sockets`);
    }
    this.#unix.set(path, fd);
  }

  /** Closes the sockets when the workers have ended, and removes their files. */
  [Symbol.dispose](): void {
    for (const [path, fd] of this.#unix) {
      closeSync(fd);
      if (path.startsWith('\0')) continue;
      for (const file of [path, `${path}.lock`]) rmSync(file, { force: true });
    }
    this.#unix.clear();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}

class RelayProtocol extends LineOnlyReceiver {
  readonly #sockets: SharedSockets;
  readonly #fds: number[] = [];

  constructor(sockets: SharedSockets) {
    super({ maxLength: MAX_PATH_BYTES });
    this.#sockets = sockets;
  }

  override connectionMade(): void {
    if (!isTrusted(this.transport)) this.transport.abortConnection();
  }

  fileDescriptorReceived(fd: number): void {
    this.#fds.push(fd);
    if (this.#fds.length > MAX_UNIX_SOCKETS) {
      throw new HandoverProtocolError('descriptors arrived without their paths');
    }
  }

  override lineReceived(line: Buffer): void {
    const fd = this.#fds.shift();
    if (fd === undefined) throw new HandoverProtocolError('a path arrived without a descriptor');
    this.#sockets.add(String(JSON.parse(line.toString())), fd);
    this.sendLine(RECEIVED);
  }

  override connectionLost(): void {
    for (const fd of this.#fds.splice(0)) closeSync(fd);
  }
}
