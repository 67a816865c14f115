/** Ends a connection when its time is over, whatever happens on it. */
import { ConnectionTimeout } from './connection-timeout.js';

/**
 * A timeout that activity does not put off: for a handshake, a request's head or a whole session. A peer that sends a
 * byte now and then to stay connected ("slowloris") does not pass it.
 *
 * @example
 * class Login extends Protocol {
 *   #deadline!: Deadline;
 *   override connectionMade(): void {
 *     this.#deadline = new Deadline(timeouts, this.transport);
 *     this.#deadline.set(10_000);
 *   }
 *   loggedIn(): void {
 *     this.#deadline.set(null);
 *   }
 *   override connectionLost(): void {
 *     this.#deadline.set(null);
 *   }
 * }
 */
export class Deadline extends ConnectionTimeout {}
