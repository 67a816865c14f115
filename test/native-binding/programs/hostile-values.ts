/** Random arguments for the functions of the addon, wrong and valid ones, and objects of TLS. The seed is the third argument. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAddon, type NativeTLSContext } from '../../../src/native.js';
import { selfSignedCertificate } from '../../../src/tls/self-signed.js';

const addon = loadAddon();

/** The current folder: files and sockets that the calls create. Removed at exit. */
export const folder: string = mkdtempSync(join(tmpdir(), 'ropewalk-hostile-'));
const before = process.cwd();
process.on('exit', () => {
  process.chdir(before); // Windows does not remove a current folder
  rmSync(folder, { recursive: true, force: true });
});
// Texts may be taken for paths: such files are created here.
process.chdir(folder);

let state = Number(process.argv[4] ?? '1') >>> 0 || 1;
export function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

export function pick<T>(from: readonly T[]): T {
  return from[random(from.length)] as T;
}

export const throwing: object = new Proxy(
  {},
  {
    get() {
      throw new Error('a getter threw');
    },
    getPrototypeOf() {
      throw new Error('a prototype threw');
    },
  },
);

function detached<View extends Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(
  view: View,
): View {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

/** Values that no entry point expects, and some that it might, at odds with the rest of the call. */
export function hostile(): unknown {
  return pick<() => unknown>([
    () => undefined,
    () => null,
    () => true,
    () => '',
    () => 'x'.repeat(100_000),
    () => '127.0.0.1\0',
    () => '\ud800',
    () => Symbol('s'),
    () => 5n,
    () => Number.NaN,
    () => Number.POSITIVE_INFINITY,
    () => Number.NEGATIVE_INFINITY,
    () => -1,
    () => -0,
    () => 0.5,
    () => 2 ** 31 - 1,
    () => 2 ** 31,
    () => -(2 ** 31),
    () => 2 ** 32,
    () => 2 ** 53,
    () => 1e308,
    () => random(2 ** 31),
    () => ({}),
    () => [],
    () => [1, 2, 3],
    () => throwing,
    () => new Proxy(new Uint8Array(8), {}),
    () => () => {},
    () => class {},
    () => new Date(),
    () => new ArrayBuffer(8),
    () => new SharedArrayBuffer(64),
    () => new Uint8Array(new SharedArrayBuffer(1 << 17)),
    () => new Int32Array(new SharedArrayBuffer(64)),
    () => detached(new Uint8Array(64)),
    () => detached(new Int32Array(16)),
    () => new Uint8Array(0),
    () => new Int32Array(0),
    () => new Int32Array(3),
    () => new Float64Array(16),
    () => new DataView(new ArrayBuffer(8)),
    () => Buffer.alloc(1 << 17),
    () => new Int32Array(16).fill(2 ** 31 - 1),
    () => new Int32Array(16).fill(-(2 ** 31)),
  ])();
}

/** Valid arguments of each type. */
export function plausible(handles: readonly number[]): unknown {
  return pick<() => unknown>([
    () => pick([0, ...handles]),
    () => pick([0, 1, 2, 3]),
    () => pick(['127.0.0.1', '::1', '0.0.0.0', 'epoll', 'poll', 'auto', join(folder, 'path')]),
    () => pick([true, false]),
    () => new Int32Array(16).fill(-1),
    () => new Int32Array(16).fill(1),
    () => Buffer.alloc(70_000, 'b'),
    () => () => {},
    ...tlsObjects,
  ])();
}

const tlsSettings = {
  identities: [],
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  alpnProtocols: ['h2'],
  peerCertificate: 'ignored',
  trust: 'dangerouslyAny',
  checksName: false,
  pins: [],
  resumption: true,
  ticketKeys: [],
  sessionIdContext: Buffer.alloc(32),
  sessionCacheSize: 10,
  selectsByName: false,
  requestsOCSP: true,
  keyLog() {},
};

/** Contexts, roots, sessions that proceed with the handshake as far as possible, and arguments to make them. */
export const tlsObjects: readonly (() => unknown)[] =
  addon.tlsReport().reason === '' ? madeForTLS() : [];

function madeForTLS(): (() => unknown)[] {
  const nothing = Buffer.alloc(0);
  const server = addon.createTlsContext(tlsSettings, true, undefined, []);
  const asking = addon.createTlsContext(
    { ...tlsSettings, selectsByName: true },
    true,
    undefined,
    [],
  );
  const client = addon.createTlsContext(tlsSettings, false, undefined, []);
  const roots = addon.createTlsRoots([], []);
  const ciphertext = Buffer.alloc(70_000);
  const hello = Buffer.alloc(2_000);
  const result = new Int32Array(4);
  const greeting = addon.createTlsSession(client, 'a.example', 'key', nothing);
  addon.readTlsSession(greeting, nothing, nothing, hello, result);
  const sessions = [server, asking, client].map((context) =>
    addon.createTlsSession(context, 'a.example', 'key', nothing),
  );
  return [
    () => pick([server, asking, client]),
    () => roots,
    () => pick(sessions),
    () => addon.createTlsSession(pick([server, asking, client]), '', '', nothing),
    () => hello.subarray(0, random(hello.length)),
    () => ciphertext.subarray(0, random(ciphertext.length)),
    () => result,
    () => ({ ...tlsSettings, [pick(Object.keys(tlsSettings))]: hostile() }),
    () => [],
    () => [Buffer.alloc(48)],
  ];
}

export const NOTHING: Uint8Array = new Uint8Array(0);

/** A server's context, one that asks for the context of each client, and a client's: their handshakes succeed. */
export async function contextsForStreams(): Promise<NativeTLSContext[]> {
  // The suite for other platforms has no package that makes certificates.
  const made = await selfSignedCertificate().catch(() => undefined);
  if (made === undefined) return [];
  const { certificate, key } = made;
  const chain = [new X509Certificate(certificate).raw];
  const der = createPrivateKey(key).export({ format: 'der', type: 'pkcs8' });
  const settings = { ...tlsSettings, identities: [{ chain, key: der, ocspResponse: undefined }] };
  return [
    addon.createTlsContext(settings, true, undefined, []),
    addon.createTlsContext({ ...settings, selectsByName: true }, true, undefined, []),
    addon.createTlsContext(tlsSettings, false, undefined, []),
  ];
}
