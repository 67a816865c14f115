// A chat for any number of workers and machines: `npx ropewalk run --workers 2 examples/scaled-chat.ts --port 8080 --redis
// tcp:127.0.0.1:6379`, or --nats 127.0.0.1:4222. Messages arrive by WebSocket (/socket), and also as server-sent events (/events).
import { parseArgs } from 'node:util';
import { clientFromString, type Reactor } from 'ropewalk';
import { MultiService, type Service, serviceFromString, serviceOf } from 'ropewalk/application';
import { HTTPFactory, type HTTPRequest, type HTTPResponse, HTTPStatusError } from 'ropewalk/http';
import {
  EventStreamRelay,
  MemoryPubSub,
  NatsPubSub,
  PublishError,
  type PubSub,
  RedisPubSub,
  WebSocketRelay,
} from 'ropewalk/pubsub';
import { WebSocketAcceptor, type WebSocketProtocol, WebSocketTopics } from 'ropewalk/websocket';

type Flags = { readonly [name in 'redis' | 'nats']?: string | undefined };

function brokerOf(reactor: Reactor, { redis, nats }: Flags): PubSub {
  if (nats !== undefined) return new NatsPubSub(reactor, { servers: nats });
  if (redis === undefined) return new MemoryPubSub(); // one process
  return new RedisPubSub(clientFromString(reactor, redis), { clock: reactor, prefix: 'chat:' });
}

export default function (reactor: Reactor, args: string[]): Service {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args, options: { port: text, redis: text, nats: text } });
  const pubsub = brokerOf(reactor, values);
  const topics = new WebSocketTopics();
  // Clients that may have missed messages can then fetch them, from a database say.
  new WebSocketRelay(pubsub, topics, {
    onGap: (topic) => void topics.publish(topic, '(messages may be missing)'),
  });
  const events = new EventStreamRelay(reactor, pubsub);
  const acceptor = new WebSocketAcceptor(reactor, { maxMessageBytes: 1_000 });

  async function chat(socket: WebSocketProtocol): Promise<void> {
    topics.subscribe('room', socket);
    socket.send(`welcome to process ${process.pid}`);
    for await (const message of socket) await say(String(message), socket);
  }

  /** A message that the broker does not accept does not end the chat: its sender learns of it. */
  async function say(text: string, socket: WebSocketProtocol): Promise<void> {
    try {
      await pubsub.publish('room', text);
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      socket.send(`(${error.mayBePublished ? 'perhaps ' : ''}not sent: ${text})`);
    }
  }

  function answer(request: HTTPRequest, response: HTTPResponse): void {
    if (request.path === '/socket') acceptor.accept(request, response, chat);
    else if (request.path === '/events') events.open('room', request, response);
    else if (request.path === '/readyz') response.send(`process ${process.pid}\n`);
    else throw new HTTPStatusError(404);
  }

  const services = new MultiService();
  services.addService(serviceOf(pubsub));
  const endpoint = `tcp:${values.port ?? '8080'}:interface=127.0.0.1`;
  const factory = new HTTPFactory(reactor, answer);
  services.addService(serviceFromString(reactor, endpoint, factory, { name: 'web' }));
  return services;
}
