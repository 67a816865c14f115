/** A proxy's side of one connection: reads the request, checks it, and relays. */
import type { Address, HostPort } from '../../core/address.js';
import { CannotListenError } from '../../core/errors/listening.js';
import type { ListeningPort } from '../../core/listening-port.js';
import type { MaybeAsync } from '../../core/maybe-async.js';
import { callReported, failConnection } from '../../defer/callback-result.js';
import { Deferred } from '../../defer/deferred.js';
import { Deadline } from '../../policies/deadline.js';
import { IdleTimeout } from '../../policies/idle-timeout.js';
import type { IdleTimeouts } from '../../policies/idle-timeouts.js';
import { joinEnds, OutboundEnd, RelayEnd } from '../../policies/relay.js';
import { SocksServerConnection } from './connection.js';
import {
  connectToChecked,
  type DestinationSettings,
  isPermitted,
  permittedAddresses,
  Refusal,
  type SocksAccess,
} from './destinations.js';
import { InvalidSocksMessageError, SocksRefusedError } from './errors.js';
import {
  NO_AUTHENTICATION,
  type SocksCommand,
  type SocksRequest,
  type SocksServerEvent,
  type SocksVersion,
  USERNAME_PASSWORD,
} from './events.js';
import { UDPAssociation } from './udp-association.js';

/** A user who is logged in until the connection ends: `logout` is called then, once. */
export interface SocksUser {
  logout(): MaybeAsync;
}

/**
 * Decides about a user name and password: false refuses them. A Deferred is cancelled if the client leaves; a user that arrives
 * afterwards is logged out.
 */
export type SocksAuthenticate = (
  username: string,
  password: string,
  peer: Address,
) => boolean | SocksUser | PromiseLike<boolean | SocksUser>;

/** The factory of a proxy's connections. */
export interface SocksSessions extends DestinationSettings {
  readonly authenticate: SocksAuthenticate | undefined;
  readonly versions: readonly SocksVersion[];
  readonly commands: readonly SocksCommand[];
  readonly timeouts: IdleTimeouts;
  readonly handshakeTimeoutMs: number;
  readonly bindTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** A request succeeded. `address`: where the proxy sends from, or listens. */
  served(access: SocksAccess, peer: Address, address: HostPort): void;
  /** The connection is about to end without a relay. */
  refused(reason: Error, peer: Address): void;
  sessionEnded(): void;
}

/** The address that a client of BIND gives if any host may connect. */
const ANY_HOST: readonly string[] = ['0.0.0.0', '::'];

/** One exists for each connection, so its private fields are TypeScript's: see StreamTransport. */
export class SocksServerProtocol extends RelayEnd {
  private readonly sessions: SocksSessions;
  private readonly connection: SocksServerConnection = new SocksServerConnection();
  /** `working`: a password or request is being checked or carried out. */
  private state: 'reading' | 'working' | 'relaying' | 'associated' | 'closed' = 'reading';
  private deadline: Deadline | undefined = undefined;
  private username: string | undefined = undefined;
  private user: SocksUser | undefined = undefined;
  /** The step that is cancelled if the client leaves. */
  private pending: Deferred<unknown> | undefined = undefined;
  private listening: ListeningPort | undefined = undefined;
  private association: UDPAssociation | undefined = undefined;

  constructor(sessions: SocksSessions) {
    super();
    this.sessions = sessions;
  }

  override connectionMade(): MaybeAsync {
    const { timeouts, handshakeTimeoutMs } = this.sessions;
    this.deadline = new Deadline(timeouts, this.transport, () => this.timedOut());
    this.deadline.set(handshakeTimeoutMs);
  }

  override dataReceived(data: Buffer): void {
    if (this.other !== undefined) super.dataReceived(data);
    else if (this.state === 'reading' || this.state === 'working') {
      this.connection.receive(data);
      this.advance();
      // The client may send ahead of the answer, but no more than this.
      const waits = this.state === 'working' && this.connection.bufferedBytes > 0;
      if (waits) this.transport.pauseProducing();
    }
  }

  /** @internal */
  override get onlyPassesOn(): boolean {
    return true;
  }

  override readConnectionLost(): void {
    if (this.other !== undefined) super.readConnectionLost();
    else this.transport.loseConnection();
  }

  override connectionLost(reason: Error): void {
    this.state = 'closed';
    this.deadline?.set(null);
    this.pending?.cancel();
    this.association?.close();
    this.logout();
    if (this.listening !== undefined) void this.listening.stopListening();
    this.sessions.sessionEnded();
    super.connectionLost(reason);
    this.idle?.set(null);
  }

