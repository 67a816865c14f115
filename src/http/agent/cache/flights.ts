/** Requests on their way whose responses may answer equal requests too, which wait for them (RFC 9111 section 4). */
import type { Deferred } from '../../../defer/deferred.js';
import { Waiters } from '../../../defer/waiters.js';
import type { RecordedContent } from './recorded-content.js';

/** Most requests that others may join; the oldest is forgotten. */
const MAX_FLIGHTS = 1_024;
/** Most requests that are remembered because their responses cannot be shared. */
const MAX_SOLO = 1_024;

export class Flight {
  readonly key: string;
  readonly #flights: Flights;
  readonly #waiters: Waiters<void> = new Waiters();
  #content: RecordedContent | undefined = undefined;

  constructor(flights: Flights, key: string) {
    this.#flights = flights;
    this.key = key;
  }

  /** Fires when the response is stored, or will not be. */
  join(): Deferred<void> {
    const waiter = this.#waiters.add();
    this.#content?.hurry();
    return waiter;
  }

  /** The response has arrived; its content is being stored. */
  records(content: RecordedContent): void {
    this.#content = content;
    if (this.#waiters.size > 0) content.hurry();
  }

  /** @param isShareable Whether the response was stored, or may be next time. */
  settle(isShareable: boolean): void {
    this.#flights.ended(this, isShareable);
    this.#waiters.fireAll((waiter) => waiter.callback(undefined));
  }
}

export class Flights {
  readonly #flights: Map<string, Flight> = new Map();
  readonly #solo: Set<string> = new Set();

  get(key: string): Flight | undefined {
    return this.#flights.get(key);
  }

  /** Undefined if responses to such requests could not be shared before: others should not wait for this one. */
  begin(key: string): Flight | undefined {
    if (this.#solo.has(key)) return undefined;
    const flight = new Flight(this, key);
    this.#flights.set(key, flight);
    dropOldest(this.#flights, MAX_FLIGHTS);
    return flight;
  }

  /** A response to such a request was stored. */
  isShareable(key: string): void {
    this.#solo.delete(key);
  }

  /** @internal */
  ended(flight: Flight, isShareable: boolean): void {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
    if (isShareable) return;
    this.#solo.add(flight.key);
    dropOldest(this.#solo, MAX_SOLO);
  }
}

function dropOldest(keys: Map<string, unknown> | Set<string>, max: number): void {
  if (keys.size <= max) return;
  const [oldest] = keys.keys();
  if (oldest !== undefined) keys.delete(oldest);
}
