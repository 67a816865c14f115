/**
 * One run of a script: its input is the content of the request, its output the response.
 *
 * The response ends when the standard output is closed and the script has exited: before, it is unknown whether the output is complete. A
 * program that the script leaves behind keeps no response open, unless it keeps the standard output.
 */
import { dirname } from 'node:path';
import type { DelayedCall } from '../core/clock.js';
import {
  type ProcessClosed,
  ProcessDone,
  ProcessExitedAlreadyError,
  ProcessTerminated,
} from '../core/errors/processes.js';
import { ProcessProtocol } from '../core/process.js';
import type { SpawnOptions } from '../core/spawn-options.js';
import { Deferred } from '../defer/deferred.js';
import { HTTPStatusError } from '../http/errors.js';
import { WINDOWS } from '../internal/platform.js';
import type { UploadedFile } from '../web/forms/uploaded-file.js';
import type { WebContext } from '../web/web-context.js';
import { cgiEnvironment, type ScriptPlace } from './environment.js';
import { ErrorLines } from './error-lines.js';
import { InvalidCGIOutputError } from './errors.js';
import type { CGIHead, CGIHeadParser } from './head-parser.js';
import type { CGISettings } from './options.js';
import { RequestBody } from './request-body.js';

export class ScriptRun extends ProcessProtocol {
  /**
   * Fires when the response is complete, or with the target of a redirect inside the server. Fails with an HTTPStatusError, also when the head
   * was sent already or the client is gone.
   */
  readonly done: Deferred<string | undefined> = new Deferred();
  readonly #settings: CGISettings;
  readonly #context: WebContext;
  readonly #place: ScriptPlace;
  readonly #stored: UploadedFile | undefined;
  readonly #errors: ErrorLines;
  /** A client that has only closed its side, and is therefore taken for one that is gone, still gets an answer. */
  readonly #abandon = (): void => this.#finish(new HTTPStatusError(503));
  #head: CGIHeadParser | undefined;
  #deadline: DelayedCall | undefined;
  #killing: DelayedCall | undefined;
  #exited: ProcessClosed | undefined;
  /** Of the script, and of the group of its children. */
  #pid: number | undefined;
  #outputEnded = false;
  #isWaiting = false;
  #localTarget: string | undefined;

  /** @param stored The content, if its length was not announced. */
  constructor(
    settings: CGISettings,
    context: WebContext,
    place: ScriptPlace,
    stored: UploadedFile | undefined,
  ) {
    super();
    this.#settings = settings;
    this.#context = context;
    this.#place = place;
    this.#stored = stored;
    this.#head = settings.headParser();
    this.#errors = new ErrorLines(context.log, place.scriptName, settings.maxErrorBytes);
  }

