/** The pool of threads of a reactor: made when it is needed, ended with the run. */
import { ReactorDisposedError, UnsupportedError } from '../core/errors/reactor.js';
import type { ThreadPoolLike } from '../core/thread-pool.js';
import { poolSettings, sizes, type ThreadPoolOptions } from '../threads/pool-settings.js';
import { ThreadPool } from '../threads/thread-pool.js';
import type { EndingThreads } from './life/shutdown.js';

export class HostedThreads implements EndingThreads {
  readonly #options: ThreadPoolOptions;
  readonly #refusal: string | undefined;
  #suggested: number | undefined;
  #pool: ThreadPool | undefined;
  #disposed = false;

  /**
   * @param refusal The reason why the reactor has no threads; undefined if it has.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(options: ThreadPoolOptions, refusal: string | undefined) {
    poolSettings('threadPool', options);
    this.#options = { name: 'pool of the reactor', ...options };
    this.#refusal = refusal;
  }

  getThreadPool(): ThreadPoolLike {
    if (this.#refusal !== undefined) throw new UnsupportedError('getThreadPool', this.#refusal);
    if (this.#disposed) throw new ReactorDisposedError();
    this.#pool ??= this.#makePool();
    return this.#pool;
  }

  suggestThreadPoolSize(maximum: number): void {
    const { minimum = 0 } = this.#options;
    sizes(0, maximum);
    if (this.#refusal !== undefined) {
      throw new UnsupportedError('suggestThreadPoolSize', this.#refusal);
    }
    this.#suggested = maximum;
    this.#pool?.adjustSize(Math.min(minimum, maximum), maximum);
  }

  /** The next run has another pool. */
  async #stop(pool: ThreadPool, timeoutMs: number): Promise<void> {
    await pool.stop(timeoutMs);
    if (this.#pool === pool) this.#pool = undefined;
  }

  stop(timeoutMs: number): Promise<void> | undefined {
    return this.#pool && this.#stop(this.#pool, timeoutMs);
  }

  cutOff(): void {
    void this.#pool?.terminate();
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#pool?.terminate();
  }

  #makePool(): ThreadPool {
    const pool = new ThreadPool(this.#options);
    const { minimum = 0 } = this.#options;
    if (this.#suggested !== undefined) {
      pool.adjustSize(Math.min(minimum, this.#suggested), this.#suggested);
    }
    return pool;
  }
}
