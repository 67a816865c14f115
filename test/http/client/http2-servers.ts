/** Servers of HTTP/2 in memory: our own connection in the other role, which the test commands. */
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import type { HTTP2RequestHead } from '../../../src/protocols/http2/heads.js';
import type { HTTP2Options } from '../../../src/protocols/http2/limits.js';
import type { HTTP2Stream } from '../../../src/protocols/http2/stream.js';
import { Peer } from '../../protocols/http2/peers.js';
import { MemoryOrigin, type ServerEnd } from './memory-servers.js';

export interface Received {
  readonly stream: HTTP2Stream;
  readonly head: HTTP2RequestHead;
  content: string;
  trailers: [string, string][] | undefined;
  isComplete: boolean;
  resetCode: number | undefined;
}

/** The server's side of a connection. */
export class HTTP2End {
  readonly end: ServerEnd;
  readonly peer: Peer;
  readonly requests: Received[] = [];
  readonly events: string[] = [];
  /** Whether content is consumed as it arrives. */
  consumes = true;

  constructor(end: ServerEnd, options: Omit<HTTP2Options, 'role'> = {}) {
    this.end = end;
    this.peer = new Peer({ role: 'server', ...options });
    this.pump();
  }

  /** Exchanges bytes until both are silent. */
  pump(): this {
    const { transport } = this.end;
    for (;;) {
      transport.settle();
      const bytes = Buffer.from(transport.takeWritten());
      if (bytes.length > 0) {
        this.peer.connection.receive(bytes);
        for (let event = this.peer.connection.next(); event; event = this.peer.connection.next()) {
          this.note(event);
        }
      }
      const answer = this.peer.take();
      if (answer.length > 0) this.end.answer(answer);
      else if (bytes.length === 0) return this;
    }
  }

  /** The request that came at this place. */
  at(index: number): Received {
    const request = this.pump().requests.at(index);
    if (request === undefined) throw new Error(`there is no request ${index}`);
    return request;
  }

  /** Answers a request. */
  respond(index: number, content = '', status = 200): this {
    this.at(index).stream.respond(status, [], content);
    return this.pump();
  }

  /** Sends bytes that the test has made. */
  send(bytes: Buffer): this {
    this.end.answer(bytes);
    return this.pump();
  }

  private note(event: HTTP2Event): void {
    this.events.push(event.type);
    if (event.type === 'request') {
      const { stream, head } = event;
      const received: Received = {
        stream,
        head,
        content: '',
        trailers: undefined,
        isComplete: false,
        resetCode: undefined,
      };
      stream.context = received;
      this.requests.push(received);
      return;
    }
    if (!('stream' in event)) return;
    const received = event.stream?.context as Received;
    if (event.type === 'data') {
      received.content += event.data.toString();
      if (this.consumes) event.stream.consume(event.data.length);
    } else if (event.type === 'trailers')
      received.trailers = [...event.fields.rawFields()] as never;
    else if (event.type === 'end') received.isComplete = true;
    else if (event.type === 'reset') received.resetCode = event.errorCode;
  }
}

/** An origin that speaks HTTP/2 without being asked. */
export class HTTP2Origin extends MemoryOrigin {
  readonly http2 = 'prior-knowledge';
  readonly ends: HTTP2End[] = [];
  readonly options: Omit<HTTP2Options, 'role'>;
  /** Whether the test plays a server of HTTP/1.1 from now on. */
  isHTTP1 = false;

  constructor(options: Omit<HTTP2Options, 'role'> = {}, isAutomatic = true, capacity?: number) {
    super('a', isAutomatic, capacity);
    this.options = options;
  }

  override accept(): ServerEnd {
    const end = super.accept();
    if (!this.isHTTP1) this.ends.push(new HTTP2End(end, this.options));
    return end;
  }

  /** The connection that was made last. */
  get server(): HTTP2End {
    const last = this.ends.at(-1);
    if (last === undefined) throw new Error('there is no connection');
    return last.pump();
  }
}
