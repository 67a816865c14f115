/** The stage of one case of the processes contract: a reactor, shell scripts, and protocols that record. */
import assert from 'node:assert/strict';

import type { SystemError } from '../../../core/errors/base.js';
import { type ProcessClosed, ProcessDone, SpawnError } from '../../../core/errors/processes.js';
import { ProcessProtocol, type ProcessTransport } from '../../../core/process.js';
import type { SpawnOptions } from '../../../core/spawn-options.js';
import { Scene } from '../scene.js';

export const SHELL = '/bin/sh';
/** The programs that scripts use. */
export const PATH = '/usr/local/bin:/usr/bin:/bin';

/** Records all callbacks, and breaks of their order. */
export class RecordingProcess extends ProcessProtocol {
  /** The callbacks so far: `made`, `data 1`, `lost 1`, `exited`, `ended`. Successive data of one descriptor is one. */
  readonly calls: string[] = [];
  readonly output: Map<number, string> = new Map();
  exited: ProcessClosed | undefined = undefined;
  ended: ProcessClosed | undefined = undefined;
  readonly #violations: string[];

  constructor(violations: string[]) {
    super();
    this.#violations = violations;
  }

  get out(): string {
    return this.output.get(1) ?? '';
  }

  override connectionMade(): void {
    this.#record('made');
    if (this.calls.length > 1) this.#violations.push('connectionMade was not the first call');
  }

  override childDataReceived(number: number, data: Buffer): void {
    if (this.calls.at(-1) !== `data ${number}`) this.#record(`data ${number}`);
    this.output.set(number, (this.output.get(number) ?? '') + data.toString('latin1'));
  }

  override childConnectionLost(number: number): void {
    const call = `lost ${number}`;
    if (this.calls.includes(call)) this.#violations.push(`${call} was called twice`);
    this.#record(call);
  }

  override processExited(reason: ProcessClosed): void {
    if (this.exited !== undefined) this.#violations.push('processExited was called twice');
    if (this.transport.pid !== undefined) this.#violations.push('pid is defined in processExited');
    this.exited = reason;
    this.#record('exited');
  }

  override processEnded(reason: ProcessClosed): void {
    this.#record('ended');
    if (this.exited === undefined) this.#violations.push('processEnded before processExited');
    if (reason !== this.exited) this.#violations.push('processEnded had another reason');
    this.ended = reason;
  }

  #record(call: string): void {
    if (this.ended !== undefined) this.#violations.push(`${call} was called after processEnded`);
    this.calls.push(call);
  }
}

export class ProcessScene extends Scene {
  /** A protocol of this case, which checks the order of its callbacks. */
  recorder(): RecordingProcess {
    return new RecordingProcess(this.violations);
  }

  /** Runs a script of the shell. It is killed after the case if it is still running. */
  script(
    text: string,
    options: SpawnOptions = {},
    recorder: RecordingProcess = this.recorder(),
  ): RecordingProcess {
    const args = ['-c', text];
    const env = { PATH };
    this.#killAtEnd(this.reactor.spawnProcess(recorder, SHELL, { args, env, ...options }));
    return recorder;
  }

  /** Runs a script to its end. It must succeed. Returns its standard output. */
  async outputOf(text: string, options: SpawnOptions = {}): Promise<string> {
    const recorder = this.script(text, options);
    await this.endOf(recorder);
    assert(recorder.ended instanceof ProcessDone, `${text}: ${recorder.ended?.message}`);
    return recorder.out;
  }

  async endOf(recorder: RecordingProcess): Promise<ProcessClosed> {
    await this.until(() => recorder.ended !== undefined, 'processEnded');
    return recorder.ended as ProcessClosed;
  }

  /** Checks that a program is refused. Returns the code of the cause. */
  refusal(executable: string, options: SpawnOptions = {}): string {
    let code = '';
    const recorder = this.recorder();
    assert.throws(
      () => this.reactor.spawnProcess(recorder, executable, options),
      (error) => {
        assert(error instanceof SpawnError, String(error));
        assert.equal(error.executable, executable);
        code = (error.cause as SystemError).code;
        return true;
      },
    );
    assert.deepEqual(recorder.calls, []);
    return code;
  }

  #killAtEnd(transport: ProcessTransport): void {
    this.atEnd(() => {
      if (transport.pid !== undefined) transport.signalProcess('SIGKILL');
    });
  }
}
