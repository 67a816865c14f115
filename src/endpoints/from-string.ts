/** Makes endpoints from strings. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  UnknownOptionError,
} from '../core/errors/arguments.js';
import { InvalidHostNameError } from '../core/errors/names.js';
import { TLSContextError } from '../core/errors/tls.js';
import type { StreamClientEndpoint, StreamServerEndpoint } from '../core/stream-endpoint.js';
import { messageOf } from '../core/text-of.js';
import { checkFunction, checkObject, checkReactorWith, checkString } from '../internal/check.js';
import { nearestName } from '../internal/nearest-name.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { BUILT_IN_TYPES } from './built-in-types.js';
import { EndpointArguments } from './endpoint-arguments.js';
import { parseEndpoint } from './endpoint-syntax.js';
import type { EndpointContext, EndpointReactor, EndpointType } from './endpoint-type.js';
import { InvalidEndpointError, UnknownEndpointTypeError } from './errors.js';
import { foundPrefixes, foundType } from './found-types.js';

export interface EndpointStringOptions {
  /** Types besides the built-in ones; one with the prefix of a built-in type replaces it. */
  readonly types?: readonly EndpointType[];
}

const OPTIONS: OptionNames<EndpointStringOptions> = { types: true };

/**
 * The client endpoint that a string describes, such as `tcp:example.com:80`. docs/howto/endpoints.md lists the types.
 *
 * @throws InvalidEndpointError, UnknownEndpointTypeError
 * @throws InvalidArgumentTypeError, UnknownOptionError the arguments of this function are wrong.
 */
export function clientFromString(
  reactor: EndpointReactor,
  text: string,
  options: EndpointStringOptions = {},
): StreamClientEndpoint {
  checkReactorWith('callLater', reactor);
  const types = allTypes('clientFromString', options);
  const parse = (inner: string): StreamClientEndpoint => endpoint('client', types, inner, context);
  const context: EndpointContext<StreamClientEndpoint> = { reactor, parse };
  return parse(text);
}

/**
 * The server endpoint that a string describes, such as `tcp:8080:interface=127.0.0.1`. docs/howto/endpoints.md lists the types.
 *
 * @throws InvalidEndpointError, UnknownEndpointTypeError
 * @throws InvalidArgumentTypeError, UnknownOptionError the arguments of this function are wrong.
 */
export function serverFromString(
  reactor: EndpointReactor,
  text: string,
  options: EndpointStringOptions = {},
): StreamServerEndpoint {
  checkReactorWith('callLater', reactor);
  const types = allTypes('serverFromString', options);
  const parse = (inner: string): StreamServerEndpoint => endpoint('server', types, inner, context);
  const context: EndpointContext<StreamServerEndpoint> = { reactor, parse };
  return parse(text);
}

function allTypes(what: string, options: EndpointStringOptions): readonly EndpointType[] {
  checkOptions(what, options, OPTIONS);
  const { types = [] } = options;
  if (!Array.isArray(types)) throw new InvalidArgumentTypeError('types', 'an array', types);
  for (const type of types) {
    checkObject('types', type);
    checkString('prefix', type.prefix);
    if (type.client !== undefined) checkFunction(`client of ${type.prefix}`, type.client);
    if (type.server !== undefined) checkFunction(`server of ${type.prefix}`, type.server);
  }
  return [...types, ...BUILT_IN_TYPES];
}

interface Endpoints {
  readonly client: StreamClientEndpoint;
  readonly server: StreamServerEndpoint;
}

function endpoint<Side extends keyof Endpoints>(
  side: Side,
  types: readonly EndpointType[],
  text: string,
  context: EndpointContext<Endpoints[Side]>,
): Endpoints[Side] {
  const parsed = parseEndpoint(checkString('text', text));
  const [prefix] = parsed.positional;
  if (prefix === undefined) throw new InvalidEndpointError(text, 'it has no type');
  const type =
    types.find((one) => one.prefix.toLowerCase() === prefix.toLowerCase()) ?? found(text, prefix);
  const make = type?.[side] as Maker<Endpoints[Side]> | undefined;
  if (make === undefined) {
    const known = types.filter((one) => one[side] !== undefined).map((one) => one.prefix);
    const names = [...new Set([...known, ...foundPrefixes()])].sort();
    const suggestion = type === undefined ? nearestName(prefix, names) : undefined;
    throw new UnknownEndpointTypeError(text, side, prefix, names, suggestion, type !== undefined);
  }
  try {
    return make.call(type, new EndpointArguments(text, parsed), context);
  } catch (error) {
    if (!isArgumentError(error)) throw error;
    throw new InvalidEndpointError(text, messageOf(error), { cause: error });
  }
}

/** @throws InvalidEndpointError */
function found(text: string, prefix: string): EndpointType | undefined {
  try {
    return foundType(prefix);
  } catch (error) {
    throw new InvalidEndpointError(text, messageOf(error), { cause: error });
  }
}

type Maker<Endpoint> = (args: EndpointArguments, context: EndpointContext<Endpoint>) => Endpoint;

function isArgumentError(error: unknown): boolean {
  return (
    error instanceof InvalidArgumentTypeError ||
    error instanceof InvalidArgumentValueError ||
    error instanceof UnknownOptionError ||
    error instanceof InvalidHostNameError ||
    error instanceof TLSContextError
  );
}
