/** A socket that accepts connections. */
import type { Deferred } from '../defer/deferred.js';
import type { Address } from './address.js';

export interface ListeningPort extends AsyncDisposable {
  readonly listening: boolean;
  /** The address listened on, with the port that the system chose where 0 was asked for. */
  getHost(): Address;
  /**
   * Listens again after `stopListening`, where the same port is asked for as the first time.
   * @throws CannotListenError
   */
  startListening(): void;
  /**
   * Accepts no more. Connections made before live on. The answer comes in a later turn, after the factory's `doStop`;
   * on a port that does not listen it comes as well.
   */
  stopListening(): Deferred<void>;
}
