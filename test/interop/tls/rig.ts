/** TLS programs as peers, the files they read, and Ropewalk's ends of their connections. */
import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';
import type { TLSConnection } from '../../../src/index.js';
import {
  connectTLS,
  listenTLS,
  type TLSClientContext,
  type TLSClientOptions,
  type TLSServerOptions,
} from '../../../src/tls/index.js';
import { contract, portOf, type Rig } from '../../support/contract.js';
import { PeerProgram } from '../../support/peers.js';
import { ONE_POLLER, type ReactorMaker } from '../../support/reactors.js';
import { Recorder, type RecordingFactory, recorders } from '../../support/recorder.js';
import {
  authority,
  clientContext,
  ENGINES,
  type Engine,
  HOSTNAME,
  identity,
  serverContext,
} from '../../tls/secured.js';
import { HOST, PeerFiles } from '../peer-files.js';

/** `describe` for each reactor and engine. */
export function overEngines(
  title: string,
  body: (rig: Rig, engine: Engine) => void,
  reactors: readonly ReactorMaker[] = ONE_POLLER,
): void {
  const each = (rig: Rig): void => {
    describe.each(ENGINES)('by the %s engine', (engine) => body(rig, engine));
  };
  contract(title, each, reactors);
}

export interface Served {
  readonly port: number;
  readonly factory: RecordingFactory;
}

/** A TLS server that sends back what it receives. */
export function serveEcho(rig: Rig, options: TLSServerOptions): Served {
  const factory = recorders({ dataReceived: (data, self) => self.transport.write(data) });
  const context = serverContext(options);
  const listening = listenTLS(rig.reactor, 0, factory, context, { interface: HOST });
  return { port: portOf(listening), factory };
}

/** A TLS client of the server at `port`, which must have a certificate for {@link HOSTNAME}. */
export function connect(
  rig: Rig,
  port: number,
  context: TLSClientContext | TLSClientOptions,
  hostname: string = HOSTNAME,
): Recorder {
  const client = new Recorder();
  const made = 'role' in context ? context : clientContext(context);
  connectTLS(rig.reactor, HOST, port, () => client, made, { hostname });
  return client;
}

/** Sends `text`, and settles when the answer is `answer`. */
export async function exchange(client: Recorder, text: string, answer = text): Promise<void> {
  await client.made();
  const already = client.receivedBytes;
  client.transport.write(text);
  await client.until(
    () => client.text.slice(already).includes(answer) || client.reason !== undefined,
    `the answer ${answer}`,
  );
  if (client.reason !== undefined) throw client.reason;
}

/** The facts of a connection, as a plain object. */
export function facts({ transport }: Recorder): Partial<TLSConnection> {
  const { version, engine, serverName, negotiatedProtocol, resumed } = transport.tls ?? {};
  return { version, engine, serverName, negotiatedProtocol, resumed } as Partial<TLSConnection>;
}

/** Closes the connection. */
export async function close(client: Recorder): Promise<Error> {
  client.transport.loseConnection();
  return await client.lost();
}

/** Files for all tests of a process. */
export const SHARED: PeerFiles = new PeerFiles();
process.on('exit', () => SHARED.remove());

/** The file of the trusted root. */
export const ROOT: string = SHARED.write('root.pem', authority.certificate);
/** The file of a certificate for {@link HOSTNAME} and its key. */
export const IDENTITY: string = SHARED.identity('identity', identity);

/** `openssl s_client`, which verifies the server. */
export function opensslClient(port: number, ...args: string[]): PeerProgram {
  return new PeerProgram('openssl', [
    's_client',
    ...['-connect', `${HOST}:${port}`, '-CAfile', ROOT],
    ...['-verify_return_error', '-verify_hostname', HOSTNAME, ...args],
  ]);
}

/** `openssl s_server` on a free port, in the folder of {@link SHARED}. */
export async function opensslServer(...args: string[]): Promise<PeerProgram & { port: number }> {
  const given = args.includes('-cert') ? [] : ['-cert', IDENTITY];
  // Its output would be buffered.
  const command = ['-oL', '-eL', 'openssl', 's_server', '-accept', `${HOST}:0`];
  const program = new PeerProgram('stdbuf', [...command, ...given, ...args], SHARED.folder);
  const listening = /^ACCEPT \S*:(\d+)$/m;
  await program.until(() => listening.test(program.stdout), 'to listen');
  return Object.assign(program, { port: Number(listening.exec(program.stdout)?.[1]) });
}

/** Runs a command of openssl to its end. */
export function openssl(args: readonly string[], input?: string): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { input, encoding: 'latin1' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
