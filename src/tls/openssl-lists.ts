/** The options that are lists of OpenSSL. They are tried here, so that faults are the same with both engines and name the option. */
import process from 'node:process';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { TLSContextError } from '../core/errors/tls.js';
import { toError } from '../core/text-of.js';
import type { TLSVersion } from '../core/tls.js';
import { checkString } from '../internal/check.js';

export interface OpenSSLLists {
  readonly ciphers?: string | undefined;
  readonly cipherSuites?: string | undefined;
  readonly groups?: string | undefined;
  readonly signatureAlgorithms?: string | undefined;
}

/** Names of TLS 1.3 in lists of ciphers; those of TLS 1.2 are OpenSSL's own. */
export const SUITE_OF_TLS13: RegExp = /^TLS_/;

interface ListKind {
  readonly option: keyof OpenSSLLists;
  readonly node: 'ciphers' | 'ecdhCurve' | 'sigalgs';
  readonly example: string;
}

const KINDS: readonly ListKind[] = [
  {
    option: 'ciphers',
    node: 'ciphers',
    example: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256',
  },
  {
    option: 'cipherSuites',
    node: 'ciphers',
    example: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256',
  },
  { option: 'groups', node: 'ecdhCurve', example: 'X25519:P-256' },
  { option: 'signatureAlgorithms', node: 'sigalgs', example: 'ECDSA+SHA256:RSA-PSS+SHA256' },
];

/** @throws TLSContextError, InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkLists(
  lists: OpenSSLLists,
  minVersion: TLSVersion,
  maxVersion: TLSVersion,
): void {
  for (const kind of KINDS) {
    const list = lists[kind.option];
    if (list !== undefined) checkList(kind, list);
  }
  if (lists.ciphers !== undefined && minVersion === 'TLSv1.3') {
    throw new TLSContextError(
      'ciphers are for TLS 1.2, and minVersion is TLSv1.3. Those of TLS 1.3 are cipherSuites',
    );
  }
  if (lists.cipherSuites !== undefined && maxVersion === 'TLSv1.2') {
    throw new TLSContextError(
      'cipherSuites are for TLS 1.3, and maxVersion is TLSv1.2. Those of TLS 1.2 are ciphers',
    );
  }
}

function checkList({ option, node, example }: ListKind, list: string): void {
  const form = `names separated by colons, such as ${example}`;
  if (checkString(option, list) === '') throw new InvalidArgumentValueError(option, form, list);
  const names = list.split(/[:, ]+/);
  const misplaced = misplacedName(option, names);
  if (misplaced !== undefined) throw new TLSContextError(`${option} has ${misplaced}`);
  const fault = refusal(node, list);
  if (fault === undefined) return;
  // OpenSSL skips unknown ciphers, unless none is left.
  const unknown = node === 'ciphers' ? undefined : names.find((name) => refusal(node, name));
  const what = unknown === undefined ? 'knows nothing in it' : `does not know '${unknown}'`;
  const version = `OpenSSL ${process.versions.openssl}`;
  throw new TLSContextError(
    `${option} ${JSON.stringify(list)} is refused: ${version} ${what}. It must be ${form}`,
    { cause: fault },
  );
}

/** A cipher in the list of the other version, and what to do. */
function misplacedName(option: string, names: readonly string[]): string | undefined {
  if (option === 'ciphers') {
    const suite = names.find((name) => SUITE_OF_TLS13.test(name));
    return suite && `${suite}: suites of TLS 1.3 belong in cipherSuites`;
  }
  if (option !== 'cipherSuites') return undefined;
  const cipher = names.find((name) => !SUITE_OF_TLS13.test(name));
  return cipher && `${cipher}, no suite of TLS 1.3: those of TLS 1.2 belong in ciphers`;
}

function refusal(option: ListKind['node'], list: string): Error | undefined {
  // Node's word for the default, which the native engine does not know.
  if (option === 'ecdhCurve' && list === 'auto') return new Error('auto is no group');
  const options: SecureContextOptions = { ca: [], [option]: list };
  try {
    createSecureContext(options);
    return undefined;
  } catch (error) {
    return toError(error);
  }
}
