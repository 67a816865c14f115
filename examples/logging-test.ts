// A test of logged events: `node --import tsx examples/logging-test.ts`.
import { Logger } from 'ropewalk/logger';
import { captureLogs } from 'ropewalk/testing';

const log = new Logger({ namespace: 'chat.rooms' });

function join(user: string): void {
  log.info('{user} joined', { user });
}

using logs = captureLogs({ namespace: 'chat' });
join('ann');
console.log(logs.messages); // [ 'ann joined' ]
console.log(logs.events[0]?.fields); // { user: 'ann' }
