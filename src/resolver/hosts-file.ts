/**
 * The system's hosts file, read again when it has changed.
 *
 * It is read synchronously on purpose: reading it in the background would take a thread of libuv's pool, for which a resolver
 * must not wait. Checking an unchanged file takes 5 us, at most once a second and only while names are being resolved. Reading
 * a changed file takes 20 us for a typical one of 20 lines, and 40 ms for the longest that is read.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '../core/clock.js';
import type { HostAddress } from '../core/name-resolver.js';
import { type Hosts, parseHosts } from './hosts-parser.js';

/** A longer file is a block list or a mistake. It is left to the system, whose own look-up reads it too. */
const MAX_BYTES = 1024 * 1024;
const CHECK_EVERY_MS = 1_000;

const NOTHING: Hosts = new Map();

export interface HostsFileOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Default: the platform's, such as `/etc/hosts`. A file that is missing or cannot be read contains no names. */
  readonly path?: string;
}

export class HostsFile {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #path: string;
  #hosts = NOTHING;
  /** Identifies the version of the file that was read. */
  #version = '';
  #nextCheck = Number.NEGATIVE_INFINITY;

  constructor(options: HostsFileOptions) {
    this.#clock = options.clock;
    this.#path = options.path ?? platformPath();
  }

  /** @param name In lower case, without a final dot. */
  addressesOf(name: string): readonly HostAddress[] {
    const now = this.#clock.now();
    if (now >= this.#nextCheck) {
      this.#nextCheck = now + CHECK_EVERY_MS;
      this.#refresh();
    }
    return this.#hosts.get(name) ?? [];
  }

  #refresh(): void {
    try {
      const stat = statSync(this.#path);
      // Reading a FIFO would wait for a writer.
      const readable = stat.isFile() && stat.size <= MAX_BYTES;
      const version = readable ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : '';
      if (version === this.#version) return;
      this.#hosts = readable ? parseHosts(readFileSync(this.#path, 'utf8')) : NOTHING;
      this.#version = version;
    } catch {
      this.#hosts = NOTHING;
      this.#version = '';
    }
  }
}

function platformPath(): string {
  if (process.platform !== 'win32') return '/etc/hosts';
  return join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'drivers', 'etc', 'hosts');
}
