/** The connections of a server, as far as it counts and ends them. */

/** The part of a connection that the service calls. */
export interface ServedConnection {
  drain(): void;
  abort(): void;
}

/** The set of the connections of a server. */
export interface ConnectionRegistry {
  remove(connection: ServedConnection): void;
}
