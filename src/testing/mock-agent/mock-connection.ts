/** The server's end of a connection that carries one request of a mock agent. */
import { Buffer } from 'node:buffer';
import { IPv4Address } from '../../core/address.js';
import type { Clock, DelayedCall } from '../../core/clock.js';
import { ConnectingCancelledError, ConnectionRefusedError } from '../../core/errors/connecting.js';
import { builtProtocol, type FactoryLike, toFactory } from '../../core/factory.js';
import type { ProtocolOf, StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { Deferred } from '../../defer/deferred.js';
import { contentBytes } from '../../protocols/http/message-serializer.js';
import { RequestParser } from '../../protocols/http/request-parser.js';
import { ResponseSerializer } from '../../protocols/http/response-serializer.js';
import { MemoryTransport } from '../memory-transport.js';
import type { MockCall } from './mock-call.js';
import type { Answer, Behaviour } from './mock-reply.js';

const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const PEER = new IPv4Address('TCP', '192.0.2.80', 80);

/** A transport that says when its client has done something. */
class WakingTransport extends MemoryTransport {
  readonly #wake: () => void;

  constructor(wake: () => void) {
    super({ peer: PEER });
    this.#wake = wake;
  }

  override write(data: Uint8Array | string): void {
    super.write(data);
    this.#wake();
  }

  override resumeProducing(): void {
    super.resumeProducing();
    this.#wake();
  }

  override loseConnection(): void {
    super.loseConnection();
    this.#wake();
  }

  override abortConnection(): void {
    super.abortConnection();
    this.#wake();
  }
}

export class MockConnection implements StreamClientEndpoint {
  readonly #clock: Clock;
  readonly #call: MockCall;
  readonly #behaviour: Behaviour;
  readonly #failed: (error: unknown) => void;
  readonly #parser = new RequestParser({ maxContentBytes: NO_LIMIT });
  readonly #transport: WakingTransport = new WakingTransport(() => this.#wake());
  #isWoken = false;
  #timer: DelayedCall | undefined;

  /** @param failed Fails the request. */
  constructor(
    clock: Clock,
    call: MockCall,
    behaviour: Behaviour,
    failed: (error: unknown) => void,
  ) {
    this.#clock = clock;
    this.#call = call;
    this.#behaviour = behaviour;
    this.#failed = failed;
  }

  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>> {
    const { hostname: host, port } = this.#call.url;
    const destination = { host, port: Number(port || 80) };
    const made = new Deferred<StreamProtocol>(() => {
      this.#cancelTimer();
      made.errback(new ConnectingCancelledError('the attempt was cancelled', destination));
    });
    const behaviour = this.#behaviour;
    if (behaviour.kind === 'refuse') {
      const refuse = (): void =>
        made.errback(new ConnectionRefusedError('the mock server refuses', destination));
      this.#after(behaviour.delayMs, refuse);
    } else {
      const protocol = builtProtocol(toFactory(factory), PEER) as StreamProtocol;
      this.#transport.connect(protocol);
      made.callback(protocol);
    }
    return made as Deferred<unknown> as Deferred<ProtocolOf<F>>;
  }

  /** The rest is done when the present work has returned: the client may be in the middle of a call. */
  #wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    queueMicrotask(() => {
      this.#isWoken = false;
      this.#work();
    });
  }

  #work(): void {
    const transport = this.#transport;
    transport.settle();
    const sent = transport.takeWritten();
    if (sent.length === 0) return;
    this.#parser.receive(sent);
    for (let event = this.#parser.next(); event !== undefined; event = this.#parser.next()) {
      if (event === 'data') this.#call.received(this.#parser.data);
      else if (event === 'end') this.#answer();
      else if (this.#parser.head.expectsContinue) this.#send('HTTP/1.1 100 Continue\r\n\r\n');
    }
  }

  #answer(): void {
    const behaviour = this.#behaviour;
    try {
      if (behaviour.kind === 'reply') {
        const answer = behaviour.answerTo(this.#call);
        this.#after(answer.delayMs, () => this.#reply(answer));
      } else if (behaviour.kind !== 'refuse') {
        const { answer, kind } = behaviour;
        this.#after(answer.delayMs, () => this.#breakOff(answer, kind === 'reset'));
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #reply({ status, reason, fields, content }: Answer): void {
    const isWhole = reason === undefined;
    const bytes = this.#serialized((serializer) => {
      if (isWhole) serializer.respond(status, fields, content);
      else {
        serializer.head(status, fields, { reason, contentLength: contentBytes(content) });
        serializer.end(content);
      }
    });
    this.#send(bytes);
    if (this.#transport.connected) this.#transport.peerCloses();
    this.#transport.settle();
  }

  #breakOff({ status, reason, fields, content, afterBytes }: Answer, isReset: boolean): void {
    if (afterBytes !== undefined) {
      const contentLength = contentBytes(content);
      const options = { reason, contentLength };
      this.#send(this.#serialized((serializer) => serializer.head(status, fields, options)));
      this.#send(Buffer.from(content as string).subarray(0, afterBytes));
    }
    if (isReset) this.#transport.peerResets();
    this.#transport.settle();
  }

  #serialized(write: (serializer: ResponseSerializer) => void): Buffer {
    const parts: Buffer[] = [];
    const serializer = new ResponseSerializer({
      write: (part) => void parts.push(Buffer.from(part as string)),
    });
    serializer.begin(this.#parser.head);
    write(serializer);
    return Buffer.concat(parts);
  }

  #send(data: string | Uint8Array): void {
    if (!this.#transport.connected) return;
    this.#transport.receive(data);
    this.#transport.settle();
  }

  #after(delayMs: number, then: () => void): void {
    if (delayMs === 0) queueMicrotask(then);
    else this.#timer = this.#clock.callLater(delayMs, then);
  }

  #cancelTimer(): void {
    if (this.#timer?.active() === true) this.#timer.cancel();
  }
}
