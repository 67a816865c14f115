/** Node's engine on Bun and Deno, whose `node:tls` differs from Node's, against `node:tls` of this Node. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import tls, { type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Authority, type MadeCertificate, selfSigned } from '../../support/certificates.js';
import { compiled } from '../../support/compiled.js';
import { within } from '../../support/deadline.js';
import { PeerProgram } from '../../support/peers.js';
import type { ForeignVisit } from '../programs/foreign-tls.js';

const ENGINES = fileURLToPath(new URL('../../../tools/engines/node_modules/', import.meta.url));
const PROGRAM = fileURLToPath(compiled(new URL('../programs/foreign-tls.ts', import.meta.url)));
const BUN = { name: 'Bun', command: [`${ENGINES}bun/bin/bun`] } as const;
const DENO = { name: 'Deno', command: [`${ENGINES}deno/deno`, 'run', '--allow-all'] } as const;

const HOSTNAME = 'server.example';
const authority = await Authority.make();
const identity = await authority.issue('server', { names: [HOSTNAME] });
const other = await authority.issue('other', { names: ['other.example'] });
const { certificate: ca } = authority;

interface Runtime {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

function isInstalled({ name, command: [file] }: Runtime): boolean {
  const installed = existsSync(file);
  if (!installed) console.warn(`skipped: ${name} is not in tools/engines: npm run portability`);
  return installed;
}

function start({ command: [file, ...args] }: Runtime, role: string, options: unknown): PeerProgram {
  const program = new PeerProgram(file, [...args, PROGRAM, role, JSON.stringify(options)]);
  onTestFinished(() => program[Symbol.asyncDispose]());
  return program;
}

type Event = Readonly<Record<string, unknown>>;

function eventsOf({ stdout }: PeerProgram): Event[] {
  const lines = stdout.slice(0, stdout.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Event);
}

async function serve(runtime: Runtime, options: object = {}): Promise<[PeerProgram, number]> {
  const program = start(runtime, 'serve', { identity, ...options });
  await program.until(() => eventsOf(program).length > 0, 'to listen');
  return [program, eventsOf(program)[0]?.port as number];
}

async function connect(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: HOSTNAME, ca, ...options });
  onTestFinished(() => {
    socket.destroy();
  });
  await within(
    new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject)),
    'a handshake',
  );
  return socket;
}

/** Everything until the end. */
async function received(socket: TLSSocket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => chunks.push(bytes));
  await within(new Promise((resolve) => socket.once('end', resolve)), 'an end');
  return Buffer.concat(chunks);
}

async function nextLoss(program: PeerProgram, before: number): Promise<Event | undefined> {
  const losses = (): Event[] => eventsOf(program).filter(({ lost }) => lost !== undefined);
  await program.until(() => losses().length > before, 'to lose the connection');
  return losses()[before]?.lost as Event;
}

