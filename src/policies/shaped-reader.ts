/**
 * The receiving side of a shaped connection. Received data cannot be refused: it is delivered, and if tokens are missing the
 * transport is paused until they are available. At most one delivery is owed at a time.
 */
import type { Transport } from '../core/transport.js';
import type { TokenBucket } from './token-bucket.js';
import { type ClaimOwner, TokenClaim } from './token-claim.js';

export class ShapedReader implements ClaimOwner {
  private transport: Transport;
  private readonly claim: TokenClaim;
  /** The protocol has paused receiving. */
  private paused = false;

  constructor(transport: Transport, bucket: TokenBucket) {
    this.transport = transport;
    this.claim = new TokenClaim(bucket, this);
  }

  received(bytes: number): void {
    this.claim.want(bytes);
    if (this.claim.wanted > 0) this.transport.pauseProducing();
  }

  pauseProducing(): void {
    this.paused = true;
    this.transport.pauseProducing();
  }

  resumeProducing(): void {
    this.paused = false;
    this.granted();
  }

  /** The transport below was replaced. */
  moveTo(transport: Transport): void {
    this.transport = transport;
  }

  /** Cancels the claim for missing tokens. */
  drop(): void {
    this.claim.cancel();
  }

  /** @internal Continues once all tokens are paid. */
  granted(): void {
    if (!this.paused && this.claim.wanted === 0) this.transport.resumeProducing();
  }
}
