/** Peers that keep a server busy, after the handshake, with records that carry no data. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TLSHandshakeError } from '../../src/index.js';
import { RawServer } from '../support/raw-peer.js';
import {
  ALERT,
  APPLICATION_DATA,
  type ForgedVersion,
  HANDSHAKE,
  RecordForger,
} from './forged-records.js';
import { clientContext, KINDS, Network, serverContext, Talker } from './secured.js';

const RECORDS = 1_000;
const USER_CANCELED = 90;
const CHANGE_CIPHER_SPEC = Buffer.from([20, 3, 3, 0, 1, 1]);

type Forge = (forger: RecordForger) => Buffer;

interface Flood {
  readonly version: ForgedVersion;
  readonly of: string;
  readonly forge: Forge;
  /** Why it is refused. */
  readonly reason: string | RegExp;
}

const empty = (type: number): Forge => {
  return (forger) => forger.seal(type, Buffer.of());
};
const renegotiation: Forge = (forger) => forger.seal(HANDSHAKE, forger.clientHello);
const warning: Forge = (forger) => forger.seal(ALERT, Buffer.of(1, USER_CANCELED));
const cipherChange: Forge = () => CHANGE_CIPHER_SPEC;

const FLOODS: readonly Flood[] = [
  {
    version: 'TLSv1.2',
    of: 'renegotiations',
    forge: renegotiation,
    reason: 'TLS_SESSION_RENEGOTIATION_ATTACK_DETECTED',
  },
  {
    version: 'TLSv1.2',
    of: 'empty records',
    forge: empty(APPLICATION_DATA),
    reason: 'RECORD_TOO_SMALL',
  },
  { version: 'TLSv1.2', of: 'warnings', forge: warning, reason: 'TOO_MANY_WARN_ALERTS' },
  { version: 'TLSv1.2', of: 'empty alerts', forge: empty(ALERT), reason: 'INVALID_ALERT' },
  {
    version: 'TLSv1.2',
    of: 'empty handshake records',
    forge: empty(HANDSHAKE),
    reason: 'RECORD_TOO_SMALL',
  },
  {
    version: 'TLSv1.2',
    of: 'cipher changes',
    forge: cipherChange,
    reason: /INVALID_AAD|INTERNAL_ERROR|BAD_RECORD_MAC/, // it is too short for a record that is encrypted
  },
  { version: 'TLSv1.3', of: 'renegotiations', forge: renegotiation, reason: 'UNEXPECTED_MESSAGE' },
  {
    version: 'TLSv1.3',
    of: 'empty records',
    forge: empty(APPLICATION_DATA),
    reason: 'RECORD_TOO_SMALL',
  },
  { version: 'TLSv1.3', of: 'warnings', forge: warning, reason: 'TOO_MANY_WARN_ALERTS' },
  { version: 'TLSv1.3', of: 'empty alerts', forge: empty(ALERT), reason: 'BAD_LENGTH' },
  {
    version: 'TLSv1.3',
    of: 'empty handshake records',
    forge: empty(HANDSHAKE),
    reason: 'BAD_LENGTH',
  },
  { version: 'TLSv1.3', of: 'cipher changes', forge: cipherChange, reason: 'BAD_RECORD_TYPE' },
];

