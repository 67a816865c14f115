/**
 * The certificates of a folder: each file `*.pem` has a private key and its certificates, and serves the names in the first of
 * these. Changed, new and removed files are noticed when a connection arrives.
 */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { TLSContextError } from '../core/errors/tls.js';
import { messageOf } from '../core/text-of.js';
import { reportError } from '../internal/error-report.js';
import type { TLSIdentityOptions } from '../tls/identities.js';
import { type TLSServerChanges, TLSServerContext } from '../tls/server-context.js';
import { ServerNames } from '../tls/server-names.js';
import { stampOf } from '../tls/watched-files.js';
import { identityFrom } from './pem-files.js';

/** The file for clients that name no server, or an unknown one. Without it: the first one. */
const DEFAULT_FILE = 'default.pem';
/** The folder is looked at again no sooner than this. */
const CHECK_INTERVAL_MS = 1000;

interface PemFile {
  readonly name: string;
  /** Changes with the file. */
  readonly stamp: string;
  readonly identity: TLSIdentityOptions;
  readonly keyType: string;
  readonly serverNames: readonly string[];
}

export class PemDirectory {
  readonly context: TLSServerContext;
  readonly #path: string;
  readonly #clock: Clock;
  #files: readonly PemFile[];
  #stamp: string;
  #checkedAt: number;

  /** @throws TLSContextError the folder has no usable file, or one that is not usable. */
  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    this.#checkedAt = clock.now();
    const found = this.#find();
    this.#stamp = joinedStamps(found);
    this.#files = found.map(({ name, stamp }) => this.#read(name, stamp));
    this.context = new TLSServerContext(optionsOf(this.#files, path));
  }

  /** Uses changed files for new connections. A file that is not usable is reported, and its former content remains in use. */
  refresh(): void {
    const now = this.#clock.now();
    if (now - this.#checkedAt < CHECK_INTERVAL_MS) return;
    this.#checkedAt = now;
    try {
      const found = this.#find();
      const stamp = joinedStamps(found);
      if (stamp === this.#stamp) return;
      this.#stamp = stamp;
      const files = found.flatMap((file) => this.#readAgain(file.name, file.stamp));
      this.context.reload(optionsOf(files, this.#path));
      this.#files = files;
    } catch (error) {
      reportError(error, `the certificates in ${this.#path}, which are not changed`);
    }
  }

  #find(): { readonly name: string; readonly stamp: string }[] {
    try {
      const names = readdirSync(this.#path).filter((name) => name.toLowerCase().endsWith('.pem'));
      return names.sort().map((name) => ({ name, stamp: stampOf([join(this.#path, name)]) }));
    } catch (cause) {
      throw new TLSContextError(
        `'pemdir': the folder ${this.#path} cannot be read: ${messageOf(cause)}`,
        { cause },
      );
    }
  }

  #read(name: string, stamp: string): PemFile {
    const file = join(this.#path, name);
    const bytes = readBytes(file);
    const identity = identityFrom({ name: file, bytes }, [{ name: file, bytes }]);
    const own = new X509Certificate((identity.certificate as Buffer[])[0] as Buffer);
    const { asymmetricKeyType: keyType = '' } = own.publicKey;
    return { name, stamp, identity, keyType, serverNames: namesIn(own) };
  }

  #readAgain(name: string, stamp: string): PemFile[] {
    const known = this.#files.find((file) => file.name === name);
    if (known?.stamp === stamp) return [known];
    try {
      return [this.#read(name, stamp)];
    } catch (error) {
      reportError(error, `the certificates in ${this.#path}`);
      return known === undefined ? [] : [known];
    }
  }
}

function optionsOf(files: readonly PemFile[], path: string): TLSServerChanges {
  const [first] = files;
  if (first === undefined) throw new TLSContextError(`'pemdir': ${path} contains no file *.pem`);
  const preferred = files.find(({ name }) => name.toLowerCase() === DEFAULT_FILE) ?? first;
  // One certificate of each kind of key serves a name: the last one.
  const identities = new Map<string, Map<string, TLSIdentityOptions>>();
  for (const { identity, keyType, serverNames } of files) {
    for (const name of serverNames) {
      const ofName = identities.get(name) ?? new Map<string, TLSIdentityOptions>();
      identities.set(name, ofName.set(keyType, identity));
    }
  }
  const serverNames = [...identities].map(([name, ofName]) => [name, [...ofName.values()]]);
  return { identity: preferred.identity, serverNames: Object.fromEntries(serverNames) };
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TLSContextError(`'pemdir': ${messageOf(cause)}`, { cause });
  }
}

/** The DNS names of a certificate, without those that no client can ask for. */
function namesIn({ subjectAltName = '' }: X509Certificate): string[] {
  const entries = subjectAltName.split(', ').filter((entry) => entry.startsWith('DNS:'));
  return entries
    .map((entry) => entry.slice('DNS:'.length).toLowerCase().replace(/\.$/, ''))
    .filter(isServed);
}

function isServed(name: string): boolean {
  try {
    return new ServerNames([[name, name]]).size > 0;
  } catch {
    return false;
  }
}

function joinedStamps(files: readonly { readonly stamp: string }[]): string {
  return files.map(({ stamp }) => stamp).join('\n');
}
