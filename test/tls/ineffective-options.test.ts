/** Options that would have no effect beside others are refused. */
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError, TLSContextError } from '../../src/index.js';
import { ManualClock } from '../../src/testing/index.js';
import {
  TLSClientContext,
  type TLSClientOptions,
  TLSServerContext,
  type TLSServerOptions,
  TRUST_ANY,
} from '../../src/tls/index.js';
import { authority, clientContext, HOSTNAME, identity, KINDS, Network } from './secured.js';

const trustRoots = authority.certificate;
const crls = await authority.revoke(await authority.issue('revoked'));
const rsa = await authority.issue('rsa', { names: [HOSTNAME], keys: 'rsa' });
const pin = Buffer.alloc(32);
const otherPin = Buffer.alloc(32, 1);
const ticketKey = Buffer.alloc(48);
const interval = { clock: new ManualClock(), intervalMs: 1000 };
const verified = { clientCertificates: 'required', trustRoots } as const;
const pinned = (...pinnedKeys: Buffer[]): TLSServerOptions => ({ ...verified, pinnedKeys });

describe('a server', () => {
  const make = (options: TLSServerOptions): TLSServerContext =>
    new TLSServerContext({ identity, ...options });

  it.each([
    [{ trustRoots }, 'trustRoots needs clientCertificates'],
    [{ trustRoots: 'system' }, 'trustRoots needs clientCertificates'],
    [{ trustRoots, clientCertificates: 'ignored' }, 'trustRoots needs clientCertificates'],
    [{ crls }, 'crls needs clientCertificates'],
    [{ pinnedKeys: [pin] }, 'pinnedKeys needs clientCertificates'],
    [{ mapClientCertificate: () => 'ann' }, 'mapClientCertificate needs clientCertificates'],
    [{ ...verified, trustRoots: TRUST_ANY, crls }, 'crls need trustRoots'],
    [{ resumption: false, ticketKeys: [ticketKey] }, 'ticketKeys needs resumption'],
    [{ resumption: false, ticketKeyRotation: interval }, 'ticketKeyRotation needs resumption'],
    [{ watchFiles: interval }, 'watchFiles needs files'],
    [{ minVersion: 'TLSv1.3', ciphers: 'DEFAULT' }, 'ciphers are for TLS 1.2'],
    [
      { maxVersion: 'TLSv1.2', cipherSuites: 'TLS_AES_128_GCM_SHA256' },
      'cipherSuites are for TLS 1.3',
    ],
    [{ identity: [] }, 'identity is an empty list'],
    [
      { identity: [identity, rsa, identity] },
      'identity[2] and identity[0] have the same kind of key (ec)',
    ],
  ] satisfies [TLSServerOptions, string][])('refuses %j', (options, problem) => {
    expect(() => make(options)).toThrow(TLSContextError);
    expect(() => make(options)).toThrow(problem);
  });

  it('refuses two certificates for one name', () => {
    const serverNames = { 'a.example': identity, 'A.example.': rsa };
    expect(() => make({ serverNames })).toThrow(InvalidArgumentValueError);
  });

  it.each([
    [{}, verified, 'clientCertificates'],
    [{ ...verified, clientCertificates: 'requested' }, verified, 'clientCertificates'],
    [verified, { ...verified, pinnedKeys: [pin] }, 'pinnedKeys'],
    [pinned(pin, otherPin), pinned(pin), 'pinnedKeys'],
    [pinned(pin), pinned(otherPin), 'pinnedKeys'],
    [verified, { ...verified, mapClientCertificate: () => 'ann' }, 'mapClientCertificate'],
  ] satisfies [TLSServerOptions, TLSServerOptions, string][])(
    '%j refuses the context of a name with %j',
    (options, demands, option) => {
      const serverNames = { 'a.example': make(demands) };
      const message = `the context of a.example has ${option} that would have no effect`;
      expect(() => make({ ...options, serverNames })).toThrow(TLSContextError);
      expect(() => make({ ...options, serverNames })).toThrow(message);
      const context = make(options);
      expect(() => context.reload({ serverNames })).toThrow(message);
      context.reload();
    },
  );

  it('refuses the context of a name that would refuse every certificate of a client', async () => {
    const message = 'the context of a.example has no trustRoots';
    for (const clientCertificates of ['requested', 'required'] as const) {
      const options = { ...verified, clientCertificates };
      const serverNames = { 'a.example': make({}) };
      expect(() => make({ ...options, serverNames })).toThrow(TLSContextError);
      expect(() => make({ ...options, serverNames })).toThrow(message);
      make({ ...options, serverNames: { 'a.example': make(options) } });
    }
  });

  it('accepts the same options where they have an effect', () => {
    make({ ...verified, serverNames: { 'a.example': make(verified), 'b.example': identity } });
    make({ serverNames: { 'a.example': make({}) } });
    make({ ...pinned(pin), serverNames: { 'a.example': make(pinned(otherPin, pin)) } });
    make({ ...verified, crls, pinnedKeys: [pin], mapClientCertificate: () => 'ann' });
    make({ trustRoots: [], crls: [], pinnedKeys: [], resumption: false });
    make({ identity: [identity, rsa], minVersion: 'TLSv1.2', ciphers: 'DEFAULT' });
    make({ resumption: false, serverNames: { 'a.example': rsa } });
  });

  it('refuses them in reload, which changes nothing then', () => {
    const context = make(verified);
    expect(() => context.reload({ clientCertificates: 'ignored' })).toThrow(TLSContextError);
    context.reload({ clientCertificates: 'ignored', trustRoots: undefined });
    // Resumption may be switched off for some time.
    const keyed = make({ ticketKeys: [ticketKey] });
    keyed.reload({ resumption: false });
    keyed.reload({ resumption: true });
  });
});

