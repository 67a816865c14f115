/** Checks that an options object has no unknown option: a mistyped one would be ignored silently. */
import { InvalidArgumentTypeError, UnknownOptionError } from '../core/errors/arguments.js';
import { checkPlainObject } from './check.js';
import { nearestName } from './nearest-name.js';

/** All option names of a type: the compiler rejects a table with missing or extra names. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true };

/** Options of other libraries, in lower case, and how to achieve their effect here. */
const ADVICE: Readonly<Record<string, string>> = {
  allowedheaders: 'cors has the option requestFields',
  allowh2: 'Clients and servers of HTTP have the option http2',
  allowhttp1: 'HTTP servers accept HTTP/1.1 beside HTTP/2; the option http2 is about the latter',
  allowhalfopen: 'A protocol that defines readConnectionLost stays open for writing',
  body: 'The content of an HTTP message is content; of a request also json, form or multipart',
  ca: 'The trusted certificates are trustRoots of a TLS context',
  cert: 'A certificate and its key are identity: { certificate, key } of a TLS context',
  data: 'The content of an HTTP message is content; of a request also json, form or multipart',
  exposedheaders: 'cors has the option exposedFields',
  handleprotocols: 'WebSocket servers have the option subprotocols',
  handshaketimeout: 'WebSocket clients have the option handshakeTimeoutMs',
  headers: 'The header fields of requests and responses are fields',
  headerstimeout: 'HTTP servers and clients have the option headTimeoutMs',
  keepalivetimeout: 'HTTP servers and clients have the option idleTimeoutMs',
  key: 'A certificate and its key are identity: { certificate, key } of a TLS context',
  max: 'limitRequests has the options requests and periodMs',
  maxage: 'cors and cookies have the option maxAgeSeconds; files have cacheControl',
  maxheadersize: 'HTTP servers and clients have the option maxHeadBytes',
  maxpayload: 'WebSockets have the option maxMessageBytes',
  noserver: 'To serve WebSockets beside HTTP, use a WebSocketAcceptor in the handler of serveHttp',
  params: 'The parameters of a URL are query',
  path: 'The path is an argument of its own',
  pauseonconnect: 'Call transport.pauseProducing() in connectionMade',
  permessagedeflate: 'WebSockets have the option deflate',
  port: 'The port is an argument of its own',
  rejectunauthorized:
    "Set trustRoots to the peer's certificate, or to TRUST_ANY; a server sets clientCertificates",
  requestcert: "Set clientCertificates to 'requested' or 'required'",
  recursive: 'A directory is watched with everything below it; maxDepth: 0 watches only itself',
  requesttimeout: 'HTTP servers have the options headTimeoutMs and contentTimeoutMs',
  resave: 'Only changes are stored',
  saveuninitialized: 'A session begins when the first value is stored',
  secret: 'Sessions need no secret: their ids are random, and the values are in the store',
  server: 'To serve WebSockets beside HTTP, use a WebSocketAcceptor in the handler of serveHttp',
  servername: 'The name to verify and to send is hostname',
  snicallback: 'Use serverNames or selectContext',
  verifyclient:
    'Origins are checked by allowedOrigins; check the rest in the handler of serveHttp before accept',
  windowms: 'limitRequests has the option periodMs',
};

/** Options of TLS contexts, which are often given elsewhere, and whose they are. */
const CONTEXT_OPTIONS: Readonly<Record<string, string>> = {
  alpnProtocols: 'a TLS context',
  checkHostname: 'TLSClientContext',
  clientCertificates: 'TLSServerContext',
  identity: 'a TLS context',
  mapClientCertificate: 'TLSServerContext',
  requestOCSP: 'TLSClientContext',
  selectContext: 'TLSServerContext',
  serverNames: 'TLSServerContext',
  sessionCacheSize: 'TLSClientContext',
  ticketKeyRotation: 'TLSServerContext',
  ticketKeys: 'TLSServerContext',
  trustRoots: 'a TLS context',
  watchFiles: 'TLSServerContext',
};

/**
 * Called for each connection made, so the good case allocates nothing. Options with the value undefined count as left out,
 * if their name is known.
 *
 * Options are a plain object, which may inherit defaults from another. Instances of classes are refused, even with fields that
 * are named like options: most are another argument in the wrong place, and accessors of a class would escape the check.
 * `{ ...instance }` passes the fields of one.
 *
 * @param what Names the function or class that takes the options.
 * @throws InvalidArgumentTypeError `options` is not a plain object.
 * @throws UnknownOptionError
 */
export function checkOptions<Options extends object>(
  what: string,
  options: Options,
  names: OptionNames<NoInfer<Options>>,
): void {
  if (Object.getPrototypeOf(options ?? 0) !== Object.prototype) {
    checkNoArguments(what, options, names);
    checkPlainObject(`options of ${what}`, options);
  }
  for (const name in options) {
    if (names[name] !== true && Object.hasOwn(options, name))
      throw unknownOption(what, name, names);
  }
}

/** The arguments of a program are an option, unlike in Twisted and in `child_process`. */
function checkNoArguments(what: string, options: unknown, names: object): void {
  if (!Array.isArray(options) || !('args' in names)) return;
  const hint = 'arguments of a program are { args: [...] }';
  throw new InvalidArgumentTypeError(`options of ${what}`, 'a plain object', options, hint);
}

/** The options that a table names: for options that contain those of something else. Undefined values are left out. */
export function pickOptions<Options>(options: object, names: OptionNames<Options>): Options {
  const entries = Object.entries(options).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(names, name),
  );
  return Object.fromEntries(entries) as Options;
}

/** The options that a table does not name. */
export function omitOptions<Options extends object, Omitted>(
  options: Options,
  names: OptionNames<Omitted>,
): Omit<Options, keyof Omitted> {
  const entries = Object.entries(options).filter(([name]) => !Object.hasOwn(names, name));
  return Object.fromEntries(entries) as Omit<Options, keyof Omitted>;
}

function unknownOption(what: string, option: string, names: object): UnknownOptionError {
  const known = Object.keys(names).sort();
  const advice = adviceOn(option);
  const suggestion = advice === undefined ? nearestName(option, known) : undefined;
  return new UnknownOptionError(what, option, known, suggestion, advice);
}

function adviceOn(option: string): string | undefined {
  if (Object.hasOwn(CONTEXT_OPTIONS, option))
    return `It is an option of ${CONTEXT_OPTIONS[option]}`;
  const lower = option.toLowerCase();
  return Object.hasOwn(ADVICE, lower) ? ADVICE[lower] : undefined;
}