describe.each(KINDS)('a server by $name', (kind) => {
  const { engine } = kind;
  let network: Network;
  let accepted: Talker[];
  let port: number;

  beforeEach(() => {
    network = new Network(kind);
    accepted = [];
    port = network.listen(serverContext({ engine }), () => {
      const server = new Talker({ received: (self) => self.transport.write(`${self.text}.`) });
      accepted.push(server);
      return server;
    });
  });

  afterEach(() => network[Symbol.asyncDispose]());

  async function attack(version: ForgedVersion): Promise<{ forger: RecordForger; server: Talker }> {
    const forger = await RecordForger.connect(port, version);
    forger.peer.write(forger.seal(APPLICATION_DATA, Buffer.from('valid')));
    const server = accepted.at(-1) as Talker;
    await server.received('valid');
    return { forger, server };
  }

  it.each(FLOODS)('refuses a flood of $version $of, and serves others', async (flood) => {
    const other = network.connect(port, clientContext({ engine }), new Talker());
    await other.secured();
    const { forger, server } = await attack(flood.version);
    const records = Array.from({ length: RECORDS }, () => flood.forge(forger));
    forger.peer.write(Buffer.concat(records));
    other.transport.write('hemp');
    await other.received('hemp.');
    const error = await server.lost();
    expect(error).toMatchObject({ code: 'ERR_TLS_HANDSHAKE' });
    expect((error as TLSHandshakeError).reason).toMatch(flood.reason);
    expect(server.text).toBe('valid');
    other.transport.write('jute');
    await other.received('hempjute.');
    await forger.peer[Symbol.asyncDispose]();
  });

  it('refuses a few renegotiations between data without ending the connection', async () => {
    const { forger, server } = await attack('TLSv1.2');
    // The native engine counts from the last data, Node counts those of ten minutes.
    const count = engine === 'native' ? 8 : 3;
    for (let i = 0; i < count; i++) {
      forger.peer.write(renegotiation(forger));
      forger.peer.write(forger.seal(APPLICATION_DATA, Buffer.from(`data ${i};`)));
      await server.received(`data ${i};`);
    }
    expect(server.reason).toBeUndefined();
    await forger.peer[Symbol.asyncDispose]();
  });
});

const HELLO_REQUEST = Buffer.of(0, 0, 0, 0);

describe.each(KINDS)('a client by $name', (kind) => {
  const { engine } = kind;

  async function flood(version: ForgedVersion, type: number, content: Buffer): Promise<Error> {
    await using network = new Network(kind);
    await using raw = await RawServer.listen();
    const client = network.connect(raw.port, clientContext({ engine }), new Talker());
    const forger = await RecordForger.accept(await raw.peer(), version);
    await client.secured();
    const records = Array.from({ length: RECORDS }, () => forger.seal(type, content));
    forger.peer.write(Buffer.concat(records));
    return await client.lost();
  }

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'refuses a flood of %s empty records',
    async (version) => {
      const error = await flood(version, APPLICATION_DATA, Buffer.of());
      expect(error).toMatchObject({ code: 'ERR_TLS_HANDSHAKE', reason: 'RECORD_TOO_SMALL' });
    },
  );

  it('refuses a flood of TLSv1.2 renegotiations', async () => {
    const error = await flood('TLSv1.2', HANDSHAKE, HELLO_REQUEST);
    const reason = 'TLS_SESSION_RENEGOTIATION_ATTACK_DETECTED';
    expect(error).toMatchObject({ code: 'ERR_TLS_HANDSHAKE', reason });
  });

  it('refuses TLSv1.2 renegotiations that come one by one', async () => {
    await using network = new Network(kind);
    await using raw = await RawServer.listen();
    const client = network.connect(raw.port, clientContext({ engine }), new Talker());
    const forger = await RecordForger.accept(await raw.peer(), 'TLSv1.2');
    await client.secured();
    for (let i = 0; i < 3; i++) {
      forger.peer.write(forger.seal(HANDSHAKE, HELLO_REQUEST));
      forger.peer.write(forger.seal(APPLICATION_DATA, Buffer.from(`data ${i};`)));
      await client.received(`data ${i};`);
    }
    expect(client.reason).toBeUndefined();
    // Together with those before, or since the last data.
    for (let i = 0; i < 4; i++) forger.peer.write(forger.seal(HANDSHAKE, HELLO_REQUEST));
    const reason = 'TLS_SESSION_RENEGOTIATION_ATTACK_DETECTED';
    expect(await client.lost()).toMatchObject({ code: 'ERR_TLS_HANDSHAKE', reason });
  });

  it('refuses a renegotiation of TLSv1.3', async () => {
    const error = await flood('TLSv1.3', HANDSHAKE, HELLO_REQUEST);
    expect(error).toMatchObject({ code: 'ERR_TLS_HANDSHAKE', reason: 'UNEXPECTED_MESSAGE' });
  });
});
