import { describe, expect, it } from 'vitest';
import { describeReport } from '../../src/cli/doctor.js';
import { limitAdvice } from '../../src/cli/doctor-advice.js';
import type { DoctorReport } from '../../src/cli/doctor-report.js';
import { findAddon } from '../../src/native.js';
import { runProgram } from '../support/child.js';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url);

describe('ropewalk doctor', () => {
  it('says in JSON that the native reactor serves, and ends with 0', async () => {
    const { code, stdout, stderr } = await runProgram(MAIN, ['doctor', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout) as DoctorReport;
    expect(report).toMatchObject({
      platform: `${process.platform}-${process.arch}`,
      engine: `Node.js ${process.version}`,
      reactor: 'native',
      addon: findAddon().file,
      tls: 'native',
    });
    expect(report.tlsVersion).toMatch(/^OpenSSL 3\./);
    expect(report.pollers).toContain('poll');
    if (process.platform === 'linux') expect(report.limits.openFiles).toBeGreaterThan(0);
  });

  it('says why it does not, and ends with 1', async () => {
    const env = { ROPEWALK_PREBUILD: '/nowhere' };
    const { code, stdout } = await runProgram(MAIN, ['doctor'], { env });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^reactor +node, the pure-JS one$/m);
    expect(stdout).toMatch(
      /^addon +the native reactor's addon could not be loaded: there is none/m,
    );
    expect(stdout).toMatch(/^ {2}tried +\/nowhere\/build\/Release\/ropewalk\.node: no such file$/m);
    expect(stdout).toMatch(/^pollers +none$/m);
    expect(stdout).toMatch(/^TLS +node:tls, because the addon is not loaded$/m);
    expect(stdout).toContain('ROPEWALK_PREBUILD must name the file');
  });

  it.each([
    ['node', 'node, by ROPEWALK_REACTOR'],
    ['fusion', 'fusion, by ROPEWALK_REACTOR; it must be one of auto, native, node'],
  ])('shows ROPEWALK_REACTOR=%s', async (value, row) => {
    const env = { ROPEWALK_REACTOR: value };
    const { code, stdout } = await runProgram(MAIN, ['doctor'], { env });
    expect(code).toBe(0);
    expect(stdout).toContain(`\nreactor       native\n  chosen      ${row}\n`);
  });

  it('refuses other flags', async () => {
    const { code, stderr } = await runProgram(MAIN, ['doctor', '--fast']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^ropewalk: [^\n]*--fast[^\n]*\n$/);
  });
});

describe('its report', () => {
  const WINDOWS: DoctorReport = {
    version: '1.0.0',
    platform: 'win32-x64',
    system: '10',
    engine: 'Node.js v22.0.0',
    reactor: 'native',
    addon: 'C:\\ropewalk.node',
    attempts: [],
    pollers: ['iocp'],
    tls: 'native',
    tlsVersion: 'OpenSSL 3.0.15 3 Sep 2024',
    ipv6Loopback: false,
    threadPoolThreads: 4,
    limits: {},
    advice: [],
  };

  it('leaves out what a platform does not have', () => {
    const text = describeReport(WINDOWS);
    expect(text).not.toMatch(/undefined|open files|To change/);
    expect(text).toContain('win32-x64, 10');
    expect(text).toMatch(/^TLS +native, over OpenSSL 3\.0\.15/m);
  });

  it('says why an addon that was loaded does not serve', () => {
    const pollerProblem = 'auto: epoll_create1 EMFILE: too many open files';
    const text = describeReport({ ...WINDOWS, pollers: [], pollerProblem });
    expect(text).toMatch(/^pollers +none\n {2}failed +auto: epoll_create1 EMFILE/m);
  });
});

describe('its advice', () => {
  const ENOUGH = {
    openFiles: 1_048_576,
    openFilesHard: 1_048_576,
    openFilesMax: 1_048_576,
    acceptQueue: 4096,
    localPorts: [1024, 65_535],
    migrateRequests: 1,
    receiveBufferBytes: 4 * 1024 * 1024,
  };

  it.each([[{}], [ENOUGH]])('is none for %j', (limits) => {
    expect(limitAdvice(limits)).toEqual([]);
  });

  it.each([
    [{ openFiles: 1024 }, 'ulimit -n 1048576'],
    [{ openFiles: 1024, openFilesHard: 4096 }, 'LimitNOFILE=1048576'],
    [{ openFilesMax: 65_536 }, 'sysctl -w fs.nr_open=1048576'],
    [{ acceptQueue: 128 }, 'sysctl -w net.core.somaxconn=4096'],
    [{ localPorts: [32_768, 60_999] }, 'ip_local_port_range="1024 65535"'],
    [{ migrateRequests: 0 }, 'sysctl -w net.ipv4.tcp_migrate_req=1'],
    [{ receiveBufferBytes: 212_992 }, 'sysctl -w net.core.rmem_max=4194304'],
  ])('for %j is %s', (low, command) => {
    const advice = limitAdvice({ ...ENOUGH, ...low });
    expect(advice).toHaveLength(1);
    expect(advice[0]?.what).toContain(command);
  });
});
