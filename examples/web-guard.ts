// Asks for a name and a password, or a token, with each request: `node --import tsx examples/web-guard.ts --port 8080`, then
// `curl --user alice:wonderland localhost:8080`, with `--digest` or without, or `curl --oauth2-bearer s3cr3t localhost:8080`.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { limitGuesses, MemoryChecker, Portal, type Realm, TokenChecker } from 'ropewalk/cred';
import {
  basicScheme,
  bearerScheme,
  contextKey,
  digestScheme,
  type Resource,
  serveSite,
  withGuard,
} from 'ropewalk/web';

interface User {
  readonly name: string;
}

const USER = contextKey<User>('user');
const realm: Realm<{ user: User }> = {
  requestAvatar: (name) => ({ type: 'user', avatar: { name } }),
};

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();
const portal = new Portal(realm, [
  limitGuesses(new MemoryChecker({ alice: 'wonderland' }), { clock: reactor }),
  new TokenChecker([['s3cr3t', 'robot']]),
]);

const resource: Resource = { render: (context) => `Hello, ${context.get(USER)?.name}!\n` };
const site = withGuard(resource, {
  portal,
  avatar: USER,
  schemes: [
    digestScheme({ realm: 'ropewalk', clock: reactor }),
    basicScheme('ropewalk'), // sends the password in clear: only over TLS
    bearerScheme('ropewalk'),
  ],
});

const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, site);
console.log(`guard listening on ${server.getHost()}`);
await reactor.run();
