/** A watcher of a test's own folder, and its events. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FileEvent,
  type FileListener,
  type FileWatcher,
  type WatchFilesOptions,
  watchFiles,
} from '../../src/files/index.js';
import type { Rig } from '../support/contract.js';
import { Pulse, within } from '../support/deadline.js';

export class RecordedWatch implements FileListener {
  readonly folder: string;
  readonly watcher: FileWatcher;
  readonly events: FileEvent[] = [];
  readonly pulse: Pulse = new Pulse();
  reason: Error | undefined = undefined;
  onEvent: (event: FileEvent) => void = () => {};
  readonly #marks = new Set<string>();
  readonly #seen = new Set<string>();

  /** @param paths Default: the folder. */
  constructor(
    rig: Rig,
    folder: string,
    options: WatchFilesOptions = {},
    paths: string | Uint8Array | readonly (string | Uint8Array)[] = folder,
  ) {
    this.folder = folder;
    this.watcher = watchFiles(rig.reactor, paths, { listener: this, ...options });
  }

  static async open(rig: Rig, folder: string, options?: WatchFilesOptions): Promise<RecordedWatch> {
    const watch = new RecordedWatch(rig, folder, options);
    await within(watch.watcher.ready(), 'the watcher to be ready');
    return watch;
  }

  fileChanged(event: FileEvent): void {
    if (this.#marks.has(event.path)) {
      if (event.kind !== 'created') return;
      this.#marks.delete(`${event.path}?`);
    } else {
      this.events.push(event);
      this.#seen.add(this.line(event));
      this.onEvent(event);
    }
    this.pulse.notify();
  }

  watchLost(reason: Error): void {
    this.reason = reason;
    this.pulse.notify();
  }

  /** The events as text, each with the path below the folder; consecutive equal ones once. */
  get lines(): string[] {
    const lines = this.events.map((event) => this.line(event));
    return lines.filter((line, at) => line !== lines[at - 1]);
  }

  line({ kind, path, from, isDirectory }: FileEvent): string {
    const name = (whole: string): string => whole.slice(this.folder.length + 1) || '.';
    const source = from === undefined ? '' : `${name(from)} -> `;
    return `${kind} ${source}${name(path)}${isDirectory ? '/' : ''}`;
  }

  /** Only these kinds. */
  only(...kinds: FileEvent['kind'][]): string[] {
    return this.lines.filter((line) => kinds.some((kind) => line.startsWith(`${kind} `)));
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return this.pulse.until(
      condition,
      () => `${what}; there was ${this.lines.slice(-50).join(', ')}`,
    );
  }

  shows(...lines: string[]): Promise<void> {
    return this.until(() => lines.every((line) => this.#seen.has(line)), lines.join(', '));
  }

  /** Forgets the events. */
  clear(): void {
    this.events.length = 0;
    this.#seen.clear();
  }

  async ended(): Promise<Error | undefined> {
    await this.until(() => this.reason !== undefined, 'watchLost');
    return this.reason;
  }

  /** Settles when all changes so far have been reported: files created later, one after the other, are. */
  async settled(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      const mark = join(this.folder, `mark-${this.#marks.size}`);
      this.#marks.add(mark).add(`${mark}?`);
      writeFileSync(mark, '');
      await this.until(() => !this.#marks.has(`${mark}?`), 'a mark');
    }
  }

  isMark(path: string): boolean {
    return this.#marks.has(path);
  }
}
