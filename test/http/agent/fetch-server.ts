/** The server of the tests of fetch. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** The content of most answers. */
export const TEXT = 'hemp, flax and jute';

/** Describes each request that it receives, or answers as its path says. */
export function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
  const to = searchParams.get('to') ?? '/echo';
  const status = Number(/\d+/.exec(pathname)?.[0] ?? 200);
  if (pathname.startsWith('/status')) {
    const hasContent = ![204, 205, 304].includes(status);
    response.writeHead(status, searchParams.get('reason') ?? 'Because', { 'X-A': '1' });
    response.end(hasContent ? TEXT : undefined);
  } else if (pathname.startsWith('/redirect')) {
    request.resume().on('end', () => response.writeHead(status, { Location: to }).end('moved'));
  } else if (pathname === '/cookies') {
    response.setHeader('Set-Cookie', ['a=1', 'b=2; Path=/']);
    response.setHeader('X-Many', ['one', 'two']);
    response.end(TEXT);
  } else if (pathname === '/gzip') {
    response.setHeader('Content-Encoding', 'gzip');
    response.end(gzipSync(TEXT));
  } else if (pathname === '/cut') {
    response.writeHead(200, { 'Content-Length': 100 });
    response.write(TEXT, () => response.destroy());
  } else if (pathname === '/none') {
    response.destroy();
  } else if (pathname === '/silent') {
    request.resume();
  } else if (pathname === '/half') {
    response.write(TEXT);
  } else echo(request, response);
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const { method, url, headers } = request;
    const type = headers['content-type'];
    const boundary = /boundary=(.*)$/.exec(type ?? '')?.[1] ?? 'none';
    const content = String(Buffer.concat(pieces));
    response.setHeader('Content-Type', 'application/json');
    response.end(
      JSON.stringify({
        method,
        url,
        content: content.replaceAll(boundary, 'BOUNDARY'),
        type: type?.replace(boundary, 'BOUNDARY'),
        isWhole: headers['content-length'] === String(content.length) || headers['content-length'],
        isChunked: headers['transfer-encoding'],
        authorization: headers.authorization,
        cookie: headers.cookie,
        mine: headers['x-mine'],
      }).replaceAll(boundary.length < 8 ? '\0' : boundary, 'BOUNDARY'),
    );
  });
}
