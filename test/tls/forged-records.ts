/** A client, or a server, that completes a handshake by `node:tls` and then sends records of its own: of any type, with any content. */
import { createCipheriv, createHmac } from 'node:crypto';
import { Duplex } from 'node:stream';
import {
  connect as connectNodeTLS,
  createSecureContext,
  type SecureContextOptions,
  TLSSocket,
} from 'node:tls';
import { within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { authority, HOSTNAME, identity } from './secured.js';

export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;

export type ForgedVersion = 'TLSv1.2' | 'TLSv1.3';

const RANDOM_AT = 11;
const RANDOM_SIZE = 32;
const KEY_SIZE = 16;
const TAG_SIZE = 16;
/** The part of a nonce of TLS 1.2 that is not sent. */
const IV_SIZE = 4;
const SERVER_HELLO = 2;
/** The session tickets of a server of Node's. */
const NODE_TICKETS = 2n;

type Versions = Pick<SecureContextOptions, 'minVersion' | 'maxVersion'>;

/** The keys of AES-128-GCM with SHA-256. */
interface Keys {
  readonly key: Buffer;
  readonly iv: Buffer;
}

export class RecordForger {
  readonly peer: RawPeer;
  readonly version: ForgedVersion;
  /** The first handshake message, without the header of its record. */
  readonly clientHello: Buffer;
  readonly #keys: Keys;
  #sequence: bigint;

  private constructor(
    peer: RawPeer,
    version: ForgedVersion,
    hello: Buffer,
    keys: Keys,
    isServer: boolean,
  ) {
    this.peer = peer;
    this.version = version;
    this.clientHello = hello;
    this.#keys = keys;
    // Under these keys, Finished was sent in TLS 1.2, and by a server of TLS 1.3 its session tickets.
    this.#sequence = version === 'TLSv1.2' ? 1n : isServer ? NODE_TICKETS : 0n;
  }

  /** Connects, and completes the handshake. */
  static async connect(port: number, version: ForgedVersion): Promise<RecordForger> {
    const peer = await RawPeer.connect(port);
    return RecordForger.#secure(peer, version, (wire, versions) =>
      connectNodeTLS({
        socket: wire,
        servername: HOSTNAME,
        ca: authority.certificate,
        ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
        ...versions,
      }),
    );
  }

  /** Completes the handshake of a client that has connected. */
  static accept(peer: RawPeer, version: ForgedVersion): Promise<RecordForger> {
    return RecordForger.#secure(peer, version, (wire, versions) => {
      const secureContext = createSecureContext({
        cert: identity.certificate,
        key: identity.key,
        ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
        ...versions,
      });
      return new TLSSocket(wire, { isServer: true, secureContext });
    });
  }

  static async #secure(
    peer: RawPeer,
    version: ForgedVersion,
    make: (wire: Duplex, versions: Versions) => TLSSocket,
  ): Promise<RecordForger> {
    const sent: Buffer[] = [];
    const wire = new Duplex({
      read() {},
      write(bytes: Buffer, _encoding, done) {
        sent.push(bytes);
        peer.socket.write(bytes, () => done());
      },
    });
    for (const chunk of peer.chunks) wire.push(chunk);
    const feed = (bytes: Buffer): void => void wire.push(bytes);
    peer.socket.on('data', feed);
    const secrets = new Map<string, Buffer>();
    const socket = make(wire, { minVersion: version, maxVersion: version });
    socket.on('keylog', (line) => {
      const [label = '', , secret = ''] = line.toString().trim().split(' ');
      secrets.set(label, Buffer.from(secret, 'hex'));
    });
    await within(
      new Promise<void>((resolve, reject) => {
        socket.once('secure', resolve).once('error', reject);
      }),
      'the handshake of the forger',
    );
    peer.socket.off('data', feed);
    const isServer = sent[0]?.[5] === SERVER_HELLO;
    const hellos = [Buffer.concat(sent), peer.received];
    const [client, server] = (isServer ? hellos.reverse() : hellos) as [Buffer, Buffer];
    const randoms = [server, client].map((bytes) =>
      bytes.subarray(RANDOM_AT, RANDOM_AT + RANDOM_SIZE),
    );
    const label = isServer ? 'SERVER_TRAFFIC_SECRET_0' : 'CLIENT_TRAFFIC_SECRET_0';
    const keys =
      version === 'TLSv1.3'
        ? keys13(secrets.get(label) as Buffer)
        : keys12(secrets.get('CLIENT_RANDOM') as Buffer, Buffer.concat(randoms), isServer);
    const length = client.readUInt16BE(3);
    return new RecordForger(
      peer,
      version,
      Buffer.from(client.subarray(5, 5 + length)),
      keys,
      isServer,
    );
  }

  /** The next record. */
  seal(type: number, content: Uint8Array): Buffer {
    return this.version === 'TLSv1.3' ? this.#seal13(type, content) : this.#seal12(type, content);
  }

  /** RFC 5246 section 6.2.3.3, and RFC 5288. */
  #seal12(type: number, content: Uint8Array): Buffer {
    const explicit = Buffer.alloc(8);
    explicit.writeBigUInt64BE(this.#sequence);
    const extra = Buffer.from([...explicit, type, 3, 3, 0, 0]);
    extra.writeUInt16BE(content.length, 11);
    const nonce = Buffer.concat([this.#keys.iv, explicit]);
    const header = recordHeader(type, explicit.length + content.length + TAG_SIZE);
    return Buffer.concat([header, explicit, this.#encrypt(nonce, extra, content)]);
  }

  /** RFC 8446 section 5.2. */
  #seal13(type: number, content: Uint8Array): Buffer {
    const nonce = Buffer.from(this.#keys.iv);
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ this.#sequence, 4);
    const header = recordHeader(APPLICATION_DATA, content.length + 1 + TAG_SIZE);
    return Buffer.concat([header, this.#encrypt(nonce, header, Buffer.from([...content, type]))]);
  }

  #encrypt(nonce: Buffer, extra: Buffer, plaintext: Uint8Array): Buffer {
    this.#sequence += 1n;
    const cipher = createCipheriv('aes-128-gcm', this.#keys.key, nonce);
    cipher.setAAD(extra);
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }
}

function recordHeader(type: number, length: number): Buffer {
  return Buffer.from([type, 3, 3, length >> 8, length & 255]);
}

function sha256(secret: Buffer, ...parts: Uint8Array[]): Buffer {
  const hash = createHmac('sha256', secret);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** RFC 5246 sections 5 and 6.3. @param randoms The server's and the client's. */
function keys12(master: Buffer, randoms: Buffer, isServer: boolean): Keys {
  const seed = Buffer.concat([Buffer.from('key expansion'), randoms]);
  const blocks: Buffer[] = [];
  for (let a = sha256(master, seed); blocks.length < 2; a = sha256(master, a)) {
    blocks.push(sha256(master, a, seed));
  }
  const block = Buffer.concat(blocks);
  const part = (at: number, size: number): Buffer => block.subarray(at, at + size);
  return isServer
    ? { key: part(KEY_SIZE, KEY_SIZE), iv: part(2 * KEY_SIZE + IV_SIZE, IV_SIZE) }
    : { key: part(0, KEY_SIZE), iv: part(2 * KEY_SIZE, IV_SIZE) };
}

/** RFC 8446 section 7.3. */
function keys13(secret: Buffer): Keys {
  const expand = (label: string, length: number): Buffer => {
    const full = Buffer.from(`tls13 ${label}`);
    const input = Buffer.from([0, length, full.length, ...full, 0, 1]);
    return sha256(secret, input).subarray(0, length);
  };
  return { key: expand('key', KEY_SIZE), iv: expand('iv', 12) };
}
