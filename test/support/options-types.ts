/** Finds the options types of the public API: what functions, constructors and methods of the entry points take. */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRY_POINTS = [
  'index',
  'application/index',
  'handover/index',
  'cred/index',
  'dashboard/index',
  'http/index',
  'web/index',
  'rpc/index',
  'cgi/index',
  'protocols/xml/index',
  'web-proxy/index',
  'websocket/index',
  'protocols/finger/index',
  'portforward/index',
  'protocols/memcache/index',
  'protocols/redis/index',
  'pubsub/index',
  'protocols/ident/index',
  'protocols/simple/index',
  'protocols/postfix/index',
  'protocols/socks/index',
  'terminal/index',
  'files/index',
  'foreign/index',
  'process/index',
  'adbapi/index',
  'logger/index',
  'metrics/index',
  'threads/index',
  'workers/index',
  'tls/index',
  'testing/index',
  'testing/http',
];

/**
 * An options type is an object type of this repository that is called so, or that has an optional property and no methods.
 * @returns Its property names by its name; a type without a name has that of the function that takes it.
 */
export function findOptionsTypes(): Map<string, string[]> {
  const { config } = ts.readConfigFile(`${ROOT}/tsconfig.json`, ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const files = ENTRY_POINTS.map((file) => `${ROOT}/src/${file}.ts`);
  const program = ts.createProgram(files, { ...options, noEmit: true, incremental: false });
  return new Search(program).run(files);
}

class Search {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #found = new Map<string, string[]>();
  readonly #seen = new Set<ts.Type>();

  constructor(program: ts.Program) {
    this.#program = program;
    this.#checker = program.getTypeChecker();
  }

  run(files: readonly string[]): Map<string, string[]> {
    for (const file of files) {
      const source = this.#program.getSourceFile(file);
      const module = source && this.#checker.getSymbolAtLocation(source);
      if (module === undefined) throw new Error(`${file} is not a module`);
      for (const exported of this.#checker.getExportsOfModule(module)) this.#symbol(exported);
    }
    return this.#found;
  }

  #symbol(exported: ts.Symbol): void {
    const checker = this.#checker;
    const symbol =
      exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (symbol.flags & ts.SymbolFlags.Value) {
      this.#callable(checker.getTypeOfSymbol(symbol), symbol.name);
    }
    if (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) {
      for (const member of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
        if (isInternal(member) || !isPublic(member)) continue;
        this.#callable(checker.getTypeOfSymbol(member), `${symbol.name}.${member.name}`);
      }
    }
  }

  #callable(type: ts.Type, name: string): void {
    for (const part of type.isUnion() ? type.types : [type]) {
      for (const signature of [...part.getCallSignatures(), ...part.getConstructSignatures()]) {
        if (!isOurs(signature.declaration) || isInternal(signature)) continue;
        for (const parameter of signature.parameters) {
          this.#value(this.#checker.getTypeOfSymbol(parameter), name);
        }
      }
    }
  }

  #value(type: ts.Type, name: string): void {
    for (const part of type.isUnion() ? type.types : [type]) {
      if (this.#seen.has(part) || !this.#isOptions(part)) continue;
      this.#seen.add(part);
      const own = declaredName(part) ?? name;
      const names = part.getProperties().map((property) => property.name);
      this.#found.set(own, [...new Set([...(this.#found.get(own) ?? []), ...names])]);
      for (const property of part.getProperties()) {
        this.#value(this.#checker.getTypeOfSymbol(property), `${own}.${property.name}`);
      }
    }
  }

  #isOptions(type: ts.Type): boolean {
    if (!(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) || type.isClass()) {
      return false;
    }
    if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0)
      return false;
    if (declaredName(type)?.endsWith('Options')) return true;
    const properties = type.getProperties();
    return (
      properties.some(({ flags }) => flags & ts.SymbolFlags.Optional) &&
      properties.every(({ flags }) => flags & ts.SymbolFlags.Property) &&
      properties.some(({ declarations }) => declarations?.some(isOurs))
    );
  }
}

function isInternal(documented: ts.Symbol | ts.Signature): boolean {
  return (documented as ts.Signature).getJsDocTags().some(({ name }) => name === 'internal');
}

function isPublic({ declarations = [] }: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return declarations.every(
    (declaration) =>
      (ts.getCombinedModifierFlags(declaration) & hidden) === 0 &&
      !(ts.isMethodDeclaration(declaration) && ts.isPrivateIdentifier(declaration.name)),
  );
}

/** Undefined for a type without a name and for one made by TypeScript's own `Pick` and the like. */
function declaredName(type: ts.Type): string | undefined {
  const symbol = type.aliasSymbol ?? type.symbol;
  return symbol?.declarations?.some(isOurs) && !symbol.name.startsWith('__')
    ? symbol.name
    : undefined;
}

function isOurs(declaration: ts.Node | undefined): boolean {
  const file = declaration?.getSourceFile().fileName;
  return file !== undefined && !file.includes('/node_modules/');
}
