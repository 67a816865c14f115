/** The arguments of `ropewalk talk`. */
import { isIP } from 'node:net';

import { parseFlags } from './parse-flags.js';
import { UsageError } from './usage-error.js';

export type TalkTarget =
  | { readonly kind: 'tcp' | 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export const TALK_USAGE: string = `Usage: ropewalk talk HOST PORT [--udp]
       ropewalk talk PATH

Connects to a server (PATH: to a UNIX socket), sends the standard input and
prints what comes back. At the end of the input (Ctrl-D) it finishes sending and
prints the rest until the server closes the connection. On a terminal, control
characters are printed as escapes.

  --udp             send each line as a datagram, without its line ending, and
                    print each answer on a line; ends 1 s after the last one
  --help            show this

Ctrl-C stops it. ROPEWALK_REACTOR=native or node chooses the reactor.
Exit code 0: the connection ended normally; 1: it failed; 2: wrong arguments.
`;

/**
 * Reads the arguments.
 * @returns Undefined if help was requested.
 * @throws UsageError
 */
export function parseTalkOptions(args: readonly string[]): TalkTarget | undefined {
  const { values, positionals } = parseFlags('talk', args, FLAGS, true);
  if (values.help === true) return undefined;
  const [target, port, ...rest] = positionals;
  if (target === undefined || rest.length > 0) {
    throw new UsageError('talk takes HOST PORT, or the PATH of a UNIX socket');
  }
  if (port !== undefined) {
    return { kind: values.udp === true ? 'udp' : 'tcp', host: bare(target), port: portOf(port) };
  }
  if (values.udp === true) throw new UsageError('talk --udp takes HOST PORT');
  if (!/[/\\]/.test(target)) {
    const joined = /^(.+):(\d{1,5})$/.exec(target);
    const hint =
      joined === null || isIP(target) !== 0
        ? `a PATH has to contain a slash: ./${target}`
        : `separate the port with a space: ropewalk talk ${joined[1]} ${joined[2]}`;
    throw new UsageError(`talk ${target} lacks a port; ${hint}`);
  }
  return { kind: 'unix', path: target };
}

const FLAGS = { help: { type: 'boolean', short: 'h' }, udp: { type: 'boolean' } } as const;

/** IPv6 addresses may be in brackets, as in URLs. */
function bare(host: string): string {
  return /^\[(.+)\]$/.exec(host)?.[1] ?? host;
}

function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(`the port is a whole number from 1 to 65535, not "${text}"`);
}
