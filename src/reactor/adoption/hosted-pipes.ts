/** The facet {@link ReactorPipes}: checks arguments, and gives adopted pipes their protocols. */
import type { AdoptPipeOptions } from '../../core/adopt-options.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { type FactoryLike, toFactory } from '../../core/factory.js';
import type { ReactorPipes } from '../../core/reactor-pipes.js';
import type { PipeTransport } from '../../core/transport.js';
import { checkChoice, checkString } from '../../internal/check.js';
import type { OptionNames } from '../../internal/options.js';
import { WINDOWS } from '../../internal/platform.js';
import type { StreamReactor } from '../streams/stream-reactor.js';
import { adoptSettings } from './adopt-settings.js';
import { AdoptedOwner } from './adopted-owner.js';
import type { PipeSockets } from './pipe-sockets.js';

const PIPE_OPTIONS: OptionNames<AdoptPipeOptions> = { takeOver: true, direction: true, name: true };
const DIRECTIONS = ['read', 'write', 'both'] as const;

export class HostedPipes implements ReactorPipes {
  readonly #reactor: StreamReactor;
  readonly #pipes: PipeSockets | undefined;

  constructor(reactor: StreamReactor, pipes: PipeSockets | undefined) {
    this.#reactor = reactor;
    this.#pipes = pipes;
  }

  adoptPipe(fd: number, factory: FactoryLike, options: AdoptPipeOptions): PipeTransport | null {
    this.#reactor.checkOpen();
    const takeOver = adoptSettings('adoptPipe', fd, options, PIPE_OPTIONS);
    const direction = checkChoice('direction', options.direction, DIRECTIONS);
    const name = checkString('name', options.name ?? `fd ${fd}`);
    const pipes = this.#supported();
    const owner = new AdoptedOwner(this.#reactor, toFactory(factory));
    return owner.start(
      (streamOwner) => pipes.open({ fd, direction, takeOver, name }, streamOwner),
      undefined,
    );
  }

  #supported(): PipeSockets {
    if (this.#pipes !== undefined) return this.#pipes;
    const why = WINDOWS ? 'pipes of Windows cannot be polled' : 'this reactor has no descriptors';
    throw new UnsupportedError('adoptPipe', why);
  }
}
