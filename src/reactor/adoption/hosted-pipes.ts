/** The facet {@link ReactorPipes}: checks arguments, and gives adopted pipes their protocols. */
import { fstatSync } from 'node:fs';

import { PipeAddress } from '../../core/address.js';
import type { AdoptPipeOptions } from '../../core/adopt-options.js';
import type { SystemError } from '../../core/errors/base.js';
import { DescriptorError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { type FactoryLike, toFactory } from '../../core/factory.js';
import type { ReactorPipes } from '../../core/reactor-pipes.js';
import type { PipeTransport } from '../../core/transport.js';
import { checkChoice, checkString } from '../../internal/check.js';
import type { OptionNames } from '../../internal/options.js';
import { WINDOWS } from '../../internal/platform.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { StreamReactor } from '../streams/stream-reactor.js';
import type { StreamTransport } from '../streams/stream-transport.js';
import { adoptSettings } from './adopt-settings.js';
import { AdoptedOwner } from './adopted-owner.js';
import { FileTransport } from './file-transport.js';
import type { AnyPipeTransport, PipeSettings, PipeSockets } from './pipe-sockets.js';
import { serialInts } from './serial-settings.js';

const PIPE_OPTIONS: OptionNames<AdoptPipeOptions> = {
  takeOver: true,
  direction: true,
  name: true,
  serial: true,
};
const DIRECTIONS = ['read', 'write', 'both'] as const;

export class HostedPipes implements ReactorPipes {
  readonly #reactor: StreamReactor;
  readonly #pipes: PipeSockets | undefined;
  readonly #files = new Set<StreamTransport>();

  constructor(reactor: StreamReactor, pipes: PipeSockets | undefined) {
    this.#reactor = reactor;
    this.#pipes = pipes;
  }

  adoptPipe(fd: number, factory: FactoryLike, options: AdoptPipeOptions): PipeTransport | null {
    this.#reactor.checkOpen();
    const takeOver = adoptSettings('adoptPipe', fd, options, PIPE_OPTIONS);
    const direction = checkChoice('direction', options.direction, DIRECTIONS);
    const name = checkString('name', options.name ?? `fd ${fd}`);
    const serial = options.serial === undefined ? undefined : serialInts(options.serial);
    const pipes = this.#supported();
    const owner = new AdoptedOwner(this.#reactor, toFactory(factory));
    const settings = { fd, direction, takeOver, name, serial };
    return owner.start((each) => this.#open(pipes, settings, each), undefined);
  }

  /** Transports over files, which no backend has. */
  transports(): Iterable<StreamTransport> {
    return this.#files;
  }

  #open(pipes: PipeSockets, settings: PipeSettings, owner: StreamOwner): AnyPipeTransport {
    const { direction, name } = settings;
    try {
      return pipes.open(settings, owner);
    } catch (error) {
      if (!isUnpollable(error) || direction === 'both' || isFolder(settings.fd)) throw error;
    }
    const address = new PipeAddress(name);
    return new FileTransport(
      this.#reactor,
      owner,
      { ...settings, direction },
      address,
      this.#files,
    );
  }

  #supported(): PipeSockets {
    if (this.#pipes !== undefined) return this.#pipes;
    const why = WINDOWS ? 'pipes of Windows cannot be polled' : 'this reactor has no descriptors';
    throw new UnsupportedError('adoptPipe', why);
  }
}

/** A file, or a device such as /dev/null. */
function isUnpollable(error: unknown): boolean {
  const { cause } = error as { cause?: Partial<SystemError> };
  return error instanceof DescriptorError && cause?.code === 'EPERM';
}

function isFolder(fd: number): boolean {
  return fstatSync(fd).isDirectory();
}
