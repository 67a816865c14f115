/** Queries of finger, as values. */

/** A query (RFC 1288 section 2.3). */
export interface FingerQuery {
  /** Undefined asks for a list of the users. */
  readonly user: string | undefined;
  /** Whether the client asks for more details, with `/W`. */
  readonly verbose: boolean;
  /** The hosts behind the user's name, in the order of the query: the server asks the last one for the rest. Usually empty. */
  readonly hosts: readonly string[];
}

/** The longest query in bytes, its CRLF excluded, that servers read by default and clients send. RFC 1288 has no limit. */
export const DEFAULT_MAX_QUERY_BYTES = 512;
