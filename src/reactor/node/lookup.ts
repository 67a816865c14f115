/** Looks names up by `dns.lookup`, which blocks a thread of libuv's pool until the system has answered. */
import { lookup } from 'node:dns';

import { ROOT_CONTEXT } from '../../internal/async-context.js';
import type { LookUp } from '../../resolver/shared-lookups.js';

/**
 * Half of libuv's pool, so that files and cryptography have the other half, however slow the name servers are. Libuv gives
 * look-ups no more than that of its four threads; further ones would wait in its queue, from which they can't be removed.
 */
export const NODE_LOOKUPS_AT_ONCE = 2;

/** An answer serves many callers, so it runs in no caller's context. */
export const nodeLookUp: LookUp = (name, family, done) =>
  ROOT_CONTEXT.runInAsyncScope(() => {
    lookup(name, { all: true, verbatim: true, family }, (error, found) => {
      if (error !== null) done(error, []);
      else
        done(
          null,
          found.map(({ address, family: version }) => ({
            address,
            family: version === 6 ? 'IPv6' : 'IPv4',
          })),
        );
    });
  });
