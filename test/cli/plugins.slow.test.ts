/** Plug-ins: those of a project in a temporary folder, and of its dependencies. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { Child, type ChildResult, runProgram } from '../support/child.js';
import { RawPeer } from '../support/raw-peer.js';
import { MAIN, RunFolder, RunningProgram } from './run-program.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const POSIX = process.platform !== 'win32';

/** A project whose dependencies are written by the test. */
class Project extends RunFolder {
  constructor(manifest: object = {}) {
    super();
    this.json('package.json', { name: 'project', version: '1.0.0', type: 'module', ...manifest });
  }

  json(name: string, value: unknown): void {
    this.text(name, typeof value === 'string' ? value : JSON.stringify(value));
  }

  text(name: string, text: string): void {
    mkdirSync(dirname(this.file(name)), { recursive: true });
    writeFileSync(this.file(name), text);
  }

  /** Installs a package. */
  install(name: string, ropewalk: unknown, files: Record<string, string> = {}): void {
    const folder = `node_modules/${name}`;
    this.json(`${folder}/package.json`, { name, version: '2.0.0', type: 'module', ropewalk });
    for (const [file, text] of Object.entries(files)) this.text(`${folder}/${file}`, text);
  }

  cli(args: readonly string[]): Promise<ChildResult> {
    return runProgram(MAIN, args, { before: `cd '${this.path}'` });
  }

  async list(): Promise<{ plugins: { kind: string; name: string }[]; refused: unknown[] }> {
    return JSON.parse((await this.cli(['plugins', '--json'])).stdout);
  }
}

const depends = (...names: string[]): object => ({
  dependencies: Object.fromEntries(names.map((name) => [name, '*'])),
});
const PRINTS = 'export default (args) => { console.log("got", ...args); };';
/** Fails if it is loaded. */
const BROKEN = 'throw new Error("was loaded");';

function example(name: string): string {
  const text = readFileSync(new URL(`../../examples/${name}.ts`, import.meta.url), 'utf8');
  return transformSync(text, { loader: 'ts', target: 'es2022' }).code;
}

/** A project with the plug-ins of examples/. */
function greeting(): Project {
  const project = new Project(depends('ropewalk-greeting', 'ropewalk'));
  project.install(
    'ropewalk-greeting',
    {
      commands: { greet: { module: './greet.js', description: 'print the greeting of a server' } },
      services: { greeting: { module: './greeting.js', description: 'send a greeting' } },
      endpoints: { local: './local.js' },
      checkers: { greeters: './greeters.js' },
    },
    {
      'greeters.js': example('plugin-checker'),
      'greet.js': example('plugin-command'),
      'greeting.js': example('plugin-service'),
      'local.js': example('plugin-endpoint'),
    },
  );
  symlinkSync(ROOT, project.file('node_modules/ropewalk'), 'dir');
  return project;
}

