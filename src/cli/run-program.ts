/** Loads the program of `ropewalk run`, and makes an application of its default export. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Application } from '../application/application.js';
import type { ServiceLike } from '../application/service-like.js';
import type { Reactor } from '../core/reactor.js';
import { firstSentence } from './parse-flags.js';
import { prepareTypeScript } from './typescript.js';
import { UsageError } from './usage-error.js';

type MakeService = (
  reactor: Reactor,
  args: readonly string[],
) => ServiceLike | PromiseLike<ServiceLike>;

/** The default export of a program. */
export type Program = ServiceLike | MakeService;

const CHECK_TIMEOUT_MS = 10_000;
const EXPECTED =
  'export an Application, a service, or a function (reactor, arguments) that returns a service';

/** @throws UsageError, and the error of the program. */
export async function loadProgram(file: string): Promise<Program> {
  const path = resolve(file);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`there is no file or service ${file}`);
  if (!stat.isFile()) throw new UsageError(`${file} is no file`);
  await prepareTypeScript(path, file);
  const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  const program = module.default;
  if (program === undefined) throw new UsageError(`${file} has no default export: ${EXPECTED}`);
  if (typeof program === 'function' || isService(program)) return program as Program;
  throw new UsageError(`the default export of ${file} cannot be run: ${EXPECTED}`);
}

/** The file, line and message of a syntax error, which Node shows only if nothing catches it; undefined if it is in another file. */
export function syntaxErrorIn(file: string): string | undefined {
  const options = { encoding: 'utf8', timeout: CHECK_TIMEOUT_MS } as const;
  const { stderr } = spawnSync(process.execPath, ['--check', resolve(file)], options);
  return /^[\s\S]*?SyntaxError: .*$/m.exec(stderr ?? '')?.[0];
}

/** The reactor that a program has chosen itself. */
export function reactorOf(program: Program): Reactor | undefined {
  const { reactor } = program as { readonly reactor?: Reactor };
  return typeof program === 'function' ? undefined : reactor;
}

/** @throws UsageError, and the error of the program. */
export async function applicationOf(
  program: Program,
  file: string,
  reactor: Reactor,
  args: readonly string[],
): Promise<Application> {
  const service =
    typeof program === 'function' ? await made(program, file, reactor, args) : program;
  if (service instanceof Application) return service;
  if (!isService(service)) {
    throw new UsageError(`the function that ${file} exports does not return a service`);
  }
  const application = new Application(
    service.name ?? basename(file).replace(/\.\w+$/, ''),
    reactor,
  );
  application.addService(service);
  return application;
}

/** @throws UsageError the program refuses its arguments, by `parseArgs` of node:util. */
async function made(
  make: MakeService,
  file: string,
  reactor: Reactor,
  args: readonly string[],
): Promise<ServiceLike> {
  try {
    return await make(reactor, args);
  } catch (error) {
    if (!isParseArgsError(error)) throw error;
    throw new UsageError(`the arguments of ${file} are wrong: ${firstSentence(error.message)}`);
  }
}

function isParseArgsError(error: unknown): error is Error {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return error instanceof Error && typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS_');
}

function isService(value: unknown): value is ServiceLike {
  const { startService, stopService } = (value ?? {}) as Partial<ServiceLike>;
  return typeof startService === 'function' && typeof stopService === 'function';
}
