// What a run of the socket benches is made of, and what is made of its figures: command line, choice of
// scenarios, contenders, bars, ratios. Figures are made up.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Contender } from '../../bench/harness/contender.js';
import { startServer } from '../../bench/harness/contender-process.js';
import { CONTENDERS } from '../../bench/harness/contenders.js';
import { docsPages } from '../../bench/harness/docs-pages.js';
import { openCommand } from '../../bench/harness/open-command.js';
import { parseOptions, UsageError } from '../../bench/harness/options.js';
import { missingIn, participantsOf } from '../../bench/harness/participants.js';
import { htmlReport } from '../../bench/harness/report-html.js';
import { markdownReport } from '../../bench/harness/report-markdown.js';
import { chooseScenarios, scenarios } from '../../bench/harness/scenarios.js';
import { removeSiteFolder } from '../../bench/harness/site-folder.js';
import { newSocketPath, removeSocketFolder } from '../../bench/harness/socket-folder.js';
import { aloneOf, baselineOf, summarize } from '../../bench/harness/summary.js';
import { recordOf, runOf, scenarioNamed } from './made-up-run.js';

describe('chooseScenarios', () => {
  it('takes whole names, and what names begin with up to a hyphen, in the order of the list', () => {
    const names = (...only: string[]) => chooseScenarios(only, false).map(({ name }) => name);
    expect(names('churn')).toEqual(['churn']);
    expect(names('udp-echo', 'lines')).toEqual([
      'lines',
      'udp-echo-64x50',
      'udp-echo-64x1000',
      'udp-echo-1000x50',
    ]);
    expect(names('workers')).toEqual(['workers-echo', 'workers-churn']);
    expect(names('proxy', 'short-lines')).toEqual(['short-lines', 'proxy-64kx50']);
    expect(names('echo')).toEqual(['echo-64x50', 'echo-64x1000', 'echo-64x10000', 'echo-16kx50']);
  });

  it('refuses a name that chooses none', () => {
    expect(() => chooseScenarios(['echo-6'], false)).toThrow(UsageError);
    expect(() => chooseScenarios(['udp', 'x'], true)).toThrow("no scenario 'x': echo-64x50");
  });

  it('has all in a full run, fewer in a quick one, and any when it is named', () => {
    expect(chooseScenarios([], false)).toEqual(scenarios(false));
    const quick = chooseScenarios([], true).map(({ name }) => name);
    expect(quick).toEqual(expect.arrayContaining(['unix-echo-64x50', 'udp-echo-64x50', 'hold']));
    expect(quick).not.toContain('udp-sink');
    expect(chooseScenarios(['udp-sink'], true)).toHaveLength(1);
  });

  it('has names that are all different', () => {
    const names = scenarios(false).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('measures in a quick run the same connections and bytes under the same names', () => {
    const counts = (quick: boolean) =>
      scenarios(quick).map(({ name, title, connections, bytes }) => [
        name,
        title,
        connections,
        bytes,
      ]);
    expect(counts(true)).toEqual(counts(false));
    for (const { name, connections } of scenarios(true)) {
      const claimed = /x(\d+)$/.exec(name)?.[1];
      if (claimed !== undefined) expect(connections, name).toBe(Number(claimed));
    }
  });
});

describe('parseOptions', () => {
  it('reads lists, numbers and what quick runs change', () => {
    const options = parseOptions(['--quick', '--only', 'udp,unix', '--contenders', 'raw-epoll']);
    expect(options).toMatchObject({ quick: true, only: ['udp', 'unix'], rounds: 3 });
    expect(options.contenders).toEqual(['raw-epoll']);
    expect(parseOptions(['--rounds', '9', '--seed', '4'])).toMatchObject({ rounds: 9, seed: 4 });
    expect(parseOptions(['--profile'])).toMatchObject({ profile: true });
  });

  it('refuses what it does not know', () => {
    expect(() => parseOptions(['--fast'])).toThrow(UsageError);
    expect(() => parseOptions(['--rounds', '1'])).toThrow('--rounds');
  });
});

describe('the contenders', () => {
  it('serve every scenario: raw C for bytes in clear, what Node offers, and Ropewalk', () => {
    for (const { service, name } of scenarios(false)) {
      const participants = CONTENDERS.filter((one) => one.serves[service] !== undefined);
      const kinds = ['ropewalk'];
      if (service !== 'workers') kinds.push('node');
      const above = ['tls', 'http', 'http2', 'http-proxy', 'agent', 'express', 'fastify', 'ws'];
      if (!above.includes(service)) kinds.push('raw-epoll');
      for (const kind of kinds) {
        expect(
          participants.some((one) => one.name.startsWith(kind)),
          `${kind} in ${name}`,
        ).toBe(true);
      }
    }
  });

  it('name scenarios that there are, where they do not stand in all', () => {
    const known = scenarios(false).map(({ name }) => name);
    for (const { name, scenarios: only = [], except = [] } of CONTENDERS) {
      expect(known, name).toEqual(expect.arrayContaining([...only, ...except]));
    }
  });

  it('fail clearly for a service that they do not have', async () => {
    const [raw] = CONTENDERS.filter(({ name }) => name === 'node-dgram');
    if (raw === undefined) throw new Error('no node-dgram');
    await expect(startServer(raw, 'unix', 'echo')).rejects.toThrow(
      'node-dgram does not serve unix',
    );
  });

  it('collect their garbage as often as they are asked', async () => {
    const [node] = CONTENDERS.filter(({ name }) => name === 'node-net');
    if (node === undefined) throw new Error('no node-net');
    const server = await startServer(node, 'tcp', 'idle');
    await server.collect();
    await server.collect();
    await server.end();
    const silent: Contender = {
      ...node,
      serves: { tcp: ['sh', '-c', 'echo PORT 1; read line; echo "not $line"', 'sh'] },
    };
    const other = await startServer(silent, 'tcp', 'idle');
    await expect(other.collect()).rejects.toThrow("said 'not collect'");
    await other.end();
    const raw = await startServer({ ...silent, withoutGarbage: true }, 'tcp', 'idle');
    await raw.collect();
    await raw.end();
  });
});

describe('openCommand', () => {
  const server = { where: { port: 1 }, pid: 2 };
  const commandOf = (name: string, contender: string) => {
    const [found] = CONTENDERS.filter((one) => one.name === contender);
    if (found === undefined) throw new Error(`no ${contender}`);
    return openCommand(scenarioNamed(name), found, server);
  };

  it('speaks the protocol of the scenario, and bytes to a bare server', () => {
    expect(commandOf('ws-idle', 'node-ws')).toMatchObject({ websocket: 'text', bytes: 64 });
    expect(commandOf('http2-idle', 'node-http2')).toMatchObject({ http2: 1, conns: 10_000 });
    expect(commandOf('http2-hello-100', 'nghttpd')).toMatchObject({ http2: 100, conns: 4 });
    expect(commandOf('http-idle', 'node-http').request).toContain('GET / HTTP/1.1');
    for (const name of ['ws-idle', 'http-idle']) {
      const bare = { ...server, conns: 10_000, bytes: 64 };
      expect(commandOf(name, 'ropewalk-native-bare')).toEqual(bare);
    }
    expect(commandOf('ws-broadcast', 'uws')).toMatchObject({ load: 'broadcast', conns: 5_000 });
  });

  it('expects the file of the folder that is served', () => {
    const { contentFile = '', request } = commandOf('http-file-100k', 'nginx');
    expect(readFileSync(contentFile)).toHaveLength(102_400);
    expect(request).toContain(`GET /${basename(contentFile)} HTTP/1.1`);
    removeSiteFolder();
    expect(existsSync(contentFile)).toBe(false);
  });
});

describe('summarize', () => {
  it('takes ratios to raw C and to what Node offers for the same', () => {
    const record = recordOf('udp-echo-64x50', {
      'raw-epoll': { cpuUsPerMessage: 2 },
      'node-dgram': { cpuUsPerMessage: 5 },
      'ropewalk-native': { cpuUsPerMessage: 2.5 },
    });
    expect(baselineOf(record.scenario)).toEqual({ name: 'node-dgram', title: 'node:dgram' });
    const [raw, ropewalk, node] = summarize(runOf(record), record);
    expect(raw).toMatchObject({ name: 'raw-epoll', toFloor: undefined });
    expect(ropewalk?.toFloor?.median).toBe(1.25);
    expect(ropewalk?.toBaseline?.median).toBe(0.5);
    expect(node).toMatchObject({ name: 'node-dgram', toBaseline: undefined });
  });

  it('counts lost exchanges in a thousand, without those that were only late', () => {
    const figures = { resent: 12, late: 2, messages: 64_000 };
    const lostIn = (name: string) => {
      const record = recordOf(name, { 'raw-epoll': figures });
      return summarize(runOf(record), record)[0]?.lost;
    };
    expect(lostIn('udp-sink')).toBe(10);
    expect(lostIn('udp-echo-64x50')).toBe(10 / 64);
    expect(lostIn('echo-64x50')).toBeUndefined();
  });

  it('scales a server of workers by itself with one', () => {
    const record = recordOf('workers-churn', {
      'raw-epoll-x1': { elapsedNs: 30_000_000 },
      'raw-epoll-x2': { elapsedNs: 20_000_000, wallNs: 25_000_000 },
    });
    const [two, one] = summarize(runOf(record), record);
    expect(two).toMatchObject({ cost: { median: 20 }, wallUs: 25, scaling: { median: 1.5 } });
    expect(one?.scaling?.median).toBe(1);
    expect(aloneOf('raw-epoll-x2')).toBe('raw-epoll-x1');
    expect(aloneOf('raw-epoll')).toBeUndefined();
  });
});

describe('the reports', () => {
  const run = runOf(
    recordOf('udp-echo-64x50', { 'node-dgram': {}, 'ropewalk-native': { cpuUsPerMessage: 2 } }),
    recordOf('workers-echo', { 'ropewalk-x1': {}, 'ropewalk-x2': { elapsedNs: 5_000_000 } }),
  );

  it('show ratios to node:dgram, what was lost, and how workers scale', () => {
    const text = markdownReport(run, undefined, 'Performance');
    expect(text).toMatch(/^# Performance\n/);
    expect(text).toMatch(/CPU us per datagram .* \/ node:dgram .* lost of 1,000/);
    expect(text).toMatch(/us per message \| +scaling/);
    expect(text).toContain('1.60 (1.60 to 1.60)');
    expect(text).toMatch(/two workers, echo 64 B .* \*\*missed\*\*/);
  });

  it('are a page of docs for each kind that was measured', () => {
    const both = runOf(
      recordOf('churn', { 'node-net': {} }),
      recordOf('tls-echo-1kx50', { 'node-tls': {} }),
      recordOf('http-post', { 'node-http': {} }),
      recordOf('ws-echo-64', { 'node-ws': {} }),
      ...run.scenarios,
    );
    const pages = docsPages(both, 'bench/results/x.json');
    expect(pages.map(({ path }) => basename(path))).toEqual([
      'performance.md',
      'performance-tls.md',
      'performance-http.md',
      'performance-websocket.md',
      'performance-sockets.md',
    ]);
    const [tcp, tls, http, webSocket, others] = pages.map(({ text }) => text);
    expect(tls).toContain('## TLS 1.3 echo');
    expect(http).toContain('## HTTP/1.1, POST');
    expect(webSocket).toContain('## WebSocket echo');
    expect(tcp).toContain('## Connect, echo');
    expect(tcp).not.toContain('## UDP echo');
    expect(others).toContain('## UDP echo');
    expect(docsPages(run, 'x.json')).toHaveLength(1);
  });

  it('are labelled where the run was quick or the machine busy', () => {
    const { machine } = run;
    const doubtful = { ...run, quick: true, machine: { ...machine, load: 1.01 } };
    for (const text of [
      htmlReport(doubtful, 'run.json'),
      markdownReport(doubtful, undefined, 'P'),
    ]) {
      expect(text).toContain(' (quick run)');
      expect(text).toContain('This is a quick run');
      expect(text).toContain('The machine was busy before the run (load average 1.01 on 2 cores)');
      expect(text).toContain('load average before the run 1.01');
    }
    const idle = htmlReport({ ...run, machine: { ...machine, load: 0.99 } }, 'run.json');
    expect(idle).toContain('load average before the run 0.99');
    expect(idle).not.toMatch(/quick run|machine was busy/);
  });

  it('name every contender without a figure, with the reason', () => {
    const absent = [{ name: 'bun', reason: 'not installed' }];
    const partial = { ...run, absent };
    expect(missingIn(partial, recordOf('udp-echo-64x50', {}))).toEqual(
      expect.arrayContaining([
        { name: 'bun', title: 'Bun', reason: 'not installed' },
        { name: 'raw-epoll', title: 'raw epoll in C++', reason: 'not selected' },
        expect.objectContaining({
          name: 'ropewalk-native',
          reason: expect.stringMatching(/^failed/),
        }),
      ]),
    );
    expect(missingIn({ ...partial, quick: true }, recordOf('churn', {}))).toContainEqual(
      expect.objectContaining({ name: 'twisted', reason: 'not part of a quick run' }),
    );
    const skipped = [{ scenario: 'hold', reason: 'too few descriptors' }];
    const page = htmlReport({ ...partial, skipped }, 'run.json');
    expect(page).toMatch(/No figure: [^<]*raw epoll in C\+\+[^<]*Bun/);
    expect(page).toContain('<li>Bun: not installed</li>');
    expect(page).toContain('<li>hold: too few descriptors</li>');
    expect(markdownReport(partial, undefined, 'P')).toContain('- Bun: not installed');
  });

  it('have no contender without a figure where all were measured', () => {
    const names = participantsOf(scenarioNamed('churn'), CONTENDERS, false).map(({ name }) => name);
    const record = recordOf('churn', Object.fromEntries(names.map((name) => [name, {}])));
    expect(missingIn(runOf(record), record)).toEqual([]);
  });

  it('show plots before anything else on the page, as wide as a phone', () => {
    const page = htmlReport(run, 'run.json');
    expect(page.indexOf('<svg')).toBeGreaterThan(0);
    expect(page.indexOf('<svg')).toBeLessThan(page.indexOf('<table'));
    expect(page.indexOf('<svg')).toBeLessThan(page.indexOf('<h2'));
    const widths = [...page.matchAll(/viewBox="0 0 (\d+) /g)].map(([, width]) => Number(width));
    expect(Math.max(...widths)).toBeLessThanOrEqual(390);
  });

  it('show the same as a page', () => {
    const page = htmlReport(run, 'run.json');
    expect(page).toContain('<th scope="col">/ node:dgram</th>');
    expect(page).toContain('<th scope="col">scaling</th>');
    expect(page).toContain('class="bar ours"');
    expect(page).toContain('class="bar baseline"');
  });
});

describe('newSocketPath', () => {
  it('gives paths of their own in a folder that can be removed', () => {
    const [one, other] = [newSocketPath(), newSocketPath()];
    expect(other).not.toBe(one);
    expect(dirname(other)).toBe(dirname(one));
    writeFileSync(one, '');
    removeSocketFolder();
    expect(existsSync(dirname(one))).toBe(false);
  });
});
