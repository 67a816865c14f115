// The harness's side of bench/native/load_client.cc: starts it and speaks its line protocol.

import { Child } from './children.js';
import { nativeTool } from './native-tools.js';

/** The figures of one slice of load. Instruction counts are null where the machine has no counters. */
export interface Figures {
  readonly messages: number;
  readonly elapsedNs: number;
  /** For turns, `elapsedNs` plus the time during which no core was free; otherwise the same. */
  readonly wallNs: number;
  /** CPU time of all threads of the server. */
  readonly cpuNs: number;
  readonly cpuUsPerMessage: number | null;
  readonly userInstructionsPerMessage: number | null;
  readonly kernelInstructionsPerMessage: number | null;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  /** The sum of different, missing and surplus bytes, warm-up included. */
  readonly wrongBytes: number;
  readonly differentBytes: number;
  readonly missingBytes: number;
  readonly surplusBytes: number;
  readonly lostConnections: number;
  /** Exchanges of datagrams sent again after 50 ms, and how many of these were late rather than lost. */
  readonly resent: number;
  readonly late: number;
}

/** Where a server listens: a port of 127.0.0.1, or a UNIX socket. */
export type Where = { readonly port: number } | { readonly path: string };

/**
 * `turns` is for streams: the client and the server work in turns (bench/native/turn_load.h). `broadcast` is for
 * WebSocket: connection 0 sends, and all receive (bench/native/broadcast_load.h). `orders` is for HTTP clients, which make so many
 * requests at a time as there are connections (bench/native/order_load.h).
 */
export type Load = 'stream' | 'datagrams' | 'turns' | 'broadcast' | 'orders';

/** The data frames of WebSocket messages. */
export type FrameKind = 'text' | 'binary';

/** The handshakes of secured streams. */
export type Security = 'full' | 'resumed';

/** The content of messages: bytes, lines of 64 bytes, or lines of three. */
export type Shape = 'bytes' | 'lines' | 'short-lines';

interface ServerCommand {
  readonly where: Where;
  /** The server whose CPU time is read, with that of the processes that it has started. */
  readonly pid: number;
  /** Length of a message; a multiple of the length of its lines. */
  readonly bytes: number;
  /** Default `stream`. */
  readonly load?: Load;
  /** Secures streams, by a whole handshake each or by resuming a session; default: in clear. */
  readonly tls?: Security;
}

export interface OpenCommand extends ServerCommand {
  readonly conns: number;
  readonly shape?: Shape;
  /** HTTP: so many of these requests are a message, and the content of each answer has to be `content`. */
  readonly request?: string;
  readonly pipelined?: number;
  readonly content?: string;
  /** HTTP/2 with prior knowledge: so many requests, on streams of one connection, are a message, and the content of each answer is `content`. */
  readonly http2?: number;
  /** In place of `content`: the path of a file that has it. */
  readonly contentFile?: string;
  /** The server is a SOCKS proxy, which is to connect to this port of 127.0.0.1. */
  readonly behindSocks?: number;
  /** WebSocket: each message is one frame of this kind. */
  readonly websocket?: FrameKind;
  /** Datagrams of one exchange, to the server and back; default 1. */
  readonly out?: number;
  readonly back?: number;
  /** How long the client waits for an answer before it counts it as missing; default 5. */
  readonly stallSeconds?: number;
}

export interface MeasureCommand {
  readonly seconds: number;
  readonly warmup: number;
}

export interface ChurnCommand extends ServerCommand, MeasureCommand {
  readonly concurrency: number;
}

const DEADLINE_MS = 60_000;

/** A client process. It sleeps between commands and uses all of its core during one. */
export class LoadClient {
  /** Empty where instructions can be counted. */
  readonly whyNoInstructions: string;
  readonly #child: Child;

  private constructor(child: Child, whyNoInstructions: string) {
    this.#child = child;
    this.whyNoInstructions = whyNoInstructions;
  }

  /** Starts it on `core`; undefined: any core. */
  static async start(core: number | undefined): Promise<LoadClient> {
    const pin = core === undefined ? [] : ['--core', String(core)];
    const child = await Child.start('load client', [nativeTool('load_client'), ...pin]);
    const ready = parse(await child.nextLine(DEADLINE_MS));
    return new LoadClient(child, String(ready.whyNoInstructions ?? ''));
  }

  /**
   * Listens for connections of a proxy; returns the port. Each message of `bytes` is sent back, or the file is the answer to each HTTP
   * request.
   */
  async serve(bytes: number, contentFile?: string): Promise<number> {
    const file = contentFile === undefined ? {} : { contentFile };
    return Number((await this.#ask({ cmd: 'serve', bytes, ...file })).port);
  }

  async open({ where, ...command }: OpenCommand): Promise<void> {
    await this.#ask({ cmd: 'open', ...where, ...command });
  }

  /** One message there and back on every open connection. */
  async touch(): Promise<Figures> {
    return (await this.#ask({ cmd: 'touch' })) as unknown as Figures;
  }

  /** Traffic on all open connections. */
  async measure(command: MeasureCommand): Promise<Figures> {
    return (await this.#ask({ cmd: 'measure', ...command })) as unknown as Figures;
  }

  /** Connect, echo, close, over and over. */
  async churn({ where, ...command }: ChurnCommand): Promise<Figures> {
    return (await this.#ask({ cmd: 'churn', ...where, ...command })) as unknown as Figures;
  }

  async close(): Promise<void> {
    await this.#ask({ cmd: 'close' });
  }

  async end(): Promise<void> {
    await this.#child.end();
  }

  async #ask(command: object): Promise<Record<string, unknown>> {
    this.#child.writeLine(JSON.stringify(command));
    return parse(await this.#child.nextLine(DEADLINE_MS));
  }
}

function parse(line: string): Record<string, unknown> {
  const answer = JSON.parse(line) as Record<string, unknown>;
  if (typeof answer.error === 'string') throw new Error(`load client: ${answer.error}`);
  return answer;
}
