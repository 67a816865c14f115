/** The addon, for loops of other libraries: they need it on either reactor. */
import { AddonNotLoadedError } from '../core/errors/reactor.js';
import { type Addon, loadAddon } from '../native.js';

/**
 * @param user The part that needs the addon, such as `GLibLoop`: the error begins with it.
 * @throws AddonNotLoadedError
 */
export function foreignAddon(user: string): Addon {
  try {
    return loadAddon();
  } catch (error) {
    if (!(error instanceof AddonNotLoadedError)) throw error;
    const { message, attempts, advice, cause } = error;
    throw new AddonNotLoadedError(
      `${user} needs the addon of the native reactor, also on the pure-JS one: ${message}`,
      { attempts, advice, cause },
    );
  }
}
