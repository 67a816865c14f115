/** The default resolver of a reactor with real sockets. */

import type { Clock } from '../../core/clock.js';
import { HostResolver } from '../../resolver/host-resolver.js';
import { HostsFile } from '../../resolver/hosts-file.js';
import { type LookUp, SharedLookups } from '../../resolver/shared-lookups.js';
import { NODE_LOOP } from '../time/loop-host.js';

export function systemResolver(
  reactor: Clock & { checkOpen(): void },
  lookUp: LookUp,
  maxAtOnce: number,
): HostResolver {
  return new HostResolver({
    clock: reactor,
    hostsFile: new HostsFile({ clock: reactor }),
    lookups: new SharedLookups({ lookUp, maxAtOnce, keepAlive: NODE_LOOP.keepAlive }),
    checkUsable: () => reactor.checkOpen(),
  });
}
