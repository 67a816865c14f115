/**
 * The states of both roles, sans-I/O: bytes in, events out; answers in, bytes out.
 *
 *     proxy    opening -5-> selecting -> [password -> authenticating ->] request -> answering -> established
 *                     \-4-----------------------------------------------------------^    \-bind-> bound -^
 *     client   opening -> [method -> [status ->]] reply -> [second reply, for bind ->] established
 *
 * Bytes behind the last message belong to the relayed connection: `takeRest`.
 */
import type { HostPort } from '../../core/address.js';
import { ByteQueue } from '../../framing/byte-queue.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { InvalidSocksMessageError, SocksSequenceError } from './errors.js';
import {
  NO_ACCEPTABLE_METHOD,
  NO_AUTHENTICATION,
  type SocksClientEvent,
  type SocksCommand,
  type SocksReply,
  type SocksRequest,
  type SocksServerEvent,
  type SocksVersion,
  USERNAME_PASSWORD,
} from './events.js';
import {
  MAX_MESSAGE_BYTES,
  type Read,
  type ReadReply,
  readGreeting,
  readMethod,
  readPassword,
  readReply,
  readReply4,
  readRequest,
  readRequest4,
  readStatus,
  readVersion,
} from './parser.js';
import {
  greetingBytes,
  methodBytes,
  passwordBytes,
  reply4Bytes,
  replyBytes,
  request4Bytes,
  requestBytes,
  statusBytes,
} from './serializer.js';

const NO_ADDRESS: HostPort = { host: '0.0.0.0', port: 0 };

/** The received bytes. After an invalid message every read throws the same error. */
class Messages {
  readonly #queue = new ByteQueue();
  #error: unknown;

  receive(chunk: Buffer): void {
    this.#queue.push(chunk);
  }

  get bufferedBytes(): number {
    return this.#queue.length;
  }

  read<T>(parse: (bytes: Buffer) => Read<T> | undefined): T | undefined {
    if (this.#error !== undefined) throw this.#error;
    const queue = this.#queue;
    const { length } = queue;
    if (length === 0) return undefined;
    const seen = Math.min(length, MAX_MESSAGE_BYTES);
    const bytes = Buffer.allocUnsafe(seen);
    for (let i = 0; i < seen; i++) bytes[i] = queue.byteAt(i);
    try {
      const found = parse(bytes);
      if (found !== undefined && found.end > 0) queue.cut(0, 0, found.end);
      return found?.value;
    } catch (error) {
      this.#error = error;
      throw error;
    }
  }

  keep(): void {
    this.#queue.keep();
  }

  takeRest(): Buffer {
    return this.#queue.takeRest();
  }
}

type ServerState =
  | 'opening'
  | 'selecting'
  | 'password'
  | 'authenticating'
  | 'request'
  | 'answering'
  | 'bound'
  | 'established'
  | 'refused';

/** A proxy's side of one connection. */
export class SocksServerConnection {
  readonly #messages = new Messages();
  #state: ServerState = 'opening';
  #request: SocksRequest | undefined;

  get state(): ServerState {
    return this.#state;
  }

  /** Bytes behind the messages that were returned. */
  get bufferedBytes(): number {
    return this.#messages.bufferedBytes;
  }

  /** Takes a chunk, which may be lent: call {@link next} before it is overwritten. */
  receive(chunk: Buffer): void {
    this.#messages.receive(chunk);
  }

  /**
   * The next event. Undefined if bytes are missing or the last event has no answer yet.
   * @throws InvalidSocksMessageError and again the same: send {@link refusal}, if there is one, and close the connection.
   */
  next(): SocksServerEvent | undefined {
    const event = this.#next();
    if (event === undefined) this.#messages.keep();
    return event;
  }

  /**
   * @param method One of those offered; undefined refuses the client.
   * @returns The bytes to send, as for all answers.
   * @throws SocksSequenceError
   */
  selectMethod(method: typeof NO_AUTHENTICATION | typeof USERNAME_PASSWORD | undefined): Buffer {
    this.#expect('selectMethod', 'selecting');
    if (method === undefined) this.#state = 'refused';
    else this.#state = method === USERNAME_PASSWORD ? 'password' : 'request';
    return methodBytes(method ?? NO_ACCEPTABLE_METHOD);
  }

  /** @throws SocksSequenceError */
  authenticated(accepted: boolean): Buffer {
    this.#expect('authenticated', 'authenticating');
    this.#state = accepted ? 'request' : 'refused';
    return statusBytes(accepted);
  }

  /**
   * @param bound The address of the proxy's socket. `bind`: first of the listening socket, in the second reply of its peer.
   * @throws SocksSequenceError
   */
  reply(reply: SocksReply, bound: HostPort = NO_ADDRESS): Buffer {
    this.#expect('reply', 'answering', 'bound');
    const { version, command } = this.#request as SocksRequest;
    if (reply !== 'succeeded') this.#state = 'refused';
    else if (command === 'bind' && this.#state === 'answering') this.#state = 'bound';
    else this.#state = 'established';
    return version === 4 ? reply4Bytes(reply, bound) : replyBytes(reply, bound);
  }

  /** The answer to an invalid message; undefined if there is none. */
  refusal(error: InvalidSocksMessageError): Buffer | undefined {
    if (error.reply === undefined) return undefined;
    const version4 = this.#state === 'opening';
    this.#state = 'refused';
    return version4 ? reply4Bytes(error.reply, NO_ADDRESS) : replyBytes(error.reply, NO_ADDRESS);
  }

  /** The bytes behind the request. */
  takeRest(): Buffer {
    return this.#messages.takeRest();
  }

  #next(): SocksServerEvent | undefined {
    const messages = this.#messages;
    if (this.#state === 'opening') {
      const version = messages.read(peekVersion);
      if (version === undefined) return undefined;
      if (version === 4) return this.#requested(messages.read(readRequest4));
      const methods = messages.read(readGreeting);
      if (methods === undefined) return undefined;
      this.#state = 'selecting';
      return { type: 'greeting', methods };
    }
    if (this.#state === 'password') {
      const credentials = messages.read(readPassword);
      if (credentials === undefined) return undefined;
      this.#state = 'authenticating';
      return { type: 'credentials', ...credentials };
    }
    return this.#state === 'request' ? this.#requested(messages.read(readRequest)) : undefined;
  }

