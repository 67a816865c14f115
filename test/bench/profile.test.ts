// What perf and strace print is read right. The texts are theirs, shortened.

import { describe, expect, it } from 'vitest';
import { functionShares, kernelEntries, systemCalls } from '../../bench/harness/profile-output.js';

describe('functionShares', () => {
  it('reads the function and where it is', () => {
    const report = [
      '# Overhead\tShared Object\tSymbol',
      '  6.22%\t[kernel.kallsyms]   \t[k] tcp_ack          \t-      -',
      '  1.10%\t[JIT] tid 7\t[.] JS:*received file:///x/stream-transport.js:17\t-      -',
      '  0.90%\tropewalk.node\t[.] ropewalk::Reactor::flush\t-      -',
      '',
    ].join('\n');
    expect(functionShares(report)).toEqual([
      { name: 'tcp_ack', where: 'kernel', share: 0.0622 },
      {
        name: 'JS:*received file:///x/stream-transport.js:17',
        where: 'JavaScript',
        share: expect.closeTo(0.011),
      },
      { name: 'ropewalk::Reactor::flush', where: 'ropewalk.node', share: expect.closeTo(0.009) },
    ]);
  });
});

describe('kernelEntries', () => {
  it('takes system calls and page faults with all below them, each once', () => {
    const report = [
      ' 85.17%\t 0.00%\t[k] entry_SYSCALL_64_after_hwframe\t-      -',
      ' 64.40%\t 0.52%\t[k] __sys_sendto\t-      -',
      ' 64.40%\t 0.00%\t[k] __x64_sys_sendto\t-      -',
      ' 0.30%\t 0.00%\t[k] __x64_sys_recvmsg\t-      -',
      ' 9.00%\t 0.10%\t[k] ___sys_recvmsg\t-      -',
      ' 1.13%\t 0.44%\t[k] exc_page_fault\t-      -',
      ' 1.25%\t 0.00%\t[k] asm_exc_page_fault\t-      -',
    ].join('\n');
    expect(kernelEntries(report)).toEqual([
      { name: 'sendto', where: 'kernel', share: expect.closeTo(0.644) },
      { name: 'recvmsg', where: 'kernel', share: expect.closeTo(0.09) },
      { name: 'page_fault', where: 'kernel', share: expect.closeTo(0.0125) },
    ]);
  });
});

describe('systemCalls', () => {
  it('reads calls with and without errors, the most frequent first', () => {
    const summary = [
      '% time     seconds  usecs/call     calls    errors syscall',
      '------ ----------- ----------- --------- --------- ----------------',
      ' 60.00    0.120000          12     10000           sendto',
      ' 30.00    0.060000           5     10380       380 recvfrom',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.180000           8     20380       380 total',
    ].join('\n');
    expect(systemCalls(summary)).toEqual([
      { name: 'recvfrom', count: 10_380, failed: 380 },
      { name: 'sendto', count: 10_000, failed: 0 },
    ]);
  });
});
