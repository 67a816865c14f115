// The certificate (ECDSA P-256, self-signed) and key of all TLS servers. They are public: for benches only.
import { readFileSync } from 'node:fs';

function read(name) {
  return readFileSync(new URL(name, import.meta.url));
}

export const cert = read('certificate.pem');
export const key = read('key.pem');