describe.each([BUN, DENO])('a server on $name', (runtime) => {
  describe.runIf(isInstalled(runtime))("of Node's engine", () => {
    it.each(['TLSv1.2', 'TLSv1.3'] as const)('echoes over %s and ends cleanly', async (version) => {
      const [program, port] = await serve(runtime, { alpnProtocols: ['a', 'b'] });
      const settings = { maxVersion: version, ALPNProtocols: ['b'] };
      const socket = await connect(port, settings);
      expect(socket.authorized).toBe(true);
      const sent = Buffer.alloc(1_000_001, 'x');
      sent[sent.length - 1] = 0;
      socket.write(sent);
      expect((await received(socket)).equals(sent)).toBe(true);
      socket.end();
      expect(await nextLoss(program, 0)).toEqual({ code: 'ERR_CONNECTION_DONE' });
      expect(eventsOf(program)[1]).toMatchObject({
        completed: { version, negotiatedProtocol: 'b', serverName: HOSTNAME, engine: 'node' },
      });
    });

    it('tells the end by the peer from a truncated one', async () => {
      const [program, port] = await serve(runtime);
      const first = await connect(port);
      first.end();
      expect(await nextLoss(program, 0)).toEqual({ code: 'ERR_CONNECTION_DONE' });
      const second = await connect(port);
      second.write('x');
      await within(new Promise((resolve) => second.once('data', resolve)), 'an echo');
      second.destroy();
      expect(await nextLoss(program, 1)).toMatchObject({ code: 'ERR_TLS_TRUNCATED' });
    });

    it.skipIf(runtime === BUN)('chooses the certificate by name', async () => {
      const [, port] = await serve(runtime, { serverNames: { 'other.example': other } });
      for (const [servername, CN] of [
        [HOSTNAME, 'server'],
        ['other.example', 'other'],
      ]) {
        const socket = await connect(port, { servername });
        expect(socket.getPeerCertificate().subject.CN).toBe(CN);
      }
    });

    it('reports a failed handshake', async () => {
      const [program, port] = await serve(runtime);
      const socket = tls.connect({
        port,
        host: '127.0.0.1',
        minVersion: 'TLSv1.3',
        ciphers: 'TLS_AES_128_CCM_8_SHA256',
      });
      socket.on('error', () => {});
      expect(await nextLoss(program, 0)).toMatchObject({ code: 'ERR_TLS_HANDSHAKE' });
    });

    it('refuses the contexts that it cannot serve', async () => {
      const program = start(runtime, 'refusals', identity);
      await program.end();
      expect(eventsOf(program)).toEqual([
        { name: 'client', code: runtime === DENO ? 'ERR_UNSUPPORTED' : null },
        { name: 'clientCertificates', code: 'ERR_UNSUPPORTED' },
        { name: 'serverNames', code: runtime === BUN ? 'ERR_UNSUPPORTED' : null },
      ]);
    });
  });
});

describe.runIf(isInstalled(BUN))('a client on Bun', () => {
  async function listen(served: MadeCertificate, options: TlsOptions = {}): Promise<number> {
    const { certificate: cert, key } = served;
    const server = tls.createServer({ cert, key, ...options }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => socket.end(bytes));
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  async function visit(...visits: ForeignVisit[]): Promise<Event[]> {
    const program = start(BUN, 'connect', visits);
    await program.end();
    return eventsOf(program);
  }

  const trusting = { trustRoots: ca };

  it('verifies the server, resumes the session, and is answered', async () => {
    const port = await listen(identity, { ALPNProtocols: ['b'] });
    const options = { ...trusting, alpnProtocols: ['a', 'b'] };
    const each = { port, hostname: HOSTNAME, options };
    const events = await visit(each, each);
    const completed = { version: 'TLSv1.3', negotiatedProtocol: 'b', engine: 'node' };
    const done = { text: 'hello', lost: { code: 'ERR_CONNECTION_DONE' } };
    expect(events).toMatchObject([
      { completed: { ...completed, resumed: false } },
      done,
      { completed: { ...completed, resumed: true } },
      done,
    ]);
  });

  it('presents its certificate', async () => {
    const { certificate, key } = await authority.issue('ann', { use: 'client' });
    const port = await listen(identity, { ca, requestCert: true });
    const options = { ...trusting, identity: { certificate, key } };
    const [completed, lost] = await visit({ port, hostname: HOSTNAME, options });
    expect(completed).toMatchObject({ completed: { version: 'TLSv1.3' } });
    expect(lost).toMatchObject({ text: 'hello', lost: { code: 'ERR_CONNECTION_DONE' } });
  });

  it('refuses faulty certificates with their reasons', async () => {
    const names = [HOSTNAME];
    const faulty: readonly (readonly [string, MadeCertificate])[] = [
      ['expired', await authority.issue('old', { names, from: -30, to: -1 })],
      ['not-yet-valid', await authority.issue('new', { names, from: 1, to: 30 })],
      ['wrong-name', other],
      ['wrong-use', await authority.issue('use', { names, use: 'client' })],
      ['self-signed', await selfSigned({ names })],
      ['unknown-root', await (await Authority.make('Another')).issue('s', { names })],
    ];
    const ports = await Promise.all(faulty.map(([, served]) => listen(served)));
    const events = await visit(
      ...ports.map((port) => ({ port, hostname: HOSTNAME, options: trusting })),
    );
    expect(events.map(({ lost }) => lost)).toEqual(
      faulty.map(([reason]) => ({ code: 'ERR_TLS_CERTIFICATE', reason })),
    );
  });
});
