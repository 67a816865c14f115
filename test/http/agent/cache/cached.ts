/** An agent with a cache, whose server and clock the test plays. */
import {
  type AgentOptions,
  type AgentRequestOptions,
  type AgentResponse,
  HTTPCache,
  type HTTPCacheOptions,
} from '../../../../src/http/index.js';
import { later, type ServerEnd } from '../../client/memory-servers.js';
import { Agented } from '../memory-agent.js';

/** Sun, 06 Nov 1994 08:49:37 GMT. */
export const NOW = 784_111_777_000;
export const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';

/** A date some seconds after NOW, or before it. */
export function dateAt(seconds: number): string {
  return new Date(NOW + 1_000 * seconds).toUTCString();
}

/** A response with these field lines. */
export function answer(fields: readonly string[], content = 'stored', status = 200): string {
  const lines = [...fields, `Content-Length: ${content.length}`].map((line) => `${line}\r\n`);
  return `HTTP/1.1 ${status} Any\r\n${lines.join('')}\r\n${content}`;
}

/** What a caller received, and whether the server was asked. */
export interface Outcome {
  readonly status: number;
  readonly text: string;
  readonly response: AgentResponse;
  /** The requests that the server received. */
  readonly sent: string;
}

export class Cached extends Agented {
  readonly cache: HTTPCache;
  /** The time of the cache. */
  readonly time: { now: number };
  /** The connection of the last request that was looked at. */
  #asking: ServerEnd | undefined = undefined;

  constructor(options: HTTPCacheOptions = {}, agentOptions: AgentOptions = {}) {
    const time = { now: NOW };
    const cache = new HTTPCache({ wallClock: () => time.now, ...options });
    super({ cache, wallClock: () => time.now, ...agentOptions });
    this.cache = cache;
    this.time = time;
  }

  /** Time passes for the cache. */
  wait(seconds: number): this {
    this.time.now += 1_000 * seconds;
    return this;
  }

  /** The requests to `http://a` that have not been looked at. */
  get sent(): string {
    let sent = '';
    for (const connection of this.at('http://a').connections) {
      const text = connection.sent;
      if (text !== '') this.#asking = connection;
      sent += text;
    }
    return sent;
  }

  /** Sends a request; the server answers it if it receives it. */
  async ask(
    answers: string | readonly string[],
    options: AgentRequestOptions & { readonly url?: string } = {},
  ): Promise<Outcome> {
    const { url = 'http://a/', ...details } = options;
    const asked = this.agent.request(url, details);
    let sent = '';
    for (const text of typeof answers === 'string' ? [answers] : answers) {
      await later();
      const received = this.sent;
      if (received === '') break;
      sent += received;
      this.#asking?.answer(text);
    }
    const response = await asked;
    const text = await response.text();
    await later();
    return { status: response.status, text, response, sent: sent + this.sent };
  }

  /** Whether a GET for the same is answered without the server. */
  async hits(options: AgentRequestOptions & { readonly url?: string } = {}): Promise<boolean> {
    const { sent } = await this.ask(answer(['Cache-Control: no-store'], 'new'), options);
    return sent === '';
  }
}