  private advance(): void {
    try {
      for (;;) {
        const event = this.connection.next();
        if (event === undefined) return;
        this.answer(event);
      }
    } catch (error) {
      if (!(error instanceof InvalidSocksMessageError)) throw error;
      const refusal = this.connection.refusal(error);
      if (refusal !== undefined) this.transport.write(refusal);
      this.refuse(error);
    }
  }

  private answer(event: SocksServerEvent): void {
    if (event.type === 'greeting') this.selectMethod(event.methods);
    else if (event.type === 'credentials') this.work(() => this.checkPassword(event));
    else this.work(() => this.perform({ request: event.request, username: this.username }));
  }

  private selectMethod(methods: readonly number[]): void {
    const { versions, authenticate } = this.sessions;
    const method = authenticate === undefined ? NO_AUTHENTICATION : USERNAME_PASSWORD;
    const served = versions.includes(5);
    const selected = served && methods.includes(method) ? method : undefined;
    this.transport.write(this.connection.selectMethod(selected));
    if (selected !== undefined) return;
    const why = served ? 'the client does not offer the required authentication' : 'SOCKS 5 is off';
    this.refuse(new SocksRefusedError(why));
  }

  /** Runs an asynchronous step. The connection may have ended when it is done. */
  private work(step: () => Promise<void>): void {
    this.state = 'working';
    step().catch((error: unknown) => {
      if (this.state !== 'closed') failConnection(this.transport, error, 'dataReceived');
    });
  }

  private async checkPassword(given: { username: string; password: string }): Promise<void> {
    const user = await this.authenticated(given);
    const accepted = user === true || typeof user === 'object';
    if (typeof user === 'object') this.user = user;
    if (this.state === 'closed') {
      this.logout();
      return;
    }
    this.transport.write(this.connection.authenticated(accepted));
    if (!accepted) {
      this.refuse(new SocksRefusedError('the user name or password is wrong'));
      return;
    }
    this.username = given.username;
    this.state = 'reading';
    this.transport.resumeProducing();
    this.advance();
  }

  /** Null, from a function in JavaScript, refuses. */
  private async authenticated(given: {
    username: string;
    password: string;
  }): Promise<boolean | SocksUser> {
    const { authenticate } = this.sessions;
    const result = authenticate?.(given.username, given.password, this.transport.getPeer());
    const user = result instanceof Deferred ? await this.cancellable(result) : await result;
    return user ?? false;
  }

  private logout(): void {
    const { user } = this;
    this.user = undefined;
    if (typeof user?.logout === 'function') callReported('logout', () => user.logout());
  }

  private async perform(access: SocksAccess): Promise<void> {
    const { request } = access;
    this.deadline?.set(null);
    try {
      this.checkOffered(request);
      if (request.command === 'connect') await this.connect(access);
      else if (request.command === 'bind') await this.bind(access);
      else this.associate(access);
    } catch (error) {
      if (this.state === 'closed') return;
      if (!(error instanceof Refusal)) throw error;
      this.transport.write(this.connection.reply(error.reply));
      this.refuse(new SocksRefusedError(error.why, request));
    }
  }

  /** @throws Refusal */
  private checkOffered({ version, command }: SocksRequest): void {
    const { versions, commands, authenticate } = this.sessions;
    if (!versions.includes(version)) throw new Refusal('not allowed', `SOCKS ${version} is off`);
    if (version === 4 && authenticate !== undefined) {
      throw new Refusal('not allowed', 'SOCKS 4 has no passwords');
    }
    if (!commands.includes(command)) throw new Refusal('command not supported', 'it is off');
  }

  private async connect(access: SocksAccess): Promise<void> {
    const { request } = access;
    const addresses = await this.permitted(access);
    if (this.state === 'closed') return;
    const makeEnd = (): OutboundEnd =>
      new OutboundEnd((end) => this.relay(access, end, end.transport.getHost()));
    const step = <T>(deferred: Deferred<T>): PromiseLike<T> => this.cancellable(deferred);
    const { host, port } = request;
    await connectToChecked(this.sessions, { host, port, addresses }, makeEnd, step);
  }

