/** The program of `ropewalk web`. */
import { statSync } from 'node:fs';

import { serviceFromString } from '../application/endpoint-service.js';
import type { Service } from '../application/service.js';
import type { Reactor } from '../core/reactor.js';
import { HTTPFactory } from '../http/http-factory.js';
import { staticFiles } from '../http/serve-files.js';
import { fromArguments } from './built-in.js';
import { WEB } from './built-ins.js';
import { UsageError } from './usage-error.js';

export default function (reactor: Reactor, args: readonly string[]): Service {
  return fromArguments(WEB, args, ({ listen, values, args: [root = ''] }) => {
    if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
      throw new UsageError(`${root} is no folder`);
    }
    const factory = new HTTPFactory(reactor, staticFiles(root), {
      http2: values['no-http2'] !== true,
    });
    return serviceFromString(reactor, listen, factory, { name: 'web' });
  });
}
