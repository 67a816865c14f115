/**
 * The heap of {@link DelayedCalls}: a 4-ary min-heap of entries, ordered by time and then by order. It keeps the times and
 * orders in arrays of their own, so that moving entries touches no objects. Four children of eight bytes are half a cache
 * line.
 */

/** A call, as far as its entries are concerned. */
export interface HeapCall {
  /** When the call is due. */
  readonly time: number;
  /** The order of that time among all times that were set. */
  readonly order: number;
  /** The order of the entry that counts; a negative number if none does. */
  entry: number;
}

const MIN_CAPACITY = 64;

export class EntryHeap<Call extends HeapCall> {
  size = 0;
  steps = 0;
  #times: Float64Array = new Float64Array(MIN_CAPACITY);
  #orders: Float64Array = new Float64Array(MIN_CAPACITY);
  #calls: Call[] = [];

  get top(): Call | undefined {
    return this.#calls[0];
  }

  /** For a heap that is not empty, like `topOrder`. */
  get topTime(): number {
    return this.#times[0] as number;
  }

  get topOrder(): number {
    return this.#orders[0] as number;
  }

  push(time: number, order: number, call: Call): void {
    if (this.size === this.#times.length) this.#resize(this.size * 2);
    this.#calls.push(call);
    this.#siftUp(this.size++, time, order, call);
  }

  /** Removes the top of a heap that is not empty. */
  pop(): Call {
    const calls = this.#calls;
    const top = calls[0] as Call;
    const last = calls.pop() as Call;
    const size = --this.size;
    if (size > 0) {
      this.#siftDown(0, this.#times[size] as number, this.#orders[size] as number, last);
    }
    this.#shrink();
    return top;
  }

  /** Files the top's call under another time and order. */
  replaceTop(time: number, order: number): void {
    this.#siftDown(0, time, order, this.#calls[0] as Call);
  }

  /** Drops the stale entries, and files again those whose call has a new time. */
  rebuild(): void {
    const times = this.#times;
    const orders = this.#orders;
    const calls = this.#calls;
    let kept = 0;
    // Each call is read once: with a million of them, each is a cache miss.
    for (let index = 0; index < this.size; index++) {
      const call = calls[index] as Call;
      const order = orders[index] as number;
      if (call.entry !== order) continue;
      const moved = call.order !== order;
      if (moved) call.entry = call.order;
      times[kept] = moved ? call.time : (times[index] as number);
      orders[kept] = moved ? call.order : order;
      calls[kept++] = call;
    }
    calls.length = kept;
    this.size = kept;
    this.steps += kept;
    for (let index = (kept - 2) >> 2; index >= 0; index--) {
      const call = calls[index] as Call;
      this.#siftDown(index, times[index] as number, orders[index] as number, call);
    }
    this.#shrink();
  }

  clear(): void {
    this.size = 0;
    this.#calls = [];
    this.#resize(MIN_CAPACITY);
  }

  /** The calls of the valid entries. */
  liveCalls(): Call[] {
    const orders = this.#orders;
    return this.#calls.filter((call, index) => call.entry === orders[index]);
  }

  #siftUp(start: number, time: number, order: number, call: Call): void {
    const times = this.#times;
    const orders = this.#orders;
    const calls = this.#calls;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 2;
      const parentTime = times[parent] as number;
      if (parentTime < time || (parentTime === time && (orders[parent] as number) < order)) break;
      times[index] = parentTime;
      orders[index] = orders[parent] as number;
      calls[index] = calls[parent] as Call;
      index = parent;
      this.steps++;
    }
    times[index] = time;
    orders[index] = order;
    calls[index] = call;
  }

  #siftDown(start: number, time: number, order: number, call: Call): void {
    const times = this.#times;
    const orders = this.#orders;
    const calls = this.#calls;
    const size = this.size;
    let index = start;
    for (let child = index * 4 + 1; child < size; child = index * 4 + 1) {
      const end = Math.min(child + 4, size);
      let least = child;
      let leastTime = times[child] as number;
      for (child++; child < end; child++) {
        const childTime = times[child] as number;
        if (
          childTime < leastTime ||
          (childTime === leastTime && (orders[child] as number) < (orders[least] as number))
        ) {
          least = child;
          leastTime = childTime;
        }
      }
      if (time < leastTime || (time === leastTime && order < (orders[least] as number))) break;
      times[index] = leastTime;
      orders[index] = orders[least] as number;
      calls[index] = calls[least] as Call;
      index = least;
      this.steps++;
    }
    times[index] = time;
    orders[index] = order;
    calls[index] = call;
  }

  #shrink(): void {
    if (this.size * 4 < this.#times.length && this.#times.length > MIN_CAPACITY) {
      this.#resize(Math.max(this.size * 2, MIN_CAPACITY));
    }
  }

  #resize(capacity: number): void {
    const times = new Float64Array(capacity);
    const orders = new Float64Array(capacity);
    times.set(this.#times.subarray(0, this.size));
    orders.set(this.#orders.subarray(0, this.size));
    this.#times = times;
    this.#orders = orders;
  }
}
