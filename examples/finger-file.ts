// Step 3: a service for the command, with users of a file, one "name: text" in each line:
// `npx ropewalk run examples/finger-file.ts --users users.txt`. SIGHUP reads the file again.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Reactor } from 'ropewalk';
import { MultiService, Service, serviceFromString } from 'ropewalk/application';
import { FingerServerFactory } from 'ropewalk/finger';
import { Logger } from 'ropewalk/logger';

const log = new Logger({ namespace: 'finger' });

export class UserFile extends Service {
  readonly #path: string;
  #users: ReadonlyMap<string, string> = new Map();

  constructor(path: string) {
    super('users');
    this.#path = path;
  }

  find(name: string): string | undefined {
    return this.#users.get(name.toLowerCase());
  }

  /** A file that cannot be read at the start ends the program; later, the users stay as they were. */
  protected override start(): Promise<void> {
    return this.reloadService();
  }

  async reloadService(): Promise<void> {
    const lines = (await readFile(this.#path, 'utf8')).split('\n');
    const found = lines.map((line) => /^(\S+): (.*)$/.exec(line)).filter((match) => match !== null);
    this.#users = new Map(found.map(([, name = '', text = '']) => [name.toLowerCase(), text]));
    log.info('{count} users in {path}', { count: this.#users.size, path: this.#path });
  }
}

export default function (reactor: Reactor, args: string[]): Service {
  const { values } = parseArgs({
    args,
    options: {
      listen: { type: 'string', default: 'tcp:7064:interface=127.0.0.1' },
      users: { type: 'string', default: 'users.txt' },
    },
  });
  const users = new UserFile(values.users);
  const factory = new FingerServerFactory(reactor, (name) => users.find(name));
  const service = new MultiService('finger');
  service.addService(users);
  service.addService(serviceFromString(reactor, values.listen, factory));
  return service;
}
