/** Runs single cases of a contract over broken things: which of them notice? */
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';

/** What the case of that name ends with: the message of its failure, or `passed`. */
export async function outcome(contract: readonly ContractCase[], name: string): Promise<string> {
  const found = contract.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the contract has no case called ${name}`);
  try {
    await found.run();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'passed';
}

/** The names of the cases that fail. */
export async function failing(contract: readonly ContractCase[]): Promise<string[]> {
  const names: string[] = [];
  for (const { name } of contract)
    if ((await outcome(contract, name)) !== 'passed') names.push(name);
  return names;
}
