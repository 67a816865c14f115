/** Ends a connection after a fixed time, regardless of activity. */
import { ConnectionTimeout } from './connection-timeout.js';

/**
 * A timeout that activity does not postpone: for a handshake, a request's head or a whole session. It also ends connections
 * of peers that send a byte now and then to stay connected ("slowloris").
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
