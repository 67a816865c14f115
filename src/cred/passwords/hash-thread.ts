/** Runs in threads: hashes that node:crypto does not compute in threads of its own. */
import { MissingPackageError } from '../../core/errors/tls.js';
import { equalSecrets } from '../secrets.js';
import { cryptMD5 } from './crypt-md5.js';
import { cryptSHA } from './crypt-sha.js';
import { parseHash } from './parse-hash.js';

/** The part of bcryptjs that is used. */
interface Bcrypt {
  compareSync(password: string, hash: string): boolean;
  hashSync(password: string, cost: number): string;
}

/** A variable: the compiler does not need the package. */
const BCRYPT_PACKAGE: string = 'bcryptjs';

async function loadBcrypt(): Promise<Bcrypt> {
  try {
    const module = (await import(BCRYPT_PACKAGE)) as { readonly default: Bcrypt };
    return module.default;
  } catch (cause) {
    throw new MissingPackageError('bcrypt', [BCRYPT_PACKAGE], { cause });
  }
}

/** Whether a hash that its limits permit is that of the password. */
export async function verifyInThread(password: string, text: string): Promise<boolean> {
  const unlimited = { maxMemory: Infinity, maxBcryptCost: 31, maxRounds: Infinity };
  const hash = parseHash(text, unlimited);
  const octets = Buffer.from(password);
  switch (hash.scheme) {
    case 'bcrypt':
      return (await loadBcrypt()).compareSync(password, text);
    case 'md5-crypt':
      return equalSecrets(cryptMD5(octets, hash.salt, '$1$'), text);
    case 'apr1':
      return equalSecrets(cryptMD5(octets, hash.salt, '$apr1$'), text);
    case 'sha256-crypt':
      return equalSecrets(cryptSHA(octets, { ...hash, magic: '$5$' }), text);
    case 'sha512-crypt':
      return equalSecrets(cryptSHA(octets, { ...hash, magic: '$6$' }), text);
    default:
      throw new Error(`${hash.scheme} is not computed in threads`);
  }
}

/** A new bcrypt hash, with the prefix that Apache writes. */
export async function bcryptInThread(password: string, cost: number): Promise<string> {
  return (await loadBcrypt()).hashSync(password, cost).replace(/^\$2[ab]\$/, '$2y$');
}
