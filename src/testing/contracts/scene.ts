/** The stage of one case over a reactor, and the cases made of it. Each facet's contract adds what its own cases need. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Reactor } from '../../core/reactor.js';
import { checkFunction } from '../../internal/check.js';
import { captureLoggedErrors, type LoggedErrorCapture } from '../logged-errors.js';
import type { ContractCase } from './contract-case.js';
import type { MakeReactorStage, ReactorStage } from './reactor/reactor-stage.js';
import { socketPathIn } from './socket-path.js';

export class Scene {
  readonly reactor: Reactor;
  readonly host: string;
  /** Broken rules of callbacks: recorders add them. */
  readonly violations: string[] = [];
  readonly #stage: ReactorStage;
  readonly #errors: LoggedErrorCapture;
  readonly #atEnd: (() => void | PromiseLike<void>)[] = [];
  #folder: string | undefined = undefined;

  constructor(stage: ReactorStage, errors: LoggedErrorCapture) {
    this.reactor = stage.reactor;
    this.host = stage.host;
    this.#stage = stage;
    this.#errors = errors;
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return this.#stage.until(condition, what);
  }

  settle(): Promise<void> {
    return this.#stage.settle();
  }

  /** Settles as `answer` does, waiting by {@link until}. */
  async answerOf<T>(answer: PromiseLike<T>, what: string): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    answer.then(settle, settle);
    await this.until(() => settled, what);
    return answer;
  }

  /** The errors reported so far, which no longer count. A case fails on errors that it has not taken. */
  takeErrors(): unknown[] {
    return this.#errors.flush().map(({ error }) => error);
  }

  /** Calls `action` when the case has ended and its reactor was disposed of; the last one first. */
  atEnd(action: () => void | PromiseLike<void>): void {
    this.#atEnd.push(action);
  }

  /** A folder of the case's own. */
  folder(): string {
    if (this.#folder !== undefined) return this.#folder;
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    this.atEnd(() => rmSync(folder, { recursive: true, force: true }));
    this.#folder = folder;
    return folder;
  }

  /** A path for a UNIX socket in {@link folder}: nothing is there. */
  path(name = 'socket'): string {
    return socketPathIn(this.folder(), name);
  }

  async end(): Promise<void> {
    for (const action of this.#atEnd.splice(0).reverse()) await action();
  }

  /** The rules that hold in every case. */
  check(): void {
    assert.deepEqual(this.violations, [], 'rules of callbacks are kept');
    assert.deepEqual(this.takeErrors(), [], 'no error is reported that the case did not expect');
  }
}

/** Makes the cases of a contract from their names and bodies. */
export class SceneCases<S extends Scene> {
  readonly cases: ContractCase[] = [];
  readonly #makeStage: MakeReactorStage;
  readonly #Scene: new (
    stage: ReactorStage,
    errors: LoggedErrorCapture,
  ) => S;

  /** @throws InvalidArgumentTypeError */
  constructor(
    makeStage: MakeReactorStage,
    SceneClass: new (stage: ReactorStage, errors: LoggedErrorCapture) => S,
  ) {
    checkFunction('makeStage', makeStage);
    this.#makeStage = makeStage;
    this.#Scene = SceneClass;
  }

  add(name: string, body: (scene: S) => Promise<void> | void): void {
    this.cases.push({ name, run: () => this.#run(body) });
  }

  async #run(body: (scene: S) => Promise<void> | void): Promise<void> {
    const errors = captureLoggedErrors();
    try {
      const stage = await this.#makeStage();
      const scene = new this.#Scene(stage, errors);
      try {
        await body(scene);
        scene.check();
      } finally {
        await stage.dispose();
        await scene.end();
      }
      scene.check();
    } finally {
      errors[Symbol.dispose]();
    }
  }
}
