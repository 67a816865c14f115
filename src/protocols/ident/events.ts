/** Queries and answers of ident, as values. */

/** The ports of a connection between the two machines (RFC 1413 section 4), as the server's machine sees it. */
export interface IdentQuery {
  /** The port on the machine of the ident server: 1 to 65,535. */
  readonly localPort: number;
  /** The port on the machine of the ident client: 1 to 65,535. */
  readonly remotePort: number;
}

/** The owner of a connection. */
export interface IdentUser {
  /** At most 512 bytes. */
  readonly userId: string;
  /** `UNIX` if `userId` is a user name of the machine, `OTHER` if it is something else; other names are those of RFC 1340. Default `UNIX`. */
  readonly system?: string;
}

/** The reasons of RFC 1413 section 6. Names that begin with `X` are private ones, of up to 64 characters. */
export type IdentProblem =
  | 'INVALID-PORT'
  | 'NO-USER'
  | 'HIDDEN-USER'
  | 'UNKNOWN-ERROR'
  | `X${string}`;

/** `HIDDEN-USER`: the connection has an owner who does not want to be known. `NO-USER`: there is no such connection. */
export interface IdentRefusal {
  readonly problem: IdentProblem;
}

export type IdentAnswer = IdentUser | IdentRefusal;

/** The longest line, its CRLF excluded: that of RFC 1413 section 4. */
export const MAX_LINE_BYTES = 1_000;
/** RFC 1413 section 5. */
export const MAX_USER_ID_BYTES = 512;
export const MAX_PORT = 65_535;
