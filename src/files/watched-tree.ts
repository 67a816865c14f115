/** The watched directories of inotify: a forest, found by watch. Sans-I/O. */
import type { FileName } from './file-names.js';
import type { WatchRoot } from './watch-roots.js';

/** A path below a directory whose path may be `/`. */
export function below(directory: FileName, name: FileName): FileName {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}

export class WatchedDirectory {
  readonly watch: number;
  parent: WatchedDirectory | undefined;
  name: FileName;
  /** By name. */
  children: Map<FileName, WatchedDirectory> | undefined = undefined;
  /** Names that were found by listing the directory, and whose IN_CREATE may still be unread. */
  found: Set<FileName> | undefined = undefined;

  readonly #root: WatchRoot;

  /** @param root Of a directory without parent. */
  constructor(
    watch: number,
    root: WatchRoot,
    parent: WatchedDirectory | undefined,
    name: FileName,
  ) {
    this.watch = watch;
    this.#root = root;
    this.parent = parent;
    this.name = name;
  }

  get root(): WatchRoot {
    return this.parent === undefined ? this.#root : this.parent.root;
  }

  get path(): FileName {
    return this.parent === undefined ? this.root.path : below(this.parent.path, this.name);
  }

  get depth(): number {
    return this.parent === undefined ? 0 : this.parent.depth + 1;
  }

  isIn(ancestor: WatchedDirectory): boolean {
    return this === ancestor || (this.parent?.isIn(ancestor) ?? false);
  }
}

export class WatchedTree {
  readonly #byWatch = new Map<number, WatchedDirectory>();

  get size(): number {
    return this.#byWatch.size;
  }

  get(watch: number): WatchedDirectory | undefined {
    return this.#byWatch.get(watch);
  }

  has(directory: WatchedDirectory): boolean {
    return this.#byWatch.get(directory.watch) === directory;
  }

  *roots(): Iterable<WatchedDirectory> {
    for (const directory of this.#byWatch.values()) {
      if (directory.parent === undefined) yield directory;
    }
  }

  add(directory: WatchedDirectory): void {
    this.#byWatch.set(directory.watch, directory);
    const { parent, name } = directory;
    if (parent === undefined) return;
    parent.children ??= new Map();
    parent.children.set(name, directory);
  }

  move(directory: WatchedDirectory, parent: WatchedDirectory, name: FileName): void {
    this.#leaveParent(directory);
    directory.parent = parent;
    directory.name = name;
    this.add(directory);
  }

  /** Removes a directory with everything below it. @returns Their watches. */
  remove(directory: WatchedDirectory): number[] {
    this.#leaveParent(directory);
    const watches: number[] = [];
    const pending = [directory];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (this.has(next)) {
        this.#byWatch.delete(next.watch);
        watches.push(next.watch);
      }
      for (const child of next.children?.values() ?? []) pending.push(child);
    }
    return watches;
  }

  #leaveParent({ parent, name, watch }: WatchedDirectory): void {
    const children = parent?.children;
    if (children?.get(name)?.watch !== watch) return;
    children.delete(name);
    if (children.size === 0 && parent !== undefined) parent.children = undefined;
  }
}
