// The types of a scenario: the work of the client, the compared figures and their unit.

import type { Mode, Service } from './contender.js';
import type { FrameKind, Security } from './load-client.js';

interface Described {
  readonly name: string;
  readonly title: string;
  /** The name of the cost of one unit, for column heads: `CPU us per message`. */
  readonly costLabel: string;
  /** The kind of server it needs. */
  readonly service: Service;
  /** Part of a quick run in which no scenario is named. */
  readonly quick: boolean;
  /** Connections held or, for churn, under way at once; peers of datagrams. */
  readonly connections: number;
  /** Bytes of one message. */
  readonly bytes: number;
  /** Undefined: in clear. */
  readonly tls?: Security;
}

/** Request and response on connections that stay open; the cost is CPU time or median latency. */
export interface EchoScenario extends Described {
  readonly kind: 'echo';
  readonly mode: Extract<Mode, 'echo' | 'lines' | 'short-lines'>;
  readonly cost: 'cpu' | 'p50';
  /** Units of cost in a message, and nanoseconds in place of microseconds; undefined where it is the message. */
  readonly linesPerMessage?: number;
}

/** HTTP/1.1 on connections that stay open. */
export interface HTTPScenario extends Described {
  readonly kind: 'http';
  readonly request: string;
  /** Of each answer. */
  readonly content: string;
  /** Requests in one message, each answered. */
  readonly pipelined: number;
}

/** HTTP/2 on connections that stay open, so many requests at a time on each; the cost is that of such a message. */
export interface HTTP2Scenario extends Described {
  readonly kind: 'http2';
  /** Of each answer. */
  readonly content: string;
  readonly streams: number;
}

/** A static file on connections that stay open; `bytes` is its size. */
export interface FileScenario extends Described {
  readonly kind: 'file';
  readonly mode: 'file';
  readonly request: string;
}

/** Requests of an HTTP client, so many at a time as there are connections; `bytes` is the content of each response. The cost is CPU time. */
export interface OrderScenario extends Described {
  readonly kind: 'orders';
  readonly mode: Extract<Mode, 'get' | 'download'>;
}

/** WebSocket messages: back to their sender, or one at a time to all connections. The cost is CPU time. */
export interface WebSocketScenario extends Described {
  readonly kind: 'websocket';
  readonly mode: Extract<Mode, 'echo' | 'broadcast'>;
  readonly frames: FrameKind;
}

/** Connect, one message, close. */
export interface ChurnScenario extends Described {
  readonly kind: 'churn';
}

/** Exchanges of datagrams: `out` to the server, `back` from it. The cost is CPU time. */
export interface DatagramScenario extends Described {
  readonly kind: 'datagrams';
  readonly mode: Extract<Mode, 'echo' | 'sink' | 'source'>;
  readonly out: number;
  readonly back: number;
}

/** Servers of one and of two workers; client and server take turns. The cost is time. */
export interface WorkersScenario extends Described {
  readonly kind: 'workers';
  readonly act: 'echo' | 'churn';
}

/** Memory of connections that rest; each repeat is a fresh process. */
export interface IdleScenario extends Described {
  readonly kind: 'idle';
  readonly repeats: number;
  readonly settleSeconds: number;
  /**
   * Further connections, open and used before the first reading: memory that a process of many connections needs only once, such as
   * compiled code, is not counted as that of connections.
   */
  readonly earlierConnections: number;
  /** How long the connections rest before the last readings: V8 may collect garbage some 10 to 25 seconds after the last work. */
  readonly restSeconds: number;
  /** HTTP: the message, which HTTP/2 has none of, and the content of its answer. */
  readonly request?: string;
  readonly content?: string;
}

/** Many connections in one process with traffic on all of them. */
export interface HoldScenario extends Described {
  readonly kind: 'hold';
  readonly trafficSeconds: number;
  readonly settleSeconds: number;
}

export type SlicedScenario =
  | EchoScenario
  | HTTPScenario
  | HTTP2Scenario
  | FileScenario
  | OrderScenario
  | WebSocketScenario
  | ChurnScenario
  | DatagramScenario
  | WorkersScenario;
export type Scenario = SlicedScenario | IdleScenario | HoldScenario;
