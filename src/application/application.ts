/** The root of a program's services. */
import type { Reactor } from '../core/reactor.js';
import { checkReactor, checkString } from '../internal/check.js';
import { Health } from './health.js';
import { MultiService } from './multi-service.js';

/**
 * The services of a program, its reactor and its health: see {@link runApplication}.
 *
 * @example
 * const application = new Application('echo', reactor);
 * application.addService(serviceFromString(reactor, 'tcp:7', Echo));
 * await runApplication(application);
 */
export class Application extends MultiService {
  declare readonly name: string;
  readonly reactor: Reactor;
  readonly health: Health;

  /** @throws InvalidArgumentTypeError */
  constructor(name: string, reactor: Reactor) {
    super(checkString('name', name));
    checkReactor('reactor', reactor);
    this.reactor = reactor;
    this.health = new Health(reactor);
  }
}
