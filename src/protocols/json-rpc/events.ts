/** The messages of JSON-RPC 2.0. */

/** Text, or a whole number of at most 2^53 - 1. */
export type JSONRPCId = string | number;

/** Positional parameters, or named ones. */
export type JSONRPCParams = readonly unknown[] | Readonly<Record<string, unknown>>;

export interface JSONRPCRequest {
  readonly type: 'request';
  readonly id: JSONRPCId;
  readonly method: string;
  /** Undefined if there are none. */
  readonly params: JSONRPCParams | undefined;
}

/** A request that is not answered. */
export interface JSONRPCNotification {
  readonly type: 'notification';
  readonly method: string;
  readonly params: JSONRPCParams | undefined;
}

export interface JSONRPCResult {
  readonly type: 'result';
  readonly id: JSONRPCId;
  readonly result: unknown;
}

/** The error of a call. */
export interface JSONRPCErrorObject {
  readonly code: number;
  readonly message: string;
  /** Undefined if there is none. */
  readonly data?: unknown;
}

export interface JSONRPCErrorAnswer {
  readonly type: 'error';
  /** Null if the peer could not read the id of the request. */
  readonly id: JSONRPCId | null;
  readonly error: JSONRPCErrorObject;
}

/** A member of a batch, or a message, that is none of the others. */
export interface JSONRPCInvalid {
  readonly type: 'invalid';
  /** The id, if it is one. */
  readonly id: JSONRPCId | null;
  readonly problem: string;
}

export type JSONRPCMessage =
  | JSONRPCRequest
  | JSONRPCNotification
  | JSONRPCResult
  | JSONRPCErrorAnswer
  | JSONRPCInvalid;

/** A text of JSON-RPC: one message, or a batch of at least one. */
export interface JSONRPCText {
  readonly isBatch: boolean;
  readonly messages: readonly JSONRPCMessage[];
}
