/** How one implementation of the reactor adopts pipes. */
import type { PipeDirection, SerialOptions } from '../../core/adopt-options.js';
import type { PipeTransport } from '../../core/transport.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { StreamTransport } from '../streams/stream-transport.js';

export interface PipeSettings {
  readonly fd: number;
  readonly direction: PipeDirection;
  readonly takeOver: boolean;
  readonly name: string;
  /** The integers of {@link SerialOptions}. */
  readonly serial?: Int32Array | undefined;
}

/** Also a {@link PipeTransport}. */
export type AnyPipeTransport = StreamTransport & PipeTransport;

export interface PipeSockets {
  /** If it throws, it has not taken the descriptor over. @throws DescriptorError, UnsupportedError */
  open(settings: PipeSettings, owner: StreamOwner): AnyPipeTransport;
}
