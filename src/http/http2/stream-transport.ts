/**
 * A stream of an HTTP/2 connection as a transport, for protocols that take it over. States, producers, half-close and the order of
 * callbacks are those of {@link StreamTransport}. Received bytes are acknowledged when the protocol has them, so that a paused one stops
 * its peer and nobody else.
 */
import type { Address } from '../../core/address.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { TLSConnection } from '../../core/tls.js';
import type { Transport } from '../../core/transport.js';
import { checkData } from '../../internal/check.js';
import { reportError } from '../../internal/error-report.js';
import { givenCopyOf } from '../../internal/lent-bytes.js';
import { CANCEL, NO_ERROR } from '../../protocols/http2/error-codes.js';
import type { HTTP2Stream } from '../../protocols/http2/stream.js';
import { noPipeOption } from '../../reactor/streams/socket-side.js';
import { StreamTransport } from '../../reactor/streams/stream-transport.js';
import type { TurnReactor } from '../../reactor/time/turn-reactor.js';
import type { HTTPService } from '../http-service.js';
import { UnreadContent } from '../unread-content.js';
import { UnsentContent, type WritingLink } from './unsent-content.js';

/** The connection of a tunnel. */
export interface TunnelLink extends WritingLink {
  readonly currentTransport: Transport;
  gather(run: () => void): void;
}

/** The part of an exchange that its tunnel needs. */
export interface TunnelledExchange {
  readonly stream: HTTP2Stream;
  readonly service: HTTPService;
  readonly link: TunnelLink;
  /** The tunnel has ended on this side. */
  tunnelEnded(): void;
}

export class HTTP2StreamTransport extends StreamTransport {
  private readonly exchange: TunnelledExchange;
  private readonly turns: TurnReactor;
  /** Received bytes that are not delivered. */
  private unread: UnreadContent = new UnreadContent();
  private unsent: UnsentContent | undefined = undefined;
  private hasEnded = false;
  private isWatched = false;
  private isDelivering = false;
  /** Called when everything was sent, with the end. */
  private whenSent: (() => void) | undefined = undefined;

  constructor(exchange: TunnelledExchange) {
    const { link } = exchange;
    super({
      context: undefined,
      connectionEnded: () => {
        this.dropUnread();
        exchange.tunnelEnded();
      },
      localAddress: () => link.currentTransport.getHost(),
    });
    this.exchange = exchange;
    const { clock } = exchange.service;
    this.turns = {
      report: reportError,
      clock,
      soon: (callback) => void clock.callLater(0, () => link.gather(callback)),
    };
  }

  override get bufferedBytes(): number {
    return this.unsent?.bytes ?? 0;
  }

  override get tls(): TLSConnection | undefined {
    return this.exchange.link.currentTransport.tls;
  }

  override getPeer(): Address {
    return this.exchange.link.currentTransport.getPeer();
  }

  override getHost(): Address {
    return this.exchange.link.currentTransport.getHost();
  }

  override write(data: Uint8Array | string): void {
    checkData(data);
    if (!this.writable || data.length === 0) return;
    this.unsent ??= new UnsentContent();
    this.unsent.add(data);
    this.sendUnsent();
    if (this.producer !== undefined) this.regulateProducer(this.producer, data);
  }

  /** Connects the protocol, which receives the bytes that have arrived behind the request. */
  begin(protocol: StreamProtocol, unread: UnreadContent, hasEnded: boolean): void {
    this.unread = unread;
    this.hasEnded = hasEnded;
    if (this.start(protocol)) this.deliverUnread();
  }

  /** @param data Lent. */
  dataArrived(data: Buffer): void {
    if (this.state !== 'open') this.exchange.stream.consume(data.length);
    else if (this.isDelivering || this.reading !== 'on' || !this.unread.isEmpty) {
      this.unread.add(data);
    } else {
      this.isDelivering = true;
      const lends = this.protocol?.acceptsLentBytes === true;
      this.received(lends ? data : givenCopyOf(data));
      this.isDelivering = false;
      this.exchange.stream.consume(data.length);
      this.deliverUnread();
    }
  }

  /** The peer has ended its side. */
  inputEnded(): void {
    this.hasEnded = true;
    this.deliverUnread();
  }

  /** The stream was reset, or the connection is gone. */
  streamLost(reason: Error): void {
    this.hasEnded = true;
    this.unsent = undefined;
    this.lost(reason);
  }

  /** Sends what the windows and the transport permit. */
  sendUnsent(): void {
    const { unsent, exchange } = this;
    if (unsent === undefined || exchange.stream.isReset) return;
    let isSent = false;
    exchange.link.gather(() => {
      isSent = unsent.sendTo(exchange.stream, exchange.link);
    });
    if (!isSent || this.unsent !== unsent) return;
    this.unsent = undefined;
    const { whenSent } = this;
    this.whenSent = undefined;
    if (whenSent !== undefined) this.turns.soon(whenSent);
    else if (this.isWatched) this.watchDrain();
  }

  protected override get reactor(): TurnReactor {
    return this.turns;
  }

  /** Base classes call it when nothing is held there: bytes are held here. */
  protected override setReading(enabled: boolean): void {
    if (enabled) this.turns.soon(() => this.deliverUnread());
  }

  protected override watchDrain(): void {
    this.isWatched = true;
    if (this.unsent !== undefined) return;
    this.turns.soon(() => {
      if (!this.isWatched || this.unsent !== undefined) return;
      this.isWatched = false;
      this.drained();
    });
  }

  protected override shutdownWriting(): void {
    this.endOutput(() => this.writeShut());
  }

  protected override closeFlushed(): void {
    this.endOutput(() => this.lost(undefined));
  }

  protected override closeNow(reset: boolean): void {
    const { stream, link } = this.exchange;
    this.unsent = undefined;
    this.dropUnread();
    if (!stream.isReset && !stream.isClosed)
      link.gather(() => stream.reset(reset ? CANCEL : NO_ERROR));
  }

  protected override checkTcp(method: string): void {
    throw noPipeOption(method);
  }

  private deliverUnread(): void {
    if (this.isDelivering) return;
    this.isDelivering = true;
    while (this.state === 'open' && this.reading === 'on') {
      if (this.unread.isEmpty) break;
      const piece = this.unread.take();
      this.received(givenCopyOf(piece));
      this.exchange.stream.consume(piece.length);
    }
    this.isDelivering = false;
    if (this.state !== 'open') this.dropUnread();
    else if (this.hasEnded && this.unread.isEmpty && this.reading === 'on') this.readEnded();
  }

  private dropUnread(): void {
    const { bytes } = this.unread;
    this.unread.clear();
    this.exchange.stream.consume(bytes);
  }

  private endOutput(done: () => void): void {
    // A half-closed stream has sent its end.
    if (this.writing === 'shut') {
      this.turns.soon(done);
      return;
    }
    this.whenSent = done;
    this.unsent ??= new UnsentContent();
    this.unsent.end(undefined);
    this.sendUnsent();
  }
}
