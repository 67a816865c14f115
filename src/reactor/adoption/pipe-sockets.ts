/** How one implementation of the reactor adopts pipes. */
import type { PipeDirection } from '../../core/adopt-options.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { StreamTransport } from '../streams/stream-transport.js';

export interface PipeSettings {
  readonly fd: number;
  readonly direction: PipeDirection;
  readonly takeOver: boolean;
  readonly name: string;
}

export interface PipeSockets {
  /** If it throws, it has not taken the descriptor over. @throws DescriptorError, UnsupportedError */
  open(settings: PipeSettings, owner: StreamOwner): StreamTransport & { direction: PipeDirection };
}
