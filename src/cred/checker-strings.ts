/**
 * Checkers as strings, for options of programs, as Twisted's strcred: `file:/etc/ropewalk/users`. The syntax is that of endpoint
 * strings: arguments are separated by colons, and a backslash quotes the next character.
 *
 * Strings may contain passwords, so errors name arguments by their position or known name and never show what was given.
 */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { type ParsedEndpoint, parseEndpoint } from '../endpoints/endpoint-syntax.js';
import { checkFunction, checkObject, checkSecretString, checkString } from '../internal/check.js';
import { nearestName } from '../internal/nearest-name.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { type ANONYMOUS, AnonymousChecker } from './anonymous-checker.js';
import type { AnyChecker, CredentialsChecker } from './checker.js';
import type { CheckerTypeName } from './checker-type-names.js';
import type { Anonymous, UsernamePassword } from './credentials.js';
import { InvalidCheckerError, UnknownCheckerTypeError } from './errors.js';
import { FileChecker, unixChecker } from './files/file-checker.js';
import { type ComparablePassword, MemoryChecker } from './memory-checker.js';
import type { PasswordHasher } from './passwords/password-hasher.js';
import { SSHKeyChecker, type SSHPublicKey } from './ssh/ssh-key-checker.js';

/** The arguments of a checker string, after the type. */
export class CheckerArguments {
  readonly #type: string;
  readonly #parsed: ParsedEndpoint;

  /** @internal */
  constructor(type: string, parsed: ParsedEndpoint) {
    this.#type = type;
    this.#parsed = parsed;
  }

  /** The arguments without a key. */
  get positional(): readonly string[] {
    return this.#parsed.positional.slice(1);
  }

  /**
   * Values by name.
   * @param positional The names of arguments without a key, in their order; each may also be given by its name.
   * @param named The names of arguments that are only given by name.
   * @throws InvalidCheckerError an argument is unknown, given twice, or one too many.
   */
  bind(positional: readonly string[], named: readonly string[] = []): ReadonlyMap<string, string> {
    const known = [...positional, ...named];
    const values = new Map<string, string>();
    for (const [index, value] of this.positional.entries()) {
      const name = positional[index];
      if (name === undefined) {
        throw this.error(
          `argument ${index + 1} is one too many. A colon inside a value is written \\:`,
        );
      }
      values.set(name, value);
    }
    for (const [name, value] of this.#parsed.named) {
      if (!known.includes(name)) {
        throw this.error(
          `there is an argument of another name. Its arguments: ${known.join(', ') || 'none'}. An equals sign inside a value without a key is written \\=`,
        );
      }
      if (values.has(name)) throw this.error(`'${name}' is given twice`);
      values.set(name, value);
    }
    return values;
  }

  /** @param problem Must not contain values of arguments. */
  error(problem: string, options?: ErrorOptions): InvalidCheckerError {
    return new InvalidCheckerError(`checker of the type ${this.#type}: ${problem}`, options);
  }
}

/**
 * A type of checker strings.
 *
 * @example
 * const ldap: CheckerType = {
 *   prefix: 'ldap',
 *   help: 'ldap:URL',
 *   make: (args) => new LDAPChecker(args.bind(['url']).get('url') ?? 'ldap://localhost'),
 * };
 * checkerFromString('ldap:ldaps\\://example.com', { types: [ldap] });
 */
export interface CheckerType {
  /** Compared without regard to case. A type of the caller takes precedence over a built-in one. */
  readonly prefix: string;
  /** Its syntax, for the help of programs. */
  readonly help?: string;
  make(
    args: CheckerArguments,
    context: CheckerStringContext,
  ): AnyChecker<string | typeof ANONYMOUS>;
}

/** Objects that checkers of strings share. */
export interface CheckerStringContext {
  /** For checkers of files; undefined: each has its own. */
  readonly hasher: PasswordHasher | undefined;
}

export interface CheckerStringOptions {
  /** Types besides the built-in ones. */
  readonly types?: readonly CheckerType[];
  /** For checkers of files: those that share one share its limits. Default: each has its own. */
  readonly hasher?: PasswordHasher;
}

const OPTIONS: OptionNames<CheckerStringOptions> = { types: true, hasher: true };

