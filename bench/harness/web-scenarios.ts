// The workloads of HTTP and WebSocket.

import { idleScenario } from './idle-scenario.js';
import type { FrameKind } from './load-client.js';
import type {
  FileScenario,
  HTTPScenario,
  OrderScenario,
  Scenario,
  WebSocketScenario,
} from './scenario-types.js';
import { FILE_NAME } from './site-folder.js';

const HELLO = 'Hello, World!';
/** As browsers send it, but shorter. */
const HELLO_REQUEST =
  'GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip, br\r\n\r\n';

function postRequest(bytes: number): string {
  const start = '{"name":"Ada Lovelace","padding":"';
  const json = `${start}${'x'.repeat(bytes - start.length - 2)}"}`;
  return `POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n${json}`;
}

/** A reverse proxy. The load client answers its requests with a file, as nginx would. */
function proxied(name: string, what: string, bytes: number): FileScenario {
  return {
    kind: 'file',
    mode: 'file',
    name,
    title: `HTTP/1.1, reverse proxy, ${what} on 50 connections`,
    costLabel: 'CPU us per request',
    service: 'http-proxy',
    quick: false,
    connections: 50,
    request: HELLO_REQUEST.replace('/', `/${FILE_NAME}`),
    bytes,
  };
}

export function httpScenarios(quick: boolean): Scenario[] {
  const hello = (name: string, title: string, connections: number): HTTPScenario => ({
    kind: 'http',
    name,
    title: `HTTP/1.1, ${title}`,
    costLabel: 'CPU us per request',
    service: 'http',
    quick: connections === 50,
    connections,
    request: HELLO_REQUEST,
    content: HELLO,
    pipelined: 1,
    bytes: 13,
  });
  const pipelined = 16;
  return [
    hello('http-hello-50', 'hello on 50 connections', 50),
    hello('http-hello-1000', 'hello on 1,000 connections', 1_000),
    {
      ...hello('http-pipelined', `${pipelined} pipelined hellos on 50 connections`, 50),
      costLabel: `CPU us per ${pipelined} requests`,
      pipelined,
    },
    {
      ...hello('http-post', 'POST of 1 KiB of JSON on 50 connections', 50),
      request: postRequest(1_024),
      content: 'Ada Lovelace',
      bytes: 12,
    },
    {
      ...hello('http-express', 'hello of Express on 50 connections', 50),
      service: 'express',
      quick: false,
    },
    {
      ...hello('http-fastify', 'hello of Fastify on 50 connections', 50),
      service: 'fastify',
      quick: false,
    },
    {
      kind: 'file',
      mode: 'file',
      name: 'http-file-100k',
      title: 'HTTP/1.1, static file of 100 KiB on 50 connections',
      costLabel: 'CPU us per request',
      service: 'http',
      quick: false,
      connections: 50,
      request: HELLO_REQUEST.replace('/', `/${FILE_NAME}`),
      bytes: 100 * 1_024,
    },
    proxied('http-proxy-hello', 'a file of 13 bytes', 13),
    proxied('http-proxy-64k', 'a file of 64 KiB', 65_536),
    {
      ...idleScenario('http-idle', 'keep-alive connection after one request', 'http', quick),
      request: HELLO_REQUEST,
      content: HELLO,
    },
  ];
}

/** HTTP clients. The load client is their server, and answers as nginx would. */
export function agentScenarios(): Scenario[] {
  const orders = (
    name: string,
    title: string,
    connections: number,
    mode: OrderScenario['mode'],
    bytes: number,
  ): OrderScenario => ({
    kind: 'orders',
    mode,
    name,
    title: `HTTP/1.1 client, ${title}`,
    costLabel: 'CPU us per request',
    service: 'agent',
    quick: true,
    connections,
    bytes,
  });
  return [
    orders('agent-get-50', 'GET of 13 bytes as text, 50 at a time', 50, 'get', 13),
    orders('agent-download-1m', 'download of 1 MiB in pieces, 8 at a time', 8, 'download', 2 ** 20),
  ];
}

export function http2Scenarios(quick: boolean): Scenario[] {
  const streams = 100;
  return [
    {
      kind: 'http2',
      name: 'http2-hello-100',
      title: `HTTP/2, ${streams} streams at a time on 4 connections`,
      costLabel: `CPU us per ${streams} requests`,
      service: 'http2',
      quick: true,
      connections: 4,
      content: HELLO,
      streams,
      bytes: 13,
    },
    {
      ...idleScenario('http2-idle', 'HTTP/2 connection after one request', 'http2', quick),
      content: HELLO,
    },
  ];
}

export function webSocketScenarios(quick: boolean): Scenario[] {
  const echo = (size: string, bytes: number, frames: FrameKind): WebSocketScenario => ({
    kind: 'websocket',
    mode: 'echo',
    name: `ws-echo-${size.replace(' B', '').replace(' KiB', 'k')}${frames === 'text' ? '' : '-binary'}`,
    title: `WebSocket echo, ${size} of ${frames} on 50 connections`,
    costLabel: 'CPU us per message',
    service: 'ws',
    quick: frames === 'text',
    connections: 50,
    bytes,
    frames,
  });
  const subscribers = 5_000;
  return [
    echo('64 B', 64, 'text'),
    echo('16 KiB', 16_384, 'text'),
    echo('64 B', 64, 'binary'),
    echo('16 KiB', 16_384, 'binary'),
    {
      ...echo('64 B', 64, 'text'),
      mode: 'broadcast',
      name: 'ws-broadcast',
      title: `WebSocket, one message of 64 B to ${subscribers.toLocaleString('en')} subscribers`,
      costLabel: 'CPU us per message received',
      quick: false,
      connections: subscribers,
    },
    idleScenario('ws-idle', 'WebSocket', 'ws', quick),
  ];
}
