// A service of a plug-in: `ropewalk run greeting --text 'Good morning!'` sends the text to each client.
import { parseArgs } from 'node:util';
import { Protocol, type Reactor } from 'ropewalk';
import { type Service, serviceFromString } from 'ropewalk/application';

export default function (reactor: Reactor, args: string[]): Service {
  const { values } = parseArgs({
    args,
    options: {
      listen: { type: 'string', default: 'tcp:7031:interface=127.0.0.1' },
      text: { type: 'string', default: 'Hello!' },
    },
  });
  class Greeting extends Protocol {
    override connectionMade(): void {
      this.transport.write(`${values.text}\n`);
      this.transport.loseConnection();
    }
  }
  return serviceFromString(reactor, values.listen, Greeting, { name: 'greeting' });
}
