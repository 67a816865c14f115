/** The endpoint types `tls` and `ssl`. Names, order and defaults of the arguments are Twisted's. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../core/address.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { messageOf } from '../core/text-of.js';
import type { Deferred } from '../defer/deferred.js';
import { showAsText } from '../internal/shown-as-text.js';
import { readCertificates } from '../tls/certificates.js';
import type { TLSClientOptions } from '../tls/client-context.js';
import type { TLSOptions } from '../tls/context-options.js';
import { TLSServerFactory } from '../tls/factories.js';
import type { TLSIdentityOptions } from '../tls/identities.js';
import type { EndpointArguments, EndpointValues } from './endpoint-arguments.js';
import type { EndpointType } from './endpoint-type.js';
import { PemDirectory } from './pem-directory.js';
import { identityFrom, type NamedBytes } from './pem-files.js';
import { bindTCPClient, tcpClient, tcpServer } from './tcp-arguments.js';
import { wrapClientTLS, wrapServerTLS } from './tls.js';

const HTTPS_PORT = 443;

/** `tls:HOST:PORT`; servers: `tls:FOLDER:port=443`, with the certificates in the folder. `endpoint` replaces TCP. */
export const TLS: EndpointType = {
  prefix: 'tls',
  client(args, { reactor, parse }) {
    const values = bindTCPClient(args, ['certificate', 'privateKey', 'trustRoots', 'endpoint']);
    const context = clientOptions(args, values, 'certificate', 'trustRoots');
    const hostname = values.text('host');
    const tcp = tcpClient(reactor, values);
    if (!values.has('endpoint')) return wrapClientTLS(context, tcp, { hostname });
    refuseBeside(args, values, ['timeout', 'bindAddress']);
    return wrapClientTLS(context, parse(values.text('endpoint')), { hostname });
  },
  server(args, { reactor, parse }) {
    const values = args.bind(['pemdir', 'port', 'backlog', 'interface'], ['endpoint']);
    const folder = values.text('pemdir');
    if (/^\d{1,5}$/.test(folder) && !existsSync(folder)) {
      const meant = `'pemdir' must be a folder of certificates, not a port: tls:FOLDER:port=${folder}`;
      throw args.error(meant);
    }
    const directory = new PemDirectory(folder, reactor);
    if (!values.has('endpoint')) {
      return new PemDirectoryEndpoint(directory, tcpServer(reactor, values, {}, HTTPS_PORT));
    }
    refuseBeside(args, values, ['port', 'backlog', 'interface']);
    return new PemDirectoryEndpoint(directory, parse(values.text('endpoint')));
  },
};

/** `ssl:HOST:PORT`; servers: `ssl:PORT`, with one certificate. */
export const SSL: EndpointType = {
  prefix: 'ssl',
  client(args, { reactor }) {
    const values = bindTCPClient(args, ['privateKey', 'certKey', 'caCertsDir', 'hostname']);
    const context = clientOptions(args, values, 'certKey', 'caCertsDir');
    const hostname = values.text('hostname', values.text('host'));
    return wrapClientTLS(context, tcpClient(reactor, values), { hostname });
  },
  server(args, { reactor }) {
    const values = args.bind([
      'port',
      'privateKey',
      'certKey',
      'sslmethod',
      'interface',
      'backlog',
      'extraCertChain',
      'dhParameters',
    ]);
    if (values.has('dhParameters')) {
      throw args.error("'dhParameters' is not supported: the key exchange uses elliptic curves");
    }
    const keyFile = values.text('privateKey', 'server.pem');
    const more = (name: string): NamedBytes[] =>
      values.has(name) ? [read(args, name, values.text(name))] : [];
    const [certificate] = more('certKey');
    const key = read(
      args,
      'privateKey',
      keyFile,
      certificate === undefined ? 'certKey' : undefined,
    );
    const identity = identityFrom(key, [certificate ?? key, ...more('extraCertChain')]);
    const context = { identity, ...versions(args, values.text('sslmethod', 'SSLv23_METHOD')) };
    return wrapServerTLS(context, tcpServer(reactor, values));
  },
};

