/** Patterns with values, found by topic: the cost depends on the segments of the topic, not on the number of patterns. */

interface Node<T> {
  readonly children: Map<string, Node<T>>;
  /** Of patterns that end here. */
  readonly values: Set<T>;
}

function emptyNode<T>(): Node<T> {
  return { children: new Map(), values: new Set() };
}

/** Patterns and topics must have been checked. */
export class PatternTree<T> {
  readonly #root: Node<T> = emptyNode();

  add(pattern: string, value: T): void {
    let node = this.#root;
    for (const segment of pattern.split('.')) {
      let child = node.children.get(segment);
      if (child === undefined) {
        child = emptyNode();
        node.children.set(segment, child);
      }
      node = child;
    }
    node.values.add(value);
  }

  /** Removes a value that {@link add} has added. */
  remove(pattern: string, value: T): void {
    const segments = pattern.split('.');
    const path: Node<T>[] = [this.#root];
    for (const segment of segments) {
      const child = path.at(-1)?.children.get(segment);
      if (child === undefined) return;
      path.push(child);
    }
    path.at(-1)?.values.delete(value);
    for (let i = segments.length; i > 0; i--) {
      const { children, values } = path[i] as Node<T>;
      if (children.size + values.size > 0) return;
      (path[i - 1] as Node<T>).children.delete(segments[i - 1] as string);
    }
  }

  /** Whether it has no patterns. */
  get isEmpty(): boolean {
    return this.#root.children.size === 0;
  }

  /** Calls `found` for each value whose pattern matches. */
  match(topic: string, found: (value: T) => void): void {
    this.#match(this.#root, topic.split('.'), 0, found);
  }

  #match(node: Node<T>, segments: readonly string[], at: number, found: (value: T) => void): void {
    if (at === segments.length) {
      for (const value of node.values) found(value);
      return;
    }
    const { children } = node;
    const exact = children.get(segments[at] as string);
    if (exact !== undefined) this.#match(exact, segments, at + 1, found);
    const any = children.get('*');
    if (any !== undefined) this.#match(any, segments, at + 1, found);
    for (const value of children.get('>')?.values ?? []) found(value);
  }
}
