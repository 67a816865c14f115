/** One connection of the facade's server: the engine's, with a socket for the program. */
import type { Clock } from '../core/clock.js';
import { ConnectionDone } from '../core/errors/connection.js';
import type { Transport } from '../core/transport.js';
import type { HTTPTimeoutError } from '../http/errors.js';
import { HTTPConnection } from '../http/http-connection.js';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPService } from '../http/http-service.js';
import type { UpgradedProtocol } from '../http/upgraded-protocol.js';
import type { HTTPMessageError } from '../protocols/http/errors.js';
import {
  answerTo,
  type CodedError,
  clientError,
  connectionReset,
  requestTimeout,
} from './node-errors.js';
import { Socket, type SocketOwner } from './socket.js';

/** A response, which keeps what the program writes until the turn ends. */
interface HeldResponse {
  release(): void;
  drop(): void;
}

/** The connections of a server. */
export interface ConnectionServer {
  readonly clock: Clock;
  /** Milliseconds; 0: none. */
  readonly timeout: number;
  /** @returns Whether the connection is accepted. */
  accepted(connection: Connection): boolean;
  closed(connection: Connection): void;
  /** @returns Whether a listener has taken care of the socket. */
  clientError(error: CodedError, socket: Socket): boolean;
  /** A request or connection has timed out. @returns Whether there was a listener. */
  timedOut(connection: Connection, socket: Socket): boolean;
}

export class Connection extends HTTPConnection implements SocketOwner {
  /** Requests that have begun. */
  requestCount = 0;
  isSwitched = false;
  /** Whether the program has closed the connection: whatever it writes from now on is dropped. */
  isCut = false;
  private requestSince = 0;
  private readonly server: ConnectionServer;
  private readonly program: unknown;
  private currentSocket: Socket | undefined = undefined;

  /** @param program The server that programs see as `socket.server`. */
  constructor(service: HTTPService, server: ConnectionServer, program: unknown) {
    super(service);
    this.server = server;
    this.program = program;
  }

  get clock(): Clock {
    return this.server.clock;
  }

  get lingerMs(): number {
    return this.service.settings.writeTimeoutMs;
  }

  get socket(): Socket {
    this.currentSocket ??= new Socket(this, this.program);
    return this.currentSocket;
  }

  /** Whether no request is in progress. */
  get isIdle(): boolean {
    return this.response === undefined && !this.isSwitched;
  }

  override makeConnection(transport: Transport): void {
    super.makeConnection(transport);
    if (!this.server.accepted(this)) {
      this.close();
      return;
    }
    if (this.server.timeout > 0) this.socket.setTimeout(this.server.timeout);
  }

  override dataReceived(data: Buffer): unknown {
    if (this.currentSocket !== undefined) Socket.touch(this.currentSocket);
    return super.dataReceived(data);
  }

  override connectionLost(reason: Error): unknown {
    const result = super.connectionLost(reason);
    this.ended(reason);
    return result;
  }

  override write(data: string | Uint8Array): void {
    if (!this.isCut) super.write(data);
  }

  writeBetween(data: Uint8Array): void {
    this.exchange?.release();
    this.write(data);
  }

  closeConnection(dropsTurn = false): void {
    const transport = this.transport;
    if (transport === undefined || transport.disconnecting) return;
    if (dropsTurn) this.exchange?.drop();
    else this.exchange?.release();
    this.isCut = true;
    if (this.isSwitched) transport.loseConnection();
    else if (this.isIdle) this.close();
    else this.closeEarly();
  }

  override drain(): void {
    if (this.isIdle) super.drain();
  }

  timedOut(): void {
    const socket = this.socket;
    if (!this.server.timedOut(this, socket)) socket.destroy();
  }

  /** The content of a request is awaited from now on. */
  contentBegins(): void {
    this.requestSince = this.clock.now();
  }

  /** Refuses a request of which content is still awaited after this time in milliseconds. */
  checkRequest(maxMs: number): void {
    const { request } = this.response ?? {};
    if (request === undefined || request.isComplete || !request.hasContent) return;
    if (this.clock.now() - this.requestSince >= maxMs) this.refuseWith(requestTimeout());
  }

  /**
   * Gives the connection to the program, which answers itself.
   * @returns The bytes received behind the request.
   */
  give(request: HTTPRequest): Buffer {
    const { socket } = this;
    const protocol: UpgradedProtocol = {
      makeConnection: (transport) => {
        this.transport = transport;
      },
      dataReceived: (data) => Socket.received(socket, data),
      readConnectionLost: () => Socket.inputEnded(socket),
      connectionLost: (reason) => this.ended(reason),
    };
    this.isSwitched = true;
    try {
      return this.takeOver(request, protocol);
    } catch (error) {
      this.isSwitched = false;
      throw error;
    }
  }

  protected override refuse(error: HTTPMessageError | HTTPTimeoutError): void {
    this.refuseWith(clientError(error));
  }

  /** As `node:http`: a listener of `clientError` answers and closes, otherwise the server does. */
  private refuseWith(error: CodedError): void {
    const { response, socket } = this;
    const mayAnswer = response === undefined || !response.headSent;
    this.stopParsing();
    if (this.server.clientError(error, socket)) {
      response?.lose(error);
      return;
    }
    if (mayAnswer) this.write(answerTo(error));
    this.response = undefined;
    response?.lose(error);
    socket.destroy();
    this.closeEarly();
  }

  /** The factory makes no other responses. */
  private get exchange(): HeldResponse | undefined {
    return this.response as HeldResponse | undefined;
  }

  private ended(reason: Error): void {
    const socket = this.currentSocket;
    const isClean = reason instanceof ConnectionDone;
    this.server.closed(this);
    if (socket !== undefined) {
      Socket.connectionLost(socket, isClean ? undefined : connectionReset(reason));
    }
    this.transport = undefined;
  }
}
