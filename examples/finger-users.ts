// Step 2: a finger server with users: `node --import tsx examples/finger-users.ts`.
import { createReactor } from 'ropewalk';
import { FingerServerFactory } from 'ropewalk/finger';

const users = new Map([
  ['ada', 'Ada writes programs for engines that do not exist yet.'],
  ['grace', 'Grace looks for moths.'],
]);

const port = process.argv[2] ?? '7064';
const reactor = createReactor();
const factory = new FingerServerFactory(reactor, users);
const listening = reactor.listenTCP(Number(port), factory, { interface: '127.0.0.1' });
console.log(`finger server listening on port ${listening.getHost().port}`);
await reactor.run();
