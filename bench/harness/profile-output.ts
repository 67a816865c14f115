// Parses the output of perf and strace.

/** A function's share of all samples. */
export interface Share {
  readonly name: string;
  /** `kernel`, `JavaScript`, or the file of the program or library. */
  readonly where: string;
  /** 0 to 1. */
  readonly share: number;
}

/** Of `perf report --stdio -t '\t' --sort dso,symbol`. */
export function functionShares(report: string): Share[] {
  const shares: Share[] = [];
  for (const line of report.split('\n')) {
    const [percent = '', file = '', symbol = ''] = line.split('\t').map((part) => part.trim());
    const share = /^([\d.]+)%$/.exec(percent)?.[1];
    if (share === undefined || symbol === '') continue;
    const name = symbol.replace(/^\[.\] /, '');
    shares.push({ name: name.slice(0, 70), where: whereOf(file), share: Number(share) / 100 });
  }
  return shares;
}

/**
 * Entry points of the kernel: system calls, which have up to three nested functions of the same name, and faults of pages
 * that are used for the first time.
 */
const ENTRIES = /^_{2,3}(?:x64_|arm64_)?sys_(\w+)$|^(?:asm_)?exc_(page_fault)$/;

/** Of `perf report --children --stdio -t '\t' --sort symbol`: what each entry of the kernel takes with all below it. */
export function kernelEntries(report: string): Share[] {
  const shares = new Map<string, number>();
  for (const line of report.split('\n')) {
    const [percent = '', , symbol = ''] = line.split('\t').map((part) => part.trim());
    const [, call, fault] = ENTRIES.exec(symbol.replace(/^\[.\] /, '')) ?? [];
    const name = call ?? fault;
    const share = Number.parseFloat(percent) / 100;
    if (name !== undefined) shares.set(name, Math.max(share, shares.get(name) ?? 0));
  }
  return [...shares].map(([name, share]) => ({ name, where: 'kernel', share }));
}

function whereOf(file: string): string {
  if (file.startsWith('[kernel')) return 'kernel';
  return file === '[JIT]' || /^(perf-|\[JIT\] )/.test(file) ? 'JavaScript' : file;
}

export interface SystemCall {
  readonly name: string;
  readonly count: number;
  readonly failed: number;
}

/** Of `strace -c`: the columns are share, seconds, time per call, calls, errors if any, name. */
export function systemCalls(summary: string): SystemCall[] {
  const calls: SystemCall[] = [];
  for (const line of summary.split('\n')) {
    const [, count, failed, name] =
      /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(\d+)?\s+(\w+)$/.exec(line) ?? [];
    if (name === undefined || name === 'total') continue;
    calls.push({ name, count: Number(count), failed: Number(failed ?? 0) });
  }
  return calls.sort((a, b) => b.count - a.count);
}
