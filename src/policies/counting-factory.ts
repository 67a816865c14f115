/** The base of factories that limit and count their connections. */
import type { Address } from '../core/address.js';
import { Factory } from '../core/factory.js';
import type { Protocol } from '../core/protocol.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { checkInteger } from '../internal/check.js';

const MAX_COUNT = 2 ** 31 - 1;

export const DEFAULT_MAX_CONNECTIONS = 1_000;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkMaxConnections(maxConnections: number = DEFAULT_MAX_CONNECTIONS): number {
  return checkInteger('maxConnections', maxConnections, 1, MAX_COUNT);
}

/** Connections beyond `maxConnections` are closed. Each protocol calls `connectionEnded` when its connection has ended. */
export abstract class CountingFactory extends Factory {
  /** @internal */
  protected abstract readonly maxConnections: number;
  #connectionCount = 0;
  #refusedCount = 0;

  /** The number of open connections. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** The number of connections that were closed because of `maxConnections`. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  override buildProtocol(_address: Address): StreamProtocol | null {
    if (this.#connectionCount >= this.maxConnections) {
      this.#refusedCount++;
      return null;
    }
    this.#connectionCount++;
    const protocol = this.makeProtocol();
    protocol.factory = this;
    return protocol;
  }

  /** @internal */
  connectionEnded(): void {
    this.#connectionCount--;
  }

  /** @internal */
  protected abstract makeProtocol(): Protocol;
}
