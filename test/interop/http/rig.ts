/** An HTTP server for peer programs. */
import { createHash } from 'node:crypto';
import {
  HTTPFactory,
  type HTTPHandler,
  type HTTPRequest,
  type HTTPServerOptions,
} from '../../../src/http/index.js';
import { type FactoryLike, Protocol } from '../../../src/index.js';
import { portOf, type Rig } from '../../support/contract.js';
import { PeerProgram } from '../../support/peers.js';
import { HOST } from '../peer-files.js';

export const GREETING = 'Hello, World!';
/** Content that is sent in chunks. */
export const PIECES: readonly string[] = Array.from({ length: 200 }, (_, i) =>
  `${i}.`.repeat(1 + i * 10),
);
export const ALL_PIECES: string = PIECES.join('');

/** Content that is worth compressing. */
export const TEXT: string = 'hemp, flax and jute\n'.repeat(5_000);

/** Sends a greeting, then received bytes in upper case. */
export class Shout extends Protocol {
  override connectionMade(): void {
    this.transport.write('LOUD\n');
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(data.toString('latin1').toUpperCase());
  }
}

export function digest(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A request as the server received it. */
export interface Facts {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly host: string;
  readonly peer: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly length: number;
  readonly digest: string;
  readonly trailers: readonly (readonly [string, string])[];
}

async function facts(request: HTTPRequest): Promise<Facts> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const piece of request) {
    hash.update(piece);
    length += piece.length;
  }
  const { method, target, version, host = '', remoteAddress, trailers } = request;
  return {
    ...{ method, target, version, host, length, digest: hash.digest('hex') },
    peer: String(remoteAddress),
    fields: [...request.rawFields()],
    trailers: [...(trailers?.rawFields() ?? [])],
  };
}

const ROUTES: Readonly<Record<string, HTTPHandler>> = {
  '/': (_request, response) => {
    response.setField('Content-Type', 'text/plain').send(GREETING);
  },
  '/echo': (request, response) => response.sendFrom(request),
  '/facts': async (request, response) => response.sendJSON(await facts(request)),
  '/pieces': (_request, response) => response.sendFrom(PIECES),
  '/text': (_request, response) => {
    response.setField('Content-Type', 'text/plain').send(TEXT);
  },
  '/trailers': async (_request, response) => {
    response.write('content');
    response.setTrailer('Sum', '42').end();
  },
  '/hints': (_request, response) => {
    response.earlyHints('</style.css>; rel=preload');
    response.send('hinted');
  },
  '/shout': (request) => request.upgrade(new Shout(), 'shout'),
  '/tunnel': (request) => request.upgrade(new Shout()),
  '/forbidden': (_request, response) => {
    response.status = 403;
    response.send('no');
  },
  '/moved': (_request, response) => {
    response.status = 302;
    response.setField('Location', '/').send();
  },
  '/empty': (_request, response) => {
    response.status = 204;
    response.send();
  },
  '/cut': (_request, response) => {
    response.setField('Content-Length', '100').write('half');
    throw new Error('cut');
  },
};

export const answer: HTTPHandler = (request, response) => {
  if (request.method === 'CONNECT') return request.upgrade(new Shout());
  const route = ROUTES[request.path];
  if (route !== undefined) return route(request, response);
  response.status = 404;
  response.send('none');
};

/** Counts its connections and requests. */
export class CountingFactory extends HTTPFactory {
  made = 0;
  requests = 0;

  constructor(rig: Rig, handler: HTTPHandler, options: HTTPServerOptions) {
    super(
      rig.reactor,
      (request, response) => {
        this.requests += 1;
        return handler(request, response);
      },
      options,
    );
  }

  override buildProtocol(): ReturnType<HTTPFactory['buildProtocol']> {
    this.made += 1;
    return super.buildProtocol();
  }
}

export interface ServedHTTP {
  readonly port: number;
  readonly origin: string;
  readonly factory: CountingFactory;
}

/** Serves {@link answer}. @param wrap Wraps its factory. */
export function serve(
  rig: Rig,
  options: HTTPServerOptions = {},
  handler: HTTPHandler = answer,
  wrap: (factory: CountingFactory) => FactoryLike = (factory) => factory,
): ServedHTTP {
  const factory = new CountingFactory(rig, handler, { maxContentBytes: 100_000_000, ...options });
  const port = portOf(rig.reactor.listenTCP(0, wrap(factory), { interface: HOST }));
  return { port, origin: `http://${HOST}:${port}`, factory };
}

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(command: string, args: readonly string[], input = ''): Promise<Finished> {
  await using program = new PeerProgram(command, args);
  if (input !== '') program.write(input);
  await program.end();
  const { stdout, stderr } = program;
  return { exitCode: program.process.exitCode, stdout, stderr };
}

/** Runs curl to its end. */
export function curl(...args: string[]): Promise<Finished> {
  return run('curl', [
    '-q',
    '--silent',
    '--show-error',
    '--max-time',
    '10',
    '--noproxy',
    '*',
    ...args,
  ]);
}

/** Splits what `curl --include` printed: the heads, and the rest. */
export function parted({ stdout }: Finished): { heads: string[]; content: string } {
  const heads: string[] = [];
  let rest = stdout;
  while (rest.startsWith('HTTP/')) {
    const end = rest.indexOf('\r\n\r\n');
    heads.push(rest.slice(0, end));
    rest = rest.slice(end + 4);
  }
  return { heads, content: rest };
}
