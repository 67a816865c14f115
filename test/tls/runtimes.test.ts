/** Contexts that node:tls of Bun and Deno cannot serve are refused at once. */
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../src/index.js';
import { checkRuntime } from '../../src/tls/runtimes.js';

const node = {};
const bun = { bun: '1.4.5' };
const oldBun = { bun: '1.3.14' };
const deno = { deno: '2.9.6' };
const server = { peerCertificate: 'ignored', selectsByName: false } as const;
const naming = { ...server, selectsByName: true } as const;
const verifying = { ...server, peerCertificate: 'requested' } as const;

describe('a context', () => {
  it.each([
    ['client', verifying, deno, 'TLSClientContext is not supported: node:tls of Deno ignores'],
    [
      'client',
      verifying,
      oldBun,
      'node:tls of Bun 1.3.14 can report a new session as a resumed one',
    ],
    ['server', verifying, deno, 'clientCertificates is not supported: node:tls of Deno does not'],
    ['server', verifying, bun, 'clientCertificates is not supported: node:tls of Bun does not'],
    ['server', naming, bun, 'serverNames or selectContext is not supported: node:tls of Bun does'],
  ] as const)('of a %s with %j is refused on %j', (role, settings, versions, message) => {
    expect(() => checkRuntime(role, settings, versions)).toThrow(UnsupportedError);
    expect(() => checkRuntime(role, settings, versions)).toThrow(message);
  });

  it.each([
    ['client', verifying, node],
    ['client', verifying, bun],
    ['client', verifying, { bun: '2.0.0' }],
    ['server', verifying, node],
    ['server', server, bun],
    ['server', server, deno],
    ['server', naming, deno],
    ['server', naming, node],
  ] as const)('of a %s with %j is accepted on %j', (role, settings, versions) => {
    checkRuntime(role, settings, versions);
  });
});
