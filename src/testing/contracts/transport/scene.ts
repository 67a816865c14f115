/** The stage of one case of the transport contract: two recording protocols on connected transports. */
import assert from 'node:assert/strict';

import type { StreamProtocol } from '../../../core/stream-protocol.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../../../core/transport.js';
import { checkBoolean, checkInteger } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import { captureLoggedErrors, type LoggedErrorCapture } from '../../logged-errors.js';
import type { ContractCase, ContractStage } from '../contract-case.js';
import {
  HalfCloseRecordingProtocol,
  type RecordingHooks,
  RecordingProtocol,
} from './recording-protocol.js';

/**
 * Connects two protocols: has given, or will give, each a transport by `makeConnection`. Each receives the other's
 * output. Errors of application code go to the default place, the diagnostics channel `ropewalk.error`.
 */
export type MakePair = (
  client: StreamProtocol,
  server: StreamProtocol,
) => ContractStage | PromiseLike<ContractStage>;

/** See {@link TransportContractOptions.halfClose}. */
export type HalfClose = boolean | 'closes';

export interface TransportContractOptions {
  /**
   * More bytes than the path between the transports holds while the receiver is paused, the systems' buffers included.
   * 65,537 to 2^30, default 48,000,000: enough for TCP on Linux (`net.ipv4.tcp_rmem`, `tcp_wmem`).
   */
  readonly overflowBytes?: number;
  /** Whether the peer of an aborted connection notices: over UNIX sockets it sees a clean end. Default true. */
  readonly resets?: boolean;
  /**
   * Whether a direction can end alone. Default true. With false, `loseWriteConnection` has to throw an UnsupportedError, as over
   * Windows' named pipes; with `closes` it is `loseConnection`, and the end of the peer's data ends the connection, as over TLS.
   */
  readonly halfClose?: HalfClose;
  /**
   * Whether lent bytes are overwritten when `dataReceived` returns: on memory and simulated transports, and on those of reactors
   * made with `poisonLentBytes`. Default false: that is not checked.
   */
  readonly poisonsLentBytes?: boolean;
}

export const DEFAULT_OVERFLOW_BYTES = 48_000_000;

/** It is one buffer in memory. */
const MAX_OVERFLOW_BYTES = 2 ** 30;

const OPTIONS: OptionNames<TransportContractOptions> = {
  overflowBytes: true,
  resets: true,
  halfClose: true,
  poisonsLentBytes: true,
};

type Hooks = RecordingHooks<RecordingProtocol>;

export interface SceneOptions {
  readonly client?: Hooks;
  readonly server?: Hooks;
  /** Which ends lack the methods of half-close. Default: none. */
  readonly plain?: 'client' | 'server' | 'both';
  /** Which ends accept lent bytes. Default: none. */
  readonly lent?: 'client' | 'server' | 'both';
}

/** Two ends, `client` being the one that most cases look at. */
export class TransportScene {
  readonly client: RecordingProtocol;
  readonly server: RecordingProtocol;
  readonly overflowBytes: number;
  readonly resets: boolean;
  readonly halfClose: HalfClose;
  readonly #stage: ContractStage;
  readonly #errors: LoggedErrorCapture;

  constructor(
    ends: readonly [RecordingProtocol, RecordingProtocol],
    stage: ContractStage,
    errors: LoggedErrorCapture,
    { overflowBytes, resets, halfClose }: Required<TransportContractOptions>,
  ) {
    [this.client, this.server] = ends;
    this.#stage = stage;
    this.#errors = errors;
    this.overflowBytes = overflowBytes;
    this.resets = resets;
    this.halfClose = halfClose;
  }

  /** The client's transport. */
  get transport(): Transport {
    return this.client.transport;
  }

  /** Ends the server's output: only that direction, if possible. */
  endServer(): void {
    this.server.call(this.halfClose === true ? 'loseWriteConnection' : 'loseConnection');
  }

  /** Ends the client's connection in a way that also ends half-closable protocols. */
  breakConnection(): void {
    (this.resets ? this.server : this.client).call('abortConnection');
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    try {
      await this.#stage.until(condition, what);
    } catch (cause) {
      const soFar = `client: ${soFarOf(this.client)}; server: ${soFarOf(this.server)}`;
      throw new Error(`${(cause as Error).message} (${soFar})`, { cause });
    }
  }

  settle(): Promise<void> {
    return this.#stage.settle();
  }

