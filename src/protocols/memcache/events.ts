/** The parts of a memcache server's answers, the answers, and the commands that they belong to. */

/** A stored value. */
export interface MemcacheValue {
  readonly key: string;
  /** In memory of its own, which the receiver may keep and change. */
  readonly value: Buffer;
  /** 32 bits that belong to the application, stored with the value. */
  readonly flags: number;
  /** The version of the value, an opaque number, if it was requested. */
  readonly cas: string | undefined;
}

/** The answers that are one word. */
export type MemcacheStatus =
  | 'STORED'
  | 'NOT_STORED'
  | 'EXISTS'
  | 'NOT_FOUND'
  | 'DELETED'
  | 'TOUCHED'
  | 'OK'
  | 'RESET';

/** The words of meta answers: done, value, miss, not found, not stored, exists, and the end of `mn`. */
export type MemcacheMetaStatus = 'HD' | 'VA' | 'EN' | 'NF' | 'NS' | 'EX' | 'MN';

/** The answer to a meta command. */
export interface MemcacheMetaReply {
  readonly type: 'meta';
  readonly status: MemcacheMetaStatus;
  /** Returned flags by letter, without it: `f30 c7` gives f: `30`, c: `7`. A flag without a token gives an empty text. */
  readonly flags: ReadonlyMap<string, string>;
  /** Of the status `VA`. */
  readonly value: Buffer | undefined;
}

/** `ERROR`, `CLIENT_ERROR text`, `SERVER_ERROR text`. */
export interface MemcacheErrorReply {
  readonly type: 'error';
  readonly kind: 'ERROR' | 'CLIENT_ERROR' | 'SERVER_ERROR';
  readonly text: string;
}

/** One line of an answer, with the value that follows it. */
export type MemcachePart =
  | ({ readonly type: 'value' } & MemcacheValue)
  | { readonly type: 'end' }
  | { readonly type: 'status'; readonly status: MemcacheStatus }
  | { readonly type: 'number'; readonly value: bigint }
  | { readonly type: 'stat'; readonly name: string; readonly value: string }
  | { readonly type: 'version'; readonly version: string }
  | MemcacheMetaReply
  | { readonly type: 'debug'; readonly fields: ReadonlyMap<string, string> }
  | MemcacheErrorReply;

/** A whole answer. */
export type MemcacheReply =
  | { readonly type: 'values'; readonly values: ReadonlyMap<string, MemcacheValue> }
  | { readonly type: 'stats'; readonly stats: ReadonlyMap<string, string> }
  | Exclude<MemcachePart, { readonly type: 'value' | 'stat' | 'end' }>;

/** The shape of the answer that a command has. */
export type MemcacheReplyKind =
  | 'values'
  | 'storage'
  | 'delete'
  | 'number'
  | 'touch'
  | 'ok'
  | 'stats'
  | 'version'
  | 'meta'
  | 'noop'
  | 'debug';

/** A checked command, made by the functions of this package. */
export interface MemcacheRequest {
  /** The name of the command, such as `get`. */
  readonly command: string;
  /** The keys, as the server returns them. */
  readonly keys: readonly string[];
  /** The key that selects the server, before base64; undefined for commands without keys. */
  readonly hashed: string | Uint8Array | undefined;
  /** The line, with CRLF. */
  readonly line: string;
  /** The bytes behind the line, without CRLF. */
  readonly data: Uint8Array | undefined;
  readonly reply: MemcacheReplyKind;
  /** The token of the meta flag `O`, which the answer must repeat. */
  readonly opaque: string | undefined;
}