describe('a client', () => {
  const ocspResponse = Buffer.from('30030a0100', 'hex');

  it.each([
    [{ trustRoots: [] }, 'trustRoots is an empty list: no server would be trusted'],
    [{ trustRoots: TRUST_ANY, crls }, 'crls need trustRoots'],
    [{ resumption: false, sessionCacheSize: 10 }, 'sessionCacheSize needs resumption'],
    [{ identity: { ...identity, ocspResponse } }, 'identity.ocspResponse is for servers'],
    [{ minVersion: 'TLSv1.3', ciphers: 'DEFAULT' }, 'ciphers are for TLS 1.2'],
    [{ identity: [identity, identity] }, 'have the same kind of key (ec)'],
  ] satisfies [TLSClientOptions, string][])('refuses %j', (options, problem) => {
    expect(() => new TLSClientContext(options)).toThrow(TLSContextError);
    expect(() => new TLSClientContext(options)).toThrow(problem);
  });

  it.each(['system', TRUST_ANY] as const)('refuses %s in a list of roots', (roots) => {
    const make = (): TLSClientContext => new TLSClientContext({ trustRoots: [roots, trustRoots] });
    expect(make).toThrow(InvalidArgumentValueError);
    expect(make).toThrow('not a list with one of the last two');
  });

  it('accepts the same options where they have an effect', () => {
    new TLSClientContext({ trustRoots, crls, sessionCacheSize: 10, identity: [identity, rsa] });
    new TLSClientContext({ resumption: false, sessionCacheSize: 0 });
  });
});

describe.each(KINDS)('a server by $name', (kind) => {
  const { engine } = kind;

  it('verifies clients by the roots of the context of a name', async () => {
    await using network = new Network(kind);
    const named = new TLSServerContext({ engine, identity, ...verified });
    const strange = { ...verified, trustRoots: rsa.certificate };
    const server = new TLSServerContext({
      engine,
      identity,
      ...strange,
      serverNames: { [HOSTNAME]: named },
    });
    const client = await authority.issue('client', { use: 'client' });
    const ends = await network.pair(server, clientContext({ engine, identity: client }));
    expect(ends.server.reason).toBeUndefined();
  });

  it.each([
    ['demands more', {}, verified],
    ['would refuse every client', verified, {}],
  ])('refuses the connection if selectContext returns a context that %s', async (_, own, named) => {
    await using network = new Network(kind);
    const selected = new TLSServerContext({ engine, identity, ...named });
    const server = new TLSServerContext({
      engine,
      identity,
      ...own,
      selectContext: () => selected,
    });
    const ends = await network.pair(server, clientContext({ engine }));
    expect(await ends.server.lost()).toBeInstanceOf(TLSContextError);
    await ends.client.lost();
    expect(network.reports).toEqual([ends.server.reason]);
  });
});