describe.runIf(POSIX)('the plug-ins of the examples', () => {
  const inFolder = (project: Project) => ({ before: `cd '${project.path}'` });

  it('are listed, with their files', async () => {
    using project = greeting();
    const { code, stdout, stderr } = await project.cli(['plugins']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const page = readFileSync(new URL('../../docs/howto/plugins.md', import.meta.url), 'utf8');
    const lines = stdout.replaceAll('@2.0.0', '@1.0.0').split('\n').slice(2).join('\n');
    expect(page).toContain(lines);
    const help = (await project.cli(['help'])).stdout;
    expect(help).toContain(
      '\nCommands of plug-ins:\n\n  greet       print the greeting of a server\n',
    );
    expect(help).toContain('\n  greeting    send a greeting\n');
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it.each(['0', '2'])('work: service, command and endpoint; --workers %s', async (workers) => {
    using project = greeting();
    const args = ['--workers', workers, 'greeting', '--listen', 'local:0', '--text', 'Good day'];
    await using program = await RunningProgram.start(args, inFolder(project));
    const file = 'node_modules/ropewalk-greeting/greeting.js';
    expect(program.stdout).toContain(`plug-in greeting of ropewalk-greeting@2.0.0 (${file})`);
    const { code, stdout, stderr } = await project.cli(['greet', `local:${program.port}`]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'Good day\n',
      stderr:
        'ropewalk: running greet of ropewalk-greeting@2.0.0 (node_modules/ropewalk-greeting/greet.js)\n',
    });
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
  });

  it('add checkers to ropewalk socks', async () => {
    using project = greeting();
    const args = ['--port', '0', '--auth', 'greeters:alice'];
    await using program = await RunningProgram.start(args, inFolder(project), 'socks');
    for (const [password, status] of [
      ['hello alice', 0],
      ['hello bob', 1],
    ] as const) {
      await using peer = await RawPeer.connect(program.port);
      const octets = [...Buffer.from(password)];
      peer.write(Buffer.from([5, 1, 2, 1, 5, ...Buffer.from('alice'), octets.length, ...octets]));
      expect((await peer.receive(4))[3]).toBe(status);
    }
  });

  it('add endpoint types to the commands of the package', async () => {
    using project = greeting();
    const args = ['--listen', 'local:0'];
    await using program = await RunningProgram.start(args, inFolder(project), 'echo');
    expect(await program.ask('hello')).toBe('hello');
  });
});

describe.runIf(POSIX)('plug-ins', () => {
  it('are those of the project and of its direct dependencies', async () => {
    using project = new Project({
      ...depends('direct'),
      devDependencies: { '@scope/tool': '*', 'not-installed': '*', '../../escape': '*' },
      ropewalk: { commands: { own: './own.js' } },
    });
    project.text('own.js', PRINTS);
    project.install('direct', { commands: { direct: './a.js' } }, { 'a.js': PRINTS });
    project.install('@scope/tool', { services: { tool: './a.js' } }, { 'a.js': PRINTS });
    project.install('indirect', { commands: { indirect: './a.js' } }, { 'a.js': PRINTS });
    mkdirSync(project.file('src'));
    const below = await runProgram(MAIN, ['plugins', '--json'], {
      before: `cd '${project.path}/src'`,
    });
    const { plugins, refused } = JSON.parse(below.stdout);
    expect(plugins).toMatchObject([{ name: 'direct' }, { name: 'own' }, { name: 'tool' }]);
    expect(refused).toEqual([]);
    const { code, stdout } = await project.cli(['own', '--flag', 'word']);
    expect([code, stdout]).toEqual([0, 'got --flag word\n']);
    const { stdout: names } = await project.cli(['plugins', '--names', 'services']);
    expect(names).toBe('tool\n');
  });

  it('are not loaded for the list, the help, and other commands', async () => {
    using project = new Project({
      ropewalk: {
        commands: { bad: './bad.js' },
        services: { worse: './bad.js' },
        endpoints: { worst: './bad.js' },
        checkers: { evil: './bad.js' },
      },
    });
    project.text('bad.js', BROKEN);
    for (const args of [['plugins'], ['help'], ['version']]) {
      expect(await project.cli(args)).toMatchObject({ code: 0, stderr: '' });
    }
    const command = await project.cli(['bad']);
    expect(command.code).toBe(1);
    expect(command.stderr).toContain(
      'the plug-in bad of project@1.0.0 (bad.js) failed: Error: was',
    );
    const service = await project.cli(['run', 'worse']);
    expect([service.code, service.stderr]).toEqual([1, expect.stringContaining('was loaded')]);
    const endpoint = await project.cli(['echo', '--listen', 'worst:1']);
    expect([endpoint.code, endpoint.stderr]).toEqual([
      2,
      'ropewalk: --listen: endpoint "worst:1": the plug-in worst of project@1.0.0 (bad.js) cannot be ' +
        'loaded: was loaded\n',
    ]);
    const checker = await project.cli(['socks', '--auth', 'evil:marked-secret']);
    expect([checker.code, checker.stderr]).toEqual([
      2,
      'ropewalk: --auth: the plug-in evil of project@1.0.0 (bad.js) cannot be loaded: was loaded\n',
    ]);
  });

  it.each([
    ['an exit code', 'export default () => 7;', 7, ''],
    ['an exit code later', 'export default async () => 3;', 3, ''],
    ['another value', 'export default () => "fine";', 1, 'is not an exit code from 0 to 255'],
    ['an error', 'export default () => { throw new RangeError("odd"); };', 1, 'RangeError: odd'],
    ['no function', 'export const main = 1;', 1, 'its default export is not a function'],
  ])('may return %s', async (_what, text, expected, message) => {
    using project = new Project({ ropewalk: { commands: { mine: './mine.js' } } });
    project.text('mine.js', text);
    const { code, stderr } = await project.cli(['mine']);
    expect([code, stderr]).toEqual([expected, expect.stringContaining(message)]);
    // Only an error of the plug-in has a stack.
    expect(/^ +at /m.test(stderr)).toBe(message.startsWith('RangeError'));
  });

  it('do not replace each other, nor parts of the package', async () => {
    using project = new Project({
      ...depends('one', 'two', 'three'),
      ropewalk: {
        commands: { mine: './own.js', run: './own.js' },
        endpoints: { tcp: './own.js' },
        checkers: { file: './own.js' },
      },
    });
    project.text('own.js', PRINTS);
    const files = { 'a.js': BROKEN };
    project.install('one', { commands: { both: './a.js' } }, files);
    project.install('two', { commands: { both: './a.js', mine: './a.js' } }, files);
    project.install('three', { services: { both: './a.js' } }, files);
    const { plugins, refused } = await project.list();
    expect(plugins).toMatchObject([
      { kind: 'commands', name: 'mine', package: 'project@1.0.0' },
      { kind: 'services', name: 'both', package: 'three@2.0.0' },
    ]);
    const reserved = 'the name is that of a part of Ropewalk';
    expect(refused).toEqual([
      { what: 'commands run of project@1.0.0', reason: reserved },
      { what: 'endpoints tcp of project@1.0.0', reason: reserved },
      { what: 'checkers file of project@1.0.0', reason: reserved },
      {
        what: 'commands both of one@2.0.0',
        reason: 'the name is also that of a plug-in of two@2.0.0',
      },
      {
        what: 'commands both of two@2.0.0',
        reason: 'the name is also that of a plug-in of one@2.0.0',
      },
      { what: 'commands mine of two@2.0.0', reason: 'the project has a plug-in of that name' },
    ]);
    const { code, stdout } = await project.cli(['plugins']);
    expect(code).toBe(1);
    expect(stdout).toContain('These cannot be used:\n  commands run of project@1.0.0: ');
    expect((await project.cli(['help'])).stdout).toContain('6 plug-ins cannot be used');
  });

  it.each<[string, unknown, string]>([
    ['a name with a capital', { commands: { Mine: './a.js' } }, 'the name is not of lower-case'],
    ['a name of many letters', { commands: { ['x'.repeat(32)]: './a.js' } }, 'at most 31'],
    ['the name of a flag', { commands: { '--help': './a.js' } }, 'the name is not of'],
    ['a reserved word', { commands: { __proto__x: './a.js' } }, 'the name is not of'],
    [
      'an absolute path',
      { commands: { mine: '/etc/passwd' } },
      'is not a path that begins with ./',
    ],
    ['no path', { commands: { mine: { description: 'x' } } }, 'is not a path that begins with ./'],
    ['a missing file', { commands: { mine: './b.js' } }, 'there is no file ./b.js'],
    ['a folder', { commands: { mine: './' } }, 'there is no file ./'],
    [
      'a path out of the package',
      { commands: { mine: './../own.js' } },
      'is outside of its package',
    ],
    ['a link out of the package', { commands: { mine: './link.js' } }, 'is outside of its package'],
    [
      'a description of a number',
      { commands: { mine: { module: './a.js', description: 1 } } },
      'no string',
    ],
    ['an unknown kind', { reactors: { mine: './a.js' } }, 'unknown: the kinds are commands'],
    ['a kind of another type', { commands: ['./a.js'] }, 'is no object of at most 100'],
    ['a field of another type', './a.js', 'is no object'],
    [
      'too many',
      { commands: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`c${i}`, './a.js'])) },
      'is no object of at most 100',
    ],
  ])('are refused for %s', async (_what, ropewalk, reason) => {
    using project = new Project(depends('odd', 'fine'));
    project.text('node_modules/own.js', PRINTS);
    project.install('odd', ropewalk, { 'a.js': PRINTS });
    symlinkSync('../own.js', project.file('node_modules/odd/link.js'));
    project.install('fine', { commands: { fine: './a.js' } }, { 'a.js': PRINTS });
    const { plugins, refused } = await project.list();
    expect(plugins).toMatchObject([{ name: 'fine' }]);
    expect(refused).toMatchObject([{ reason: expect.stringContaining(reason) }]);
  });

  it.each([
    ['is no JSON', '{'],
    ['is a list', '[]'],
    ['is too long', `{"name": "${'x'.repeat(1024 * 1024)}"}`],
  ])('are refused if the package.json %s, those of other packages are not', async (_what, text) => {
    using project = new Project(depends('odd', 'fine'));
    project.text('node_modules/odd/package.json', text);
    project.install('fine', { commands: { fine: './a.js' } }, { 'a.js': PRINTS });
    const { plugins, refused } = await project.list();
    expect(plugins).toMatchObject([{ name: 'fine' }]);
    expect(refused).toHaveLength(1);
    expect(await project.cli(['fine'])).toMatchObject({ code: 0, stdout: 'got\n' });
  });

  it('cannot write control characters to the terminal', async () => {
    using project = new Project({
      name: 'pro\u001b[2Jject',
      ropewalk: {
        commands: { mine: { module: './a.js', description: 'a\u001b]0;title\u0007\nb' } },
      },
    });
    project.text('a.js', PRINTS);
    for (const args of [['plugins'], ['help']]) {
      const { stdout } = await project.cli(args);
      expect(stdout).toContain('mine');
      expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
    }
  });

  it('are suggested, and absent without a project', async () => {
    using project = new Project({ ropewalk: { commands: { deploy: './a.js' } } });
    project.text('a.js', PRINTS);
    const { code, stderr } = await project.cli(['deplyo']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('did you mean "deploy"?')]);
    const outside = await runProgram(MAIN, ['plugins'], { before: 'cd /' });
    expect(outside).toMatchObject({ code: 0, stdout: expect.stringContaining('no package.json') });
  });

  it('stop with the reactor of the command', async () => {
    using project = new Project({ ropewalk: { services: { mine: './mine.js' } } });
    project.text(
      'mine.js',
      'export default (reactor, args) => ({ startService() { console.log("args", ...args); }, stopService() {} });',
    );
    await using program = new Child(MAIN, ['run', 'mine', '--port', '1'], {
      before: `cd '${project.path}'`,
    });
    await program.printed(/args --port 1[\s\S]*started, process/);
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
  });
});
