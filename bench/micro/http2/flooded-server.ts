// A server of HTTP/2 without I/O that is flooded: what it does until a limit ends the connection.

import { HTTP2Connection } from '../../../src/protocols/http2/connection.js';
import { HTTP2LimitError } from '../../../src/protocols/http2/errors.js';
import { bytesOfFlood, type Flood } from './floods.js';
import { SETTLING_CLIENT } from './frames.js';

const CONTENT: Buffer = Buffer.alloc(1_000_000);

const SERVER = Object.freeze({ role: 'server' });

/** A server with the default limits, behind the beginning of an interval. */
export class FloodedServer {
  readonly connection: HTTP2Connection;
  /** The bytes that it has sent. */
  sentBytes = 0;
  private readonly answers: boolean;
  private rest: Buffer = CONTENT;

  constructor({ answers }: Pick<Flood, 'answers'>) {
    this.answers = answers === true;
    this.connection = new HTTP2Connection(SERVER, {
      write: (data) => {
        this.sentBytes += data.length;
      },
    });
    this.connection.start();
    this.read(SETTLING_CLIENT);
    this.connection.passInterval();
    this.sentBytes = 0;
  }

  /** Reads bytes of the peer. @throws HTTP2Error */
  read(bytes: Buffer): void {
    const { connection } = this;
    connection.receive(bytes);
    for (let event = connection.next(); event !== undefined; event = connection.next()) {
      if (!this.answers) continue;
      if (event.type === 'request') event.stream.sendHead(200);
      if (event.type === 'request' || event.type === 'writable') {
        this.rest = this.rest.subarray(event.stream.write(this.rest, true));
      }
    }
    connection.keepRest();
  }

  /** The limit that these bytes exceed. */
  limitOf(bytes: Buffer): string | undefined {
    try {
      this.read(bytes);
    } catch (error) {
      if (error instanceof HTTP2LimitError) return error.option;
      throw error;
    }
    return undefined;
  }
}

/** Floods a new server until it refuses. @returns The server, behind what is permitted. */
export function flooded(flood: Flood, bytes = bytesOfFlood(flood)): FloodedServer {
  const server = new FloodedServer(flood);
  for (const chunk of bytes.within) server.read(chunk);
  return server;
}
