/** Hashers of tests, whose threads run compiled modules. */
import { PasswordHasher, type PasswordHasherOptions } from '../../src/cred/index.js';
import { HASH_MODULE, type HashModule } from '../../src/cred/passwords/password-hasher.js';
import { threadModule } from '../../src/threads/index.js';
import { THREAD_FLAGS } from '../support/thread-flags.js';

const MODULE: HashModule = import.meta.url.endsWith('.ts')
  ? threadModule(new URL('../../dist/cred/passwords/hash-thread.js', import.meta.url), {
      errors: HASH_MODULE.errors,
    })
  : HASH_MODULE;

export function testHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  return new PasswordHasher({ scryptLogN: 10, execArgv: THREAD_FLAGS, ...options }, MODULE);
}