  private async bind(access: SocksAccess): Promise<void> {
    const { rules, reactor, bindTimeoutMs } = this.sessions;
    const { host } = access.request;
    const any = ANY_HOST.includes(host);
    const addresses = any ? [] : await this.permitted(access);
    const step = <T>(deferred: Deferred<T>): PromiseLike<T> => this.cancellable(deferred);
    if (any && !(await isPermitted(this.sessions, access, host, step))) {
      throw new Refusal('not allowed', 'the request is not allowed');
    }
    if (this.state === 'closed') return;
    const expects = (peer: string): boolean =>
      any ? rules.permits(peer) : addresses.includes(peer);
    const accept = (peer: Address): OutboundEnd | null => {
      const expected = peer.type === 'TCP' && this.state === 'working' && expects(peer.host);
      return expected ? new OutboundEnd((end) => this.bound(access, end)) : null;
    };
    const port = this.listen(() => reactor.listenTCP(0, accept, { interface: this.localHost() }));
    this.listening = port;
    this.transport.write(this.connection.reply('succeeded', port.getHost()));
    this.deadline?.set(bindTimeoutMs);
  }

  /** The expected host has connected. */
  private bound(access: SocksAccess, end: OutboundEnd): void {
    this.deadline?.set(null);
    this.relay(access, end, end.transport.getPeer());
    void this.listening?.stopListening();
    this.listening = undefined;
  }

  private associate(access: SocksAccess): void {
    const { host, port } = access.request;
    const peer = this.transport.getPeer();
    if (peer.type !== 'TCP') throw new Refusal('general failure', 'the client has no IP address');
    // Behind a translator of addresses, the client's own idea of its address is wrong.
    const announced = port !== 0 && host === peer.host ? port : undefined;
    const client = { host: peer.host, port: announced };
    const idle = this.startIdle();
    const open = (): UDPAssociation =>
      new UDPAssociation(this.sessions, access, this.localHost(), client, idle);
    this.association = this.listen(open);
    this.idle = idle;
    this.state = 'associated';
    const facing = this.association.getHost();
    this.transport.write(this.connection.reply('succeeded', facing));
    this.sessions.served(access, peer, facing);
    this.transport.resumeProducing();
  }

  private relay(access: SocksAccess, end: OutboundEnd, address: Address): void {
    if (this.state !== 'working' || this.transport.disconnecting || address.type !== 'TCP') {
      end.transport.abortConnection();
      return;
    }
    const rest = this.connection.takeRest();
    this.state = 'relaying';
    this.transport.write(this.connection.reply('succeeded', address));
    joinEnds(this, end, this.startIdle());
    if (rest.length > 0) end.transport.write(rest);
    this.sessions.served(access, this.transport.getPeer(), address);
    this.transport.resumeProducing();
  }

  private startIdle(): IdleTimeout {
    const { timeouts, idleTimeoutMs } = this.sessions;
    const idle = new IdleTimeout(timeouts, this.transport, () => this.transport.abortConnection());
    idle.set(idleTimeoutMs);
    return idle;
  }

  private permitted(access: SocksAccess): Promise<string[]> {
    const step = <T>(deferred: Deferred<T>): PromiseLike<T> => this.cancellable(deferred);
    return permittedAddresses(this.sessions, access, access.request.host, step);
  }

  private async cancellable<T>(deferred: Deferred<T>): Promise<T> {
    this.pending = deferred;
    try {
      return await deferred;
    } finally {
      this.pending = undefined;
    }
  }

  /** @throws Refusal */
  private listen<T>(open: () => T): T {
    try {
      return open();
    } catch (error) {
      if (!(error instanceof CannotListenError)) throw error;
      throw new Refusal('general failure', 'the proxy cannot listen');
    }
  }

  /** The address of this machine that the client has connected to. @throws Refusal */
  private localHost(): string {
    const host = this.transport.getHost();
    if (host.type === 'TCP') return host.host;
    throw new Refusal('general failure', 'the client is not connected over TCP');
  }

  private timedOut(): void {
    const { handshakeTimeoutMs, bindTimeoutMs } = this.sessions;
    if (this.connection.state !== 'bound') {
      this.refuse(new SocksRefusedError(`no complete request in ${handshakeTimeoutMs} ms`));
      return;
    }
    this.transport.write(this.connection.reply('TTL expired'));
    this.refuse(new SocksRefusedError(`the expected host did not connect in ${bindTimeoutMs} ms`));
  }

  private refuse(reason: Error): void {
    this.state = 'closed';
    this.deadline?.set(null);
    if (this.listening !== undefined) void this.listening.stopListening();
    this.listening = undefined;
    this.sessions.refused(reason, this.transport.getPeer());
    this.transport.loseConnection();
  }
}
