/** A certificate authority by `openssl ca`, for the certificates that no proper authority issues. */
import { readFileSync } from 'node:fs';
import { pinOfCertificate } from '../../../src/tls/index.js';
import { HOSTNAME } from '../../tls/secured.js';
import type { PeerFiles } from '../peer-files.js';
import { openssl } from './rig.js';

export interface IssueOptions {
  /** As `openssl ca` takes them: YYYYMMDDHHMMSSZ. */
  readonly from?: string;
  readonly to?: string;
  /** Lines of a section of extensions. Default: the host name. */
  readonly extensions?: string;
  /** As `openssl req -newkey`. Default: P-256. */
  readonly key?: string;
  readonly digest?: string;
}

const CA = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign';
const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export class OpenSSLAuthority {
  /** Its certificate and key. */
  readonly file: string;
  readonly #files: PeerFiles;
  readonly #name: string;
  readonly #config: string;

  /** @param file Default: a self-signed certificate. */
  constructor(files: PeerFiles, name: string, file?: string) {
    this.#files = files;
    this.#name = name;
    this.file = file ?? selfSigned(files, name);
    const index = files.write(`${name}.index`, '');
    files.write(`${name}.index.attr`, 'unique_subject = no\n');
    const lines = [
      ...['[ca]', 'default_ca=this', '[this]', `database=${index}`, `certificate=${this.file}`],
      ...[`private_key=${this.file}`, `new_certs_dir=${files.folder}`, 'default_md=sha256'],
      ...['policy=policy', 'default_days=30', 'default_crl_days=30', 'rand_serial=yes'],
      ...['[policy]', 'commonName=supplied', '[req]', 'distinguished_name=dn', '[dn]', ''],
    ];
    this.#config = files.write(`${name}.cnf`, lines.join('\n'));
  }

  /** @returns The file of the certificate and its key. */
  issue(name: string, options: IssueOptions = {}): string {
    const base = `${this.#name}-${name}`;
    const [request, key, certificate] = ['csr', 'key', 'crt'].map((type) =>
      this.#files.path(`${base}.${type}`),
    ) as [string, string, string];
    const extensions = options.extensions ?? `subjectAltName=DNS:${HOSTNAME}`;
    const section = this.#files.write(`${base}.ext`, `${extensions}\n`);
    const newKey = options.key === undefined ? P256 : ['-newkey', options.key];
    openssl([
      ...['req', '-config', this.#config, '-new', '-nodes', ...newKey],
      ...['-keyout', key, '-out', request, '-subj', `/CN=${name}`],
    ]);
    openssl([
      ...['ca', '-config', this.#config, '-batch', '-notext', '-in', request, '-out', certificate],
      ...['-extfile', section, '-md', options.digest ?? 'sha256'],
      ...(options.from === undefined ? [] : ['-startdate', options.from]),
      ...(options.to === undefined ? [] : ['-enddate', options.to]),
    ]);
    return this.#files.write(
      `${base}.pem`,
      [certificate, key].map((f) => readFileSync(f)).join('\n'),
    );
  }

  /** An authority that this one vouches for. */
  intermediate(name: string, extensions: string = CA): OpenSSLAuthority {
    return new OpenSSLAuthority(this.#files, name, this.issue(name, { extensions }));
  }

  revoke(file: string): void {
    openssl(['ca', '-config', this.#config, '-revoke', file]);
  }

  /** Its revocation list, PEM. */
  crl(from?: string, to?: string): string {
    return openssl([
      ...['ca', '-config', this.#config, '-gencrl'],
      ...(from === undefined ? [] : ['-crl_lastupdate', from]),
      ...(to === undefined ? [] : ['-crl_nextupdate', to]),
    ]);
  }

  pin(file: string): string {
    return pinOfCertificate(readFileSync(file));
  }
}

function selfSigned(files: PeerFiles, name: string): string {
  const [certificate, key] = ['root.crt', 'root.key'].map((type) =>
    files.path(`${name}.${type}`),
  ) as [string, string];
  openssl([
    ...['req', '-x509', ...P256, '-nodes', '-keyout', key, '-out', certificate],
    ...[
      '-subj',
      `/CN=${name}`,
      '-days',
      '30',
      '-addext',
      'keyUsage=critical,keyCertSign,cRLSign,digitalSignature',
    ],
  ]);
  return files.write(
    `${name}.pem`,
    [certificate, key].map((file) => readFileSync(file)).join('\n'),
  );
}
