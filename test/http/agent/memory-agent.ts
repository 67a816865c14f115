/** An agent whose servers the test plays. */
import { HAS_ZSTD } from '../../../src/http/accept-encoding.js';
import { Agent, type AgentOptions } from '../../../src/http/index.js';
import { MemoryReactor } from '../../../src/testing/index.js';
import { MemoryOrigin, type ServerEnd } from '../client/memory-servers.js';

/** The fields that the agent adds by default. */
export const DEFAULTS = `Accept-Encoding: ${HAS_ZSTD ? 'br, zstd' : 'br'}, gzip, deflate\r\nAccept: */*\r\nUser-Agent: ropewalk\r\n`;

export class Agented {
  readonly reactor: MemoryReactor = new MemoryReactor();
  readonly agent: Agent;
  /** By origin, such as `http://a`. */
  readonly servers: Map<string, MemoryOrigin> = new Map();

  constructor(options: AgentOptions = {}) {
    const endpointFor = ({ origin }: URL): MemoryOrigin['endpoint'] => this.at(origin).endpoint;
    this.agent = new Agent(this.reactor, { endpointFor, ...options });
  }

  /** The server of an origin. */
  at(origin: string): MemoryOrigin {
    let server = this.servers.get(origin);
    if (server === undefined) {
      server = new MemoryOrigin(origin);
      this.servers.set(origin, server);
    }
    return server;
  }

  /** The last connection of `http://a`. */
  get server(): ServerEnd {
    return this.at('http://a').last;
  }

  /** Time passes, in steps of a quarter of a second. */
  advance(ms: number): void {
    for (let at = 0; at < ms; at += 250) this.reactor.advance(Math.min(250, ms - at));
  }
}
