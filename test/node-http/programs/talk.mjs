// What the clients of the programs do: raw requests over TCP, whose answers are compared byte by byte.
import { connect } from 'node:net';

/** Everything that a server sends in answer to some text, until it ends the connection. */
export function raw(port, ...pieces) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const received = [];
    socket.on('data', (data) => received.push(data));
    socket.on('error', reject);
    socket.on('close', () => resolve(withoutDate(Buffer.concat(received).toString('latin1'))));
    for (const piece of pieces) socket.write(piece);
  });
}

/** A request that ends the connection. */
export function request(method, path, fields = {}, content = undefined) {
  const all = { Host: 'site.example', ...fields, Connection: 'close' };
  if (content !== undefined && all['Transfer-Encoding'] === undefined) {
    all['Content-Length'] = Buffer.byteLength(content);
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${content ?? ''}`;
}

/** The answers to several requests, each on a connection of its own. */
export async function answers(port, ...requests) {
  const texts = [];
  for (const text of requests) texts.push(await raw(port, text));
  return texts;
}

export const get = (path, fields) => request('GET', path, fields);

export function postJSON(path, value, fields) {
  const content = typeof value === 'string' ? value : JSON.stringify(value);
  return request('POST', path, { 'Content-Type': 'application/json', ...fields }, content);
}

export function postForm(path, content) {
  return request('POST', path, { 'Content-Type': 'application/x-www-form-urlencoded' }, content);
}

export function multipart(path, parts) {
  const boundary = 'a-boundary';
  const content = parts
    .map(
      ({ name, file, type = 'text/plain', text }) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file ? `; filename="${file}"\r\nContent-Type: ${type}` : ''}\r\n\r\n${text}\r\n`,
    )
    .join('');
  return request(
    'POST',
    path,
    { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
    `${content}--${boundary}--\r\n`,
  );
}

/** The parts of an answer that do not change from run to run. */
function withoutDate(text) {
  return text.replace(/Date: [^\r]+/gi, 'Date: -');
}

/** Resolves at an event. */
export function once(emitter, event) {
  return new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
}

/** An answer in which adjoining chunks are one. */
export function withJoinedChunks(text) {
  const head = /Transfer-Encoding: chunked\r\n(?:[^\r]+\r\n)*\r\n/i.exec(text);
  if (head === null) return text;
  let at = head.index + head[0].length;
  let joined = '';
  for (;;) {
    const size = /^([0-9a-f]+)\r\n/.exec(text.slice(at));
    const length = size === null ? 0 : Number.parseInt(size[1], 16);
    if (length === 0) break;
    at += size[0].length;
    joined += text.slice(at, at + length);
    at += length + 2;
  }
  const before = text.slice(0, head.index + head[0].length);
  return `${before}[${joined}]${withJoinedChunks(text.slice(at))}`;
}
