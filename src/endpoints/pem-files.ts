/** Certificates and keys from files that an endpoint string names. Errors name the argument or the file, not an option of a context. */
import { TLSContextError } from '../core/errors/tls.js';
import { messageOf } from '../core/text-of.js';
import { checkKeyMatches, readCertificates, readPrivateKey } from '../tls/certificates.js';
import type { TLSIdentityOptions } from '../tls/identities.js';
import { warnOfDates } from '../tls/own-certificates.js';
import { TLSServerContext } from '../tls/server-context.js';

/** The content of a file, and its name in messages. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Buffer;
}

const DECRYPT =
  'decrypt it with `openssl pkey -in FILE`, because endpoint strings have no passphrase';

/** @param certificates The own certificate first; not empty. @throws TLSContextError */
export function identityFrom(
  key: NamedBytes,
  certificates: readonly [NamedBytes, ...NamedBytes[]],
): TLSIdentityOptions {
  const [{ name }] = certificates;
  const chain = certificates.flatMap((file) => readCertificates(file.name, file.bytes));
  const privateKey = readPrivateKey(key.name, key.bytes, undefined, DECRYPT);
  const keyName = key.name === name ? `the key in ${name}` : key.name;
  checkKeyMatches(keyName, privateKey, name, chain);
  warnOfDates(name, chain[0]);
  const identity = { certificate: chain, key: privateKey };
  try {
    new TLSServerContext({ identity });
  } catch (cause) {
    throw new TLSContextError(
      messageOf(cause).replace(/^identity(?= )/, () => name),
      { cause },
    );
  }
  return identity;
}
