// What a server of the comparison is: the programs that it runs, and the scenarios in which it takes part.

/**
 * What a server does with its input. `idle` is echo for connections that mostly rest. For datagrams, `sink`
 * answers each 64th, and `source` answers each with 64 copies. `broadcast` sends a WebSocket message to all
 * connections, `file` serves the files of a folder. Of HTTP clients, `get` takes the content as a whole, `download` in pieces.
 */
export type Mode =
  | 'echo'
  | 'lines'
  | 'short-lines'
  | 'idle'
  | 'sink'
  | 'source'
  | 'broadcast'
  | 'file'
  | 'get'
  | 'download';

/**
 * The kind of server that a scenario needs; `proxy` passes on to another server, `workers` serve TCP by
 * several threads or processes. `agent` is an HTTP client, which obeys orders (bench/native/order_load.h).
 */
export type Service =
  | 'tcp'
  | 'tls'
  | 'unix'
  | 'udp'
  | 'proxy'
  | 'socks'
  | 'http'
  | 'http2'
  | 'http-proxy'
  | 'agent'
  | 'express'
  | 'fastify'
  | 'ws'
  | 'workers';

export type Command = readonly string[];

export interface Contender {
  readonly name: string;
  /** Its name in reports. */
  readonly title: string;
  /** The program and its own arguments, for each kind of server; `--mode` and `--port`, or `--path`
   * of a UNIX socket, are added. */
  readonly serves: { readonly [service in Service]?: Command };
  /** Prints its version. */
  readonly versionCommand: Command;
  /** The scenarios in which it takes part; undefined: all of its services except `except` and `hold`. */
  readonly scenarios?: readonly string[];
  /** Scenarios of its services in which it does not take part. */
  readonly except?: readonly string[];
  /** It is written in C++: there is no garbage. */
  readonly withoutGarbage?: true;
  /** In scenarios of idle connections it serves TCP, as a reference, in place of the scenario's protocol. */
  readonly bare?: true;
  /** A run continues without it, and reports why, if it can't be started; any other contender fails the run. */
  readonly optional?: true;
  /** Part of a quick run. */
  readonly quick: boolean;
}