const BUILT_IN: readonly (CheckerType & { readonly prefix: CheckerTypeName })[] = [
  {
    prefix: 'anonymous',
    help: 'anonymous',
    make(args) {
      args.bind([]);
      return new AnonymousChecker();
    },
  },
  {
    prefix: 'file',
    help: 'file:PATH (an htpasswd file)',
    make: (args, context) =>
      new FileChecker(required(args, args.bind(['path']), 'path'), shared(context)),
  },
  { prefix: 'memory', help: 'memory:NAME:PASSWORD[:NAME:PASSWORD...]', make: memory },
  {
    prefix: 'sshkey',
    help: 'sshkey:PATH (%u: the name of the user) or sshkey:PATH:user=NAME',
    make(args) {
      const values = args.bind(['path'], ['user']);
      const path = required(args, values, 'path');
      const user = values.get('user');
      if (user === undefined && !path.includes('%u')) {
        throw args.error("the path needs %u, or 'user' must be given");
      }
      return new SSHKeyChecker(path, user === undefined ? {} : { username: user });
    },
  },
  {
    prefix: 'unix',
    help: 'unix[:PATH] (default /etc/shadow)',
    make(args, context) {
      const path = args.bind(['path']).get('path');
      return unixChecker({ ...shared(context), ...(path === undefined ? {} : { path }) });
    },
  },
];

/** The credentials that checkers of the built-in types accept. */
export type StringCheckedCredentials =
  | ComparablePassword
  | Anonymous
  | SSHPublicKey
  | UsernamePassword;

/**
 * The checker that a string describes: `anonymous`, `file:PATH`, `memory:NAME:PASSWORD`, `sshkey:PATH`, `unix`. Users see passwords of
 * command lines in the list of processes: `memory` is for tests.
 *
 * @throws InvalidCheckerError, UnknownCheckerTypeError no argument's value is in the message.
 * @throws InvalidArgumentTypeError, UnknownOptionError the arguments of this function are wrong.
 */
export function checkerFromString(text: string, options: CheckerStringOptions = {}): StringChecker {
  checkSecretString('text', text);
  checkOptions('checkerFromString', options, OPTIONS);
  const types = allTypes(options);
  const parsed = parsedWithoutText(text);
  const [prefix] = parsed.positional;
  const type = types.find((one) => one.prefix.toLowerCase() === prefix?.toLowerCase());
  if (type === undefined) {
    const known = [...new Set(types.map((one) => one.prefix))].sort();
    throw new UnknownCheckerTypeError(
      known,
      prefix === undefined ? undefined : nearestName(prefix, known),
    );
  }
  const context: CheckerStringContext = { hasher: options.hasher };
  return type.make(new CheckerArguments(type.prefix, parsed), context) as unknown as StringChecker;
}

/** A checker of a string. The kinds of credentials that it accepts are only known at run time: `kinds` lists them. */
export type StringChecker = CredentialsChecker<StringCheckedCredentials, string | typeof ANONYMOUS>;

/** The syntax of each type, for the help of programs. */
export function checkerTypesHelp(options: CheckerStringOptions = {}): string[] {
  checkOptions('checkerTypesHelp', options, OPTIONS);
  return allTypes(options).map(({ prefix, help = prefix }) => help);
}

function allTypes({ types = [] }: CheckerStringOptions): readonly CheckerType[] {
  if (!Array.isArray(types)) throw new InvalidArgumentTypeError('types', 'an array', types);
  for (const type of types) {
    checkObject('types', type);
    checkString('prefix', type.prefix);
    checkFunction(`make of ${type.prefix}`, type.make);
  }
  return [...types, ...BUILT_IN];
}

/** The parser's error shows the text. */
function parsedWithoutText(text: string): ParsedEndpoint {
  try {
    return parseEndpoint(text);
  } catch {
    throw new InvalidCheckerError('a checker string ends with a backslash, which quotes nothing');
  }
}

function memory(args: CheckerArguments): MemoryChecker {
  const values = args.positional;
  args.bind(values.map((_value, index) => `argument ${index + 1}`));
  if (values.length === 0 || values.length % 2 !== 0) {
    throw args.error(
      'it needs a password for each name. A colon inside a password is written \\:, an equals sign \\=',
    );
  }
  const checker = new MemoryChecker();
  for (let index = 0; index < values.length; index += 2) {
    try {
      checker.addUser(values[index] as string, values[index + 1] as string);
    } catch {
      throw args.error(`argument ${index + 1} must be a name without control characters`);
    }
  }
  return checker;
}

function required(
  args: CheckerArguments,
  values: ReadonlyMap<string, string>,
  name: string,
): string {
  const value = values.get(name);
  if (value === undefined || value === '') throw args.error(`'${name}' is missing`);
  return value;
}

function shared({ hasher }: CheckerStringContext): { hasher?: PasswordHasher } {
  return hasher === undefined ? {} : { hasher };
}