  /**
   * Settles with all that `end` received once that is `bytes` or more. The stage's deadline applies to each wait for
   * more: a slow machine may take long for all of it, but is never silent.
   */
  async received(end: RecordingProtocol, bytes: number): Promise<Buffer> {
    const name = end === this.client ? 'client' : 'server';
    while (end.receivedBytes < bytes) {
      const before = end.receivedBytes;
      await this.until(() => end.receivedBytes > before, `${bytes} bytes at the ${name}`);
    }
    return end.received;
  }

  /** Settles with the reason of the end. */
  async lost(end: RecordingProtocol): Promise<Error> {
    const name = end === this.client ? 'client' : 'server';
    await this.until(() => end.reason !== undefined, `connectionLost at the ${name}`);
    return end.reason as Error;
  }

  /** Settles once `end` is notified of the end of the other's data, or of the connection. */
  async ended(end: RecordingProtocol): Promise<void> {
    await this.until(() => end.ended, 'the end of what is received');
  }

  /** The errors reported so far, which no longer count. A case fails on errors that it has not taken. */
  takeErrors(): unknown[] {
    return this.#errors.flush().map(({ error }) => error);
  }
}

/** Makes the cases of the transport contract from their names and bodies. */
export class TransportCases {
  readonly cases: ContractCase[] = [];
  readonly #makePair: MakePair;
  readonly #options: Required<TransportContractOptions>;

  constructor(makePair: MakePair, options: TransportContractOptions) {
    checkOptions('transportContract', options, OPTIONS);
    this.#makePair = makePair;
    const {
      overflowBytes = DEFAULT_OVERFLOW_BYTES,
      resets = true,
      halfClose = true,
      poisonsLentBytes = false,
    } = options;
    checkInteger('overflowBytes', overflowBytes, HIGH_WATER_MARK_BYTES + 1, MAX_OVERFLOW_BYTES);
    checkBoolean('resets', resets);
    if (halfClose !== 'closes') checkBoolean('halfClose', halfClose);
    checkBoolean('poisonsLentBytes', poisonsLentBytes);
    this.#options = { overflowBytes, resets, halfClose, poisonsLentBytes };
  }

  get resets(): boolean {
    return this.#options.resets;
  }

  get halfClose(): HalfClose {
    return this.#options.halfClose;
  }

  get poisonsLentBytes(): boolean {
    return this.#options.poisonsLentBytes;
  }

  add(name: string, body: (scene: TransportScene) => Promise<void>, options?: SceneOptions): void {
    this.cases.push({ name, run: () => this.#run(body, options) });
  }

  async #run(
    body: (scene: TransportScene) => Promise<void>,
    options: SceneOptions = {},
  ): Promise<void> {
    const ends = [endOf('client', options), endOf('server', options)] as const;
    const errors = captureLoggedErrors();
    try {
      const stage = await this.#makePair(...ends);
      try {
        await stage.until(() => connected(ends), 'connectionMade at both ends');
        await body(new TransportScene(ends, stage, errors, this.#options));
        checkRules(ends, errors);
      } finally {
        // Disposal would wait for unsent bytes and producers.
        for (const { opened, transport } of ends) if (opened) transport.abortConnection();
        await stage.dispose();
      }
      checkRules(ends, errors);
    } finally {
      errors[Symbol.dispose]();
    }
  }
}

function endOf(which: 'client' | 'server', options: SceneOptions): RecordingProtocol {
  const { plain, lent } = options;
  const isPlain = plain === which || plain === 'both';
  const end = new (isPlain ? RecordingProtocol : HalfCloseRecordingProtocol)({ ...options[which] });
  end.acceptsLentBytes = lent === which || lent === 'both';
  return end;
}

/** If one end is aborted in its connectionMade, the other may never be connected. */
function connected(ends: readonly RecordingProtocol[]): boolean {
  return ends.every(({ opened }) => opened) || ends.some(({ reason }) => reason !== undefined);
}

function soFarOf({ log, receivedBytes }: RecordingProtocol): string {
  return `${log}, ${receivedBytes} bytes`;
}

/** The rules that hold in every case. */
function checkRules(ends: readonly RecordingProtocol[], errors: LoggedErrorCapture): void {
  assert.deepEqual(
    ends.flatMap(({ violations }) => violations),
    [],
    'rules of callbacks are kept',
  );
  assert.deepEqual(errors.flush(), [], 'no error is reported that the case did not expect');
}
