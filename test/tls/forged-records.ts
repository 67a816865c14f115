/** A client that completes a handshake by `node:tls` and then sends records of its own: of any type, with any content. */
import { createCipheriv, createHmac } from 'node:crypto';
import { Duplex } from 'node:stream';
import { connect as connectNodeTLS } from 'node:tls';
import { within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { authority, HOSTNAME } from './secured.js';

export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;

export type ForgedVersion = 'TLSv1.2' | 'TLSv1.3';

const RANDOM_AT = 11;
const RANDOM_SIZE = 32;
const KEY_SIZE = 16;
const TAG_SIZE = 16;

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

  private constructor(peer: RawPeer, version: ForgedVersion, hello: Buffer, keys: Keys) {
    this.peer = peer;
    this.version = version;
    this.clientHello = hello;
    this.#keys = keys;
    // Finished was the first record under the keys of TLS 1.2.
    this.#sequence = version === 'TLSv1.2' ? 1n : 0n;
  }

  /** Connects, and completes the handshake. */
  static async connect(port: number, version: ForgedVersion): Promise<RecordForger> {
    const peer = await RawPeer.connect(port);
    const sent: Buffer[] = [];
    const wire = new Duplex({
      read() {},
      write(bytes: Buffer, _encoding, done) {
        sent.push(bytes);
        peer.socket.write(bytes, () => done());
      },
    });
    const feed = (bytes: Buffer): void => void wire.push(bytes);
    peer.socket.on('data', feed);
    const secrets = new Map<string, Buffer>();
    const socket = connectNodeTLS({
      socket: wire,
      servername: HOSTNAME,
      ca: authority.certificate,
      minVersion: version,
      maxVersion: version,
      ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
    });
    socket.on('keylog', (line) => {
      const [label = '', , secret = ''] = line.toString().trim().split(' ');
      secrets.set(label, Buffer.from(secret, 'hex'));
    });
    await within(
      new Promise<void>((resolve, reject) => {
        socket.once('secureConnect', resolve).once('error', reject);
      }),
      'the handshake of the forger',
    );
    peer.socket.off('data', feed);
    const hello = Buffer.concat(sent);
    const randoms = [peer.received, hello].map((bytes) =>
      bytes.subarray(RANDOM_AT, RANDOM_AT + RANDOM_SIZE),
    );
    const keys =
      version === 'TLSv1.3'
        ? keys13(secrets.get('CLIENT_TRAFFIC_SECRET_0') as Buffer)
        : keys12(secrets.get('CLIENT_RANDOM') as Buffer, Buffer.concat(randoms));
    const length = hello.readUInt16BE(3);
    return new RecordForger(peer, version, Buffer.from(hello.subarray(5, 5 + length)), keys);
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
function keys12(master: Buffer, randoms: Buffer): Keys {
  const seed = Buffer.concat([Buffer.from('key expansion'), randoms]);
  const blocks: Buffer[] = [];
  for (let a = sha256(master, seed); blocks.length < 2; a = sha256(master, a)) {
    blocks.push(sha256(master, a, seed));
  }
  const block = Buffer.concat(blocks);
  return { key: block.subarray(0, KEY_SIZE), iv: block.subarray(2 * KEY_SIZE, 2 * KEY_SIZE + 4) };
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