  #requested(request: SocksRequest | undefined): SocksServerEvent | undefined {
    if (request === undefined) return undefined;
    this.#request = request;
    this.#state = 'answering';
    return { type: 'request', request };
  }

  #expect(method: string, ...states: readonly ServerState[]): void {
    if (states.includes(this.#state)) return;
    throw new SocksSequenceError(`${method} is not allowed in state "${this.#state}"`);
  }
}

function peekVersion(bytes: Buffer): Read<SocksVersion> | undefined {
  const value = readVersion(bytes);
  return value === undefined ? undefined : { value, end: 0 };
}

/** A request, and how the client proves who sends it. */
export interface SocksClientRequest extends HostPort {
  /** Default 5. Version 4 sends names as version 4a. */
  readonly version?: SocksVersion | undefined;
  /** Default `connect`. */
  readonly command?: SocksCommand | undefined;
  /** Version 4: the user name. Version 5: with `password`, offered in addition to no authentication. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

const REQUEST: OptionNames<SocksClientRequest> = {
  host: true,
  port: true,
  version: true,
  command: true,
  username: true,
  password: true,
};

type ClientState = 'opening' | 'method' | 'status' | 'reply' | 'established' | 'denied';

/** A client's side of one connection. */
export class SocksClientConnection {
  readonly #messages = new Messages();
  readonly #version: SocksVersion;
  readonly #request: Buffer;
  readonly #password: Buffer | undefined;
  #state: ClientState = 'opening';
  #repliesLeft: number;

  /** @throws InvalidArgumentValueError, InvalidArgumentTypeError, UnknownOptionError the request cannot be written. */
  constructor(request: SocksClientRequest) {
    checkOptions('SocksClientConnection', request, REQUEST);
    const { version = 5, command = 'connect', username, password } = request;
    this.#version = version;
    this.#repliesLeft = command === 'bind' ? 2 : 1;
    this.#request =
      version === 4
        ? request4Bytes(command, request, username ?? '')
        : requestBytes(command, request);
    if (version === 5 && username !== undefined)
      this.#password = passwordBytes(username, password ?? '');
  }

  get state(): ClientState {
    return this.#state;
  }

  /** The bytes to begin with. @throws SocksSequenceError it was called before. */
  begin(): Buffer {
    if (this.#state !== 'opening') throw new SocksSequenceError('begin was called before');
    this.#state = this.#version === 4 ? 'reply' : 'method';
    if (this.#version === 4) return this.#request;
    const methods = [NO_AUTHENTICATION];
    if (this.#password !== undefined) methods.push(USERNAME_PASSWORD);
    return greetingBytes(methods);
  }

  /** Takes a chunk, which may be lent: call {@link next} before it is overwritten. */
  receive(chunk: Buffer): void {
    this.#messages.receive(chunk);
  }

  /**
   * The next event, or undefined.
   * @throws InvalidSocksMessageError and again the same: close the connection.
   */
  next(): SocksClientEvent | undefined {
    const event = this.#next();
    if (event === undefined) this.#messages.keep();
    return event;
  }

  /** The bytes behind the last reply. */
  takeRest(): Buffer {
    return this.#messages.takeRest();
  }

  #next(): SocksClientEvent | undefined {
    const messages = this.#messages;
    if (this.#state === 'method') {
      const method = messages.read(readMethod);
      return method === undefined ? undefined : this.#methodSelected(method);
    }
    if (this.#state === 'status') {
      const accepted = messages.read(readStatus);
      if (accepted === undefined) return undefined;
      this.#state = accepted ? 'reply' : 'denied';
      return accepted ? { type: 'send', bytes: this.#request } : { type: 'denied', by: 'password' };
    }
    if (this.#state !== 'reply') return undefined;
    const found = messages.read(this.#version === 4 ? readReply4 : readReply);
    return found === undefined ? undefined : this.#replied(found);
  }

  #methodSelected(method: number): SocksClientEvent {
    if (method === NO_AUTHENTICATION) {
      this.#state = 'reply';
      return { type: 'send', bytes: this.#request };
    }
    if (method === USERNAME_PASSWORD && this.#password !== undefined) {
      this.#state = 'status';
      return { type: 'send', bytes: this.#password };
    }
    this.#state = 'denied';
    if (method === NO_ACCEPTABLE_METHOD) return { type: 'denied', by: 'methods' };
    throw new InvalidSocksMessageError(
      `the proxy selected method ${method}, which was not offered`,
    );
  }

  #replied({ reply, bound }: ReadReply): SocksClientEvent {
    this.#repliesLeft--;
    if (reply !== 'succeeded') this.#state = 'denied';
    else if (this.#repliesLeft === 0) this.#state = 'established';
    return { type: 'reply', reply, bound };
  }
}