/** A new certificate in the folder is used for new connections. */
class PemDirectoryEndpoint implements StreamServerEndpoint {
  readonly #directory: PemDirectory;
  readonly #endpoint: StreamServerEndpoint;

  constructor(directory: PemDirectory, endpoint: StreamServerEndpoint) {
    this.#directory = directory;
    this.#endpoint = endpoint;
  }

  listen(factory: FactoryLike): Deferred<ListeningPort<Address>> {
    return this.#endpoint.listen(new PemDirectoryFactory(this.#directory, factory));
  }

  toString(): string {
    return `<TLS over ${this.#endpoint}>`;
  }
}

class PemDirectoryFactory extends TLSServerFactory {
  readonly #directory: PemDirectory;

  constructor(directory: PemDirectory, factory: FactoryLike) {
    super(directory.context, factory);
    this.#directory = directory;
  }

  override buildProtocol(address: Address): StreamProtocol | null {
    this.#directory.refresh();
    return super.buildProtocol(address);
  }
}

/** Refuses arguments of TCP if there is another endpoint. */
function refuseBeside(args: EndpointArguments, values: EndpointValues, names: string[]): void {
  const wrong = names.find((name) => values.has(name));
  if (wrong !== undefined) throw args.error(`'${wrong}' belongs in the string of 'endpoint'`);
}

/** @param certificate, roots The names of these arguments. */
function clientOptions(
  args: EndpointArguments,
  values: EndpointValues,
  certificate: string,
  roots: string,
): TLSClientOptions {
  if (values.has('privateKey') && !values.has(certificate)) {
    throw args.error(`'privateKey' needs '${certificate}'`);
  }
  return {
    ...(values.has(certificate) && { identity: clientIdentity(args, values, certificate) }),
    ...(values.has(roots) && { trustRoots: readRoots(args, roots, values.text(roots)) }),
  };
}

function clientIdentity(
  args: EndpointArguments,
  values: EndpointValues,
  certificate: string,
): TLSIdentityOptions {
  const key = values.has('privateKey')
    ? read(args, 'privateKey', values.text('privateKey'))
    : undefined;
  const also = key === undefined ? 'privateKey' : undefined;
  const own = read(args, certificate, values.text(certificate), also);
  return identityFrom(key ?? own, [own]);
}

/** The certificates in a file, or in the files `*.pem` of a folder. DER. */
function readRoots(args: EndpointArguments, argument: string, path: string): Buffer[] {
  let files = [path];
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    const pems = readdirSync(path).filter((file) => file.toLowerCase().endsWith('.pem'));
    if (pems.length === 0) throw args.error(`'${argument}': ${path} contains no file *.pem`);
    files = pems.sort().map((file) => join(path, file));
  }
  return files.flatMap((file) => {
    const { name, bytes } = read(args, argument, file);
    return readCertificates(name, bytes);
  });
}

/** @param also The argument that was left out, and that this file takes the place of. */
function read(args: EndpointArguments, argument: string, file: string, also?: string): NamedBytes {
  const use = also === undefined ? '' : `, used as '${also}' too,`;
  try {
    return { name: `'${argument}' (${file})${use}`, bytes: readFileSync(file) };
  } catch (error) {
    throw args.error(`'${argument}': ${messageOf(error)}`);
  }
}

/** Names of OpenSSL's functions. Versions below TLS 1.2 do not exist here. */
function versions(args: EndpointArguments, method: string): Pick<TLSOptions, 'maxVersion'> {
  if (method === 'SSLv23_METHOD' || method === 'TLS_METHOD') return {};
  if (method === 'TLSv1_2_METHOD') return { maxVersion: 'TLSv1.2' };
  throw args.error(`'sslmethod' must be TLS_METHOD or TLSv1_2_METHOD, not ${method}`);
}

showAsText(PemDirectoryEndpoint);
