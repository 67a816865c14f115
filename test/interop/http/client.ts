/** A client made of the parser and the serializer: one connection, requests in the order of the calls. */
import { Protocol, type Reactor } from '../../../src/index.js';
import {
  type HTTPContent,
  RequestSerializer,
  type ResponseHead,
  ResponseParser,
} from '../../../src/protocols/http/index.js';
import { type Latch, latch, within } from '../../support/deadline.js';
import { HOST } from '../peer-files.js';

export interface ReceivedResponse {
  readonly status: number;
  readonly content: string;
  readonly trailers: readonly (readonly [string, string])[];
  field(name: string): string | undefined;
}

type Outcome = ReceivedResponse | Error;

export class WireClient extends Protocol {
  readonly #requests = new RequestSerializer({ write: (data) => this.transport.write(data) });
  readonly #responses = new ResponseParser({ maxContentBytes: 100_000_000 });
  readonly #waiting: Latch<Outcome>[] = [];
  readonly #made = latch();
  readonly #ended = latch();
  #head: ResponseHead | undefined;
  #pieces: string[] = [];

  /** Connects to a port of this machine. */
  static async connect(reactor: Reactor, port: number): Promise<WireClient> {
    const client = new WireClient();
    reactor.connectTCP(HOST, port, () => client);
    await within(client.#made.promise, 'the connection');
    return client;
  }

  /**
   * Sends a request, also while responses are awaited.
   * @param content Pieces are sent in chunks.
   * @throws The error that ended the connection.
   */
  async request(
    method: string,
    target: string,
    content?: HTTPContent | readonly string[],
    fields: Readonly<Record<string, string>> = {},
  ): Promise<ReceivedResponse> {
    const response = latch<Outcome>();
    this.#waiting.push(response);
    this.#responses.requestSent(method);
    const all = { Host: HOST, ...fields };
    if (Array.isArray(content)) {
      this.#requests.head(method, target, all);
      for (const piece of content as readonly string[]) this.#requests.write(piece);
      this.#requests.end();
    } else {
      this.#requests.request(method, target, all, content as HTTPContent | undefined);
    }
    const outcome = await within(response.promise, `the response to ${method} ${target}`);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    this.transport.loseConnection();
    await within(this.#ended.promise, 'the end of the connection');
  }

  override connectionMade(): void {
    this.#made.open();
  }

  override dataReceived(data: Buffer): void {
    this.#responses.receive(data);
    this.#parse();
  }

  override connectionLost(reason: Error): void {
    try {
      this.#responses.endOfInput();
      this.#parse();
      this.#fail(reason);
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#ended.open();
  }

  #fail(error: Error): void {
    for (const response of this.#waiting.splice(0)) response.open(error);
  }

  #parse(): void {
    for (let event = this.#responses.next(); event !== undefined; event = this.#responses.next()) {
      if (event === 'head') this.#head = this.#responses.head.keep();
      else if (event === 'data') this.#pieces.push(this.#responses.data.toString('latin1'));
      else if (event === 'end') this.#complete();
    }
  }

  #complete(): void {
    const head = this.#head as ResponseHead;
    const trailers = [...(this.#responses.trailers?.rawFields() ?? [])];
    const content = this.#pieces.join('');
    this.#pieces = [];
    const { status } = head;
    this.#waiting.shift()?.open({ status, content, trailers, field: (name) => head.field(name) });
  }
}
