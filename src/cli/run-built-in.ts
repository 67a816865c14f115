/** Commands that run a program of this package as `ropewalk run` does. */
import { fileURLToPath } from 'node:url';

import { InvalidEndpointError, UnknownEndpointTypeError } from '../endpoints/errors.js';
import { UsageError } from './usage-error.js';

/** A program that takes an endpoint and the arguments of the command. */
export interface BuiltIn {
  readonly name: 'echo' | 'web';
  readonly file: string;
  /** The default of `--listen`. */
  readonly listen: string;
  readonly usage: string;
}

const COMMON = `
  --listen ENDPOINT where to listen, such as tcp:8080, unix:/run/web.sock or
                    systemd:index=0; tcp:8080 is open to other machines
                    (default DEFAULT)

The flags of \`ropewalk run\`, such as --log and --workers, are available too:
\`ropewalk run --help\` explains them, and the signals and exit codes.
`;

function builtIn(name: BuiltIn['name'], listen: string, usage: string): BuiltIn {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const file = fileURLToPath(new URL(`./run-${name}${extension}`, import.meta.url));
  return { name, file, listen, usage: usage + COMMON.replace('DEFAULT', listen) };
}

export const ECHO: BuiltIn = builtIn(
  'echo',
  'tcp:7007:interface=127.0.0.1',
  `Usage: ropewalk echo [flags]

Sends back all that it receives (RFC 862).
`,
);

export const WEB: BuiltIn = builtIn(
  'web',
  'tcp:8080:interface=127.0.0.1',
  `Usage: ropewalk web [flags] ROOT

Serves the files of the folder ROOT by HTTP: index files, ranges and conditional
requests. Folders are not listed, and dot files do not exist.
`,
);

/**
 * Makes a service for arguments of a command line.
 * @param count The number of arguments that it takes.
 * @throws UsageError
 */
export function checkedEndpoint<S>(
  name: string,
  args: readonly string[],
  count: number,
  make: () => S,
): S {
  if (args.length !== count) {
    throw new UsageError(`${name} takes ${count} arguments; \`ropewalk ${name} --help\` explains`);
  }
  try {
    return make();
  } catch (error) {
    if (!(error instanceof InvalidEndpointError || error instanceof UnknownEndpointTypeError)) {
      throw error;
    }
    throw new UsageError(`--listen: ${error.message}`);
  }
}