  /** @throws SpawnError */
  start(): void {
    const { request, signal } = this.#context;
    const { reactor, timeoutMs, options } = this.#settings;
    const { interpreter, args = [] } = options;
    const { file } = this.#place;
    const content = this.#stored ?? request;
    const hasContent = (this.#contentLength ?? 0) > 0;
    reactor.spawnProcess(this, interpreter ?? file, {
      ...this.#spawning(),
      args: interpreter === undefined ? args : [...args, file],
      childDescriptors: { 0: hasContent ? 'w' : 'ignore', 1: 'r', 2: 'r' },
    });
    this.#pid = this.transport.pid;
    this.#settings.load.running += 1;
    this.#deadline = reactor.callLater(timeoutMs, () => this.#late());
    signal.addEventListener('abort', this.#abandon);
    if (hasContent) new RequestBody(content, this.transport, this.#abandon).start();
  }

  override outReceived(data: Buffer): void {
    if (this.done.fired || this.#localTarget !== undefined) return;
    if (this.#head === undefined) this.#write(data);
    else this.#readHead(this.#head, data);
  }

  override errReceived(data: Buffer): void {
    this.#errors.received(data);
  }

  override outConnectionLost(): void {
    this.#outputEnded = true;
    this.#endIfComplete();
  }

  override processExited(reason: ProcessClosed): void {
    this.#exited = reason;
    if (this.#killing !== undefined) this.#endChildren();
    this.#killing?.cancel();
    this.#killing = undefined;
    this.#settings.load.running -= 1;
    this.#endIfComplete();
  }

  override processEnded(): void {
    this.#errors.end();
  }

  get #contentLength(): number | undefined {
    return this.#stored?.size ?? this.#context.request.contentLength;
  }

  #spawning(): SpawnOptions {
    const { options, env } = this.#settings;
    const { cwd = dirname(this.#place.file), variables, process = {} } = options;
    return {
      ...process,
      cwd,
      // A process group of its own, so that its children end with it.
      ...(WINDOWS ? {} : { session: true }),
      env: {
        ...env,
        ...cgiEnvironment(this.#context.request, this.#place, this.#contentLength),
        ...variables?.(this.#context),
      },
    };
  }

  #readHead(parser: CGIHeadParser, data: Buffer): void {
    try {
      const head = parser.receive(data);
      if (head?.localTarget !== undefined) {
        this.#head = undefined;
        this.#localTarget = head.localTarget;
      } else if (head !== undefined) this.#begin(head);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** @throws InvalidHTTPOutputError */
  #begin({ status, fields, rest }: CGIHead): void {
    const { response } = this.#context;
    response.status = status;
    for (const [name, value] of fields) {
      if (name.toLowerCase() === 'set-cookie') response.addField(name, value);
      else if (response.fields(name).length === 0) response.setField(name, value);
      else response.addField(name, value);
    }
    this.#head = undefined;
    if (rest.length > 0) this.#write(rest);
  }

  #write(data: Buffer): void {
    try {
      const { response } = this.#context;
      if (response.write(data) || this.#isWaiting || response.ended) return;
      this.#isWaiting = true;
      this.transport.pipe(1)?.pauseProducing();
      response.drained().addCallbacks(
        () => {
          this.#isWaiting = false;
          if (!this.#outputEnded) this.transport.pipe(1)?.resumeProducing();
        },
        () => this.#abandon(),
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  #endIfComplete(): void {
    if (!this.#outputEnded || this.#exited === undefined || this.done.fired) return;
    const reason = this.#exited;
    if (!(reason instanceof ProcessDone)) {
      const script = this.#place.scriptName;
      this.#context.log.error('the script {script} failed: {reason}', {
        script,
        reason: reason.message,
      });
    }
    const wasKilled = !(reason instanceof ProcessDone) && !hasExited(reason);
    if (this.#head !== undefined)
      this.#failed(new InvalidCGIOutputError('it ended before its head'));
    else if (wasKilled) this.#finish(new HTTPStatusError(502));
    else if (this.#localTarget !== undefined) this.#finish(undefined);
    else {
      try {
        this.#context.response.end();
        this.#finish(undefined);
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  /** The output cannot be sent. */
  #failed(error: unknown): void {
    const script = this.#place.scriptName;
    this.#context.log.error('the script {script} cannot be answered: {error}', { script, error });
    this.#finish(new HTTPStatusError(502, undefined, { cause: error }));
  }

  #late(): void {
    this.#deadline = undefined;
    const { timeoutMs } = this.#settings;
    const script = this.#place.scriptName;
    this.#context.log.error('the script {script} took more than {timeoutMs} ms', {
      script,
      timeoutMs,
    });
    this.#finish(new HTTPStatusError(504));
  }

  /** @param error Undefined if the response is complete, or a redirect. */
  #finish(error: HTTPStatusError | undefined): void {
    if (this.done.fired) return;
    this.#deadline?.cancel();
    this.#deadline = undefined;
    this.#context.signal.removeEventListener('abort', this.#abandon);
    this.#end();
    if (error === undefined) this.done.callback(this.#localTarget);
    else this.done.errback(error);
  }

  /** Ends the script, unless it has ended: SIGTERM, and later SIGKILL, to it and its children. */
  #end(): void {
    if (this.#exited === undefined) {
      this.#signal('SIGTERM');
      const { reactor, killAfterMs } = this.#settings;
      if (this.#exited === undefined) {
        this.#killing = reactor.callLater(killAfterMs, () => {
          this.#killing = undefined;
          this.#signal('SIGKILL');
        });
      }
    }
    for (const number of [0, 1]) this.transport.pipe(number)?.abortConnection();
  }

  /** The script has obeyed SIGTERM; its children may have ignored it. */
  #endChildren(): void {
    if (WINDOWS || this.#pid === undefined) return;
    try {
      process.kill(-this.#pid, 'SIGKILL');
    } catch {
      // There are none.
    }
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    try {
      this.transport.signalProcess(signal, WINDOWS ? {} : { group: true });
    } catch (error) {
      if (error instanceof ProcessExitedAlreadyError) return;
      // It has changed its user. The request ends in any case.
      const script = this.#place.scriptName;
      this.#context.log.error('the script {script} cannot be ended: {error}', { script, error });
    }
  }
}

function hasExited(reason: ProcessClosed): boolean {
  return reason instanceof ProcessTerminated && reason.exitCode !== undefined;
}
