/**
 * Every kind of disagreement with other parsers, and why it is deliberate. docs/design.md describes them for readers.
 *
 * `node`: Node's parser as it is by default. `insecure`: with `insecureHTTPParser`. `pure`: http-parser-js, which is tolerant.
 */

export type Peer = 'node' | 'insecure' | 'pure';

const ALL: readonly Peer[] = ['node', 'insecure', 'pure'];
const TOLERANT: readonly Peer[] = ['insecure', 'pure'];

export interface Deliberate {
  readonly peers: readonly Peer[];
  readonly why: string;
}

export const REQUESTS: Readonly<Record<string, Deliberate>> = {
  'behind the end': {
    peers: ALL,
    why: 'bytes behind Connection: close are dropped, not refused or read',
  },
  'looser: HPE_INVALID_METHOD': { peers: ['node', 'insecure'], why: 'any token is a method' },
  'looser: HPE_INVALID_VERSION': {
    peers: ['node', 'insecure'],
    why: 'PRI is a method like others',
  },
  'looser: closed': {
    peers: ['node', 'insecure'],
    why: 'PRI makes Node close the connection without the requests before it',
  },
  'looser: error': { peers: ['pure'], why: 'any token is a method' },
  'stricter: bare-cr': { peers: ALL, why: 'Node skips CR before the request line' },
  'stricter: bare-lf': { peers: ALL, why: 'Node accepts LF behind the request line and before it' },
  'stricter: chunk-end': { peers: TOLERANT, why: 'tolerant' },
  'stricter: chunk-extension': { peers: ALL, why: 'the grammar of extensions is checked' },
  'stricter: chunk-size': { peers: TOLERANT, why: 'tolerant' },
  'stricter: content-length': { peers: ALL, why: 'Node accepts lengths from 2^53 on' },
  'stricter: content-length-forbidden': {
    peers: ALL,
    why: 'CONNECT has no content: they take the bytes as content or as those of the tunnel',
  },
  'stricter: content-length-repeated': { peers: TOLERANT, why: 'tolerant' },
  'stricter: content-length-with-transfer-encoding': { peers: TOLERANT, why: 'tolerant' },
  'stricter: empty-line': { peers: ALL, why: 'one empty line is skipped, not any number' },
  'stricter: field-name': { peers: TOLERANT, why: 'tolerant' },
  'stricter: field-value': { peers: TOLERANT, why: 'tolerant' },
  'stricter: framing-whitespace': {
    peers: ALL,
    why: 'whitespace around framing values is a sign of smuggling',
  },
  'stricter: host': { peers: ALL, why: 'they do not look at Host' },
  'stricter: host-missing': { peers: ALL, why: 'they do not look at Host' },
  'stricter: host-repeated': { peers: ALL, why: 'they do not look at Host' },
  'stricter: method': { peers: TOLERANT, why: 'tolerant' },
  'stricter: obs-fold': { peers: TOLERANT, why: 'tolerant' },
  'stricter: space-before-colon': { peers: TOLERANT, why: 'tolerant' },
  'stricter: target': {
    peers: ALL,
    why: 'fragments, octets above ASCII, forms that do not fit the method',
  },
  'stricter: trailer': { peers: ALL, why: 'they do not look at trailers' },
  'stricter: transfer-coding': { peers: ALL, why: 'they leave the other codings to the caller' },
  'stricter: transfer-encoding': { peers: TOLERANT, why: 'tolerant' },
  'stricter: transfer-encoding-forbidden': {
    peers: ALL,
    why: 'they accept chunked in HTTP/1.0, and with CONNECT',
  },
  'stricter: version': { peers: ALL, why: 'Node accepts several spaces before the version' },
  'stricter: version-unsupported': { peers: ALL, why: 'they accept HTTP/0.9 and HTTP/2.0' },
};

export const RESPONSES: Readonly<Record<string, Deliberate>> = {
  'behind the end': {
    peers: ALL,
    why: 'bytes behind Connection: close are dropped, not refused or read',
  },
  'looser: HPE_CLOSED_CONNECTION': {
    peers: ['node', 'insecure'],
    why: 'Node takes an informational response in HTTP/1.0 for the last one',
  },
  'looser: incomplete': {
    peers: ALL,
    why: 'the caller knows which requests have no final response',
  },
  'stricter: bare-cr': { peers: ALL, why: 'Node accepts CR CR behind the status line' },
  'stricter: bare-lf': { peers: ALL, why: 'Node accepts LF behind the status line' },
  'stricter: chunk-end': { peers: TOLERANT, why: 'tolerant' },
  'stricter: chunk-extension': { peers: ALL, why: 'the grammar of extensions is checked' },
  'stricter: chunk-size': { peers: TOLERANT, why: 'tolerant' },
  'stricter: content-length': { peers: ALL, why: 'Node accepts lengths from 2^53 on' },
  'stricter: content-length-forbidden': { peers: ALL, why: '1xx and 204 have no Content-Length' },
  'stricter: content-length-repeated': { peers: TOLERANT, why: 'tolerant' },
  'stricter: content-length-with-transfer-encoding': { peers: TOLERANT, why: 'tolerant' },
  'stricter: field-name': { peers: TOLERANT, why: 'tolerant' },
  'stricter: field-value': { peers: TOLERANT, why: 'tolerant' },
  'stricter: framing-whitespace': {
    peers: ALL,
    why: 'whitespace around framing values is a sign of smuggling',
  },
  'stricter: obs-fold': { peers: TOLERANT, why: 'tolerant' },
  'stricter: space-before-colon': { peers: TOLERANT, why: 'tolerant' },
  'stricter: status-line': {
    peers: ALL,
    why: 'they accept codes below 100, more spaces and control characters',
  },
  'stricter: trailer': { peers: ALL, why: 'they do not look at trailers' },
  'stricter: transfer-coding': { peers: ALL, why: 'they leave the other codings to the caller' },
  'stricter: transfer-encoding': {
    peers: ALL,
    why: 'content with another coding could only end with the connection',
  },
  'stricter: transfer-encoding-forbidden': {
    peers: ALL,
    why: 'chunked in HTTP/1.0, and with 1xx and 204',
  },
  'stricter: unrequested-response': {
    peers: ALL,
    why: 'http.request ignores bytes behind its response',
  },
  'stricter: unrequested-upgrade': {
    peers: ALL,
    why: 'they leave it to the caller',
  },
  'stricter: version': { peers: ALL, why: 'another protocol' },
  'stricter: version-unsupported': { peers: ALL, why: 'they accept HTTP/0.9 and HTTP/2.0' },
};
