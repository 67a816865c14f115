/** `system.listMethods` and the others of the introspection conventions of XML-RPC. */
import { RPC_FAULT, RPCFaultError } from './errors.js';
import { type RPCMethod, RPCMethods } from './methods.js';

/** A table with the given methods and those of the introspection, which take precedence. */
export function withIntrospection(methods: RPCMethods): RPCMethods {
  const all = new RPCMethods();
  const find = (name: string): RPCMethod => {
    const method = all.find(name);
    if (method !== undefined) return method;
    throw new RPCFaultError(RPC_FAULT.invalidParams, `method ${name} not found`);
  };
  all.add('system.listMethods', () => all.names, {
    help: 'Returns the names of all methods.',
    signatures: [['array']],
  });
  all.add('system.methodHelp', (name: string) => find(name).help, {
    help: 'Returns the description of a method.',
    signatures: [['string', 'string']],
  });
  all.add('system.methodSignature', (name: string) => find(name).signatures ?? 'undef', {
    help: 'Returns the signatures of a method, each with the type of the result first; "undef" if they are unknown.',
    signatures: [['array', 'string']],
  });
  return all.mountRoot(methods);
}
