/**
 * The receiving side of a shaped connection. What was received can't be unreceived: it is delivered, and where tokens are
 * missing for it the transport is paused until they are paid. No more than one delivery is owed at a time.
 */
import type { Transport } from '../core/transport.js';
import type { TokenBucket } from './token-bucket.js';
import { type ClaimOwner, TokenClaim } from './token-claim.js';

export class ShapedReader implements ClaimOwner {
  private readonly transport: Transport;
  private readonly claim: TokenClaim;
  /** The protocol wants no more for now. */
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

  /** Owes nothing any more. */
  drop(): void {
    this.claim.cancel();
  }

  /** @internal Goes on once everything is paid for. */
  granted(): void {
    if (!this.paused && this.claim.wanted === 0) this.transport.resumeProducing();
  }
}
