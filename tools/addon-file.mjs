// @ts-check
// Reads the machine, libraries and symbols of an addon from its file: ELF, Mach-O or PE, 64 bits,
// little-endian. Not meant for untrusted files.

/**
 * @typedef {object} Import
 * @property {string} name
 * @property {string} from the library or version it is bound to; empty: any that provides it
 *
 * @typedef {object} AddonFile
 * @property {'elf' | 'mach-o' | 'pe'} format
 * @property {string} machine `x64`, `arm64` or its number
 * @property {string[]} libraries
 * @property {Import[]} imports without weak ones
 * @property {string[]} exports
 * @property {string} [minimumMacOS]
 * @property {boolean} [signed]
 * @property {number} [timestamp]
 */

/** The file is truncated or of an unknown format. */
class UnreadableAddonError extends Error {}

/** @param {Buffer} bytes @param {number} at @param {number} [end] */
function textAt(bytes, at, end = bytes.length) {
  const zero = bytes.indexOf(0, at);
  return bytes.toString('latin1', at, zero === -1 || zero > end ? end : zero);
}

/** @param {Record<number, string>} known @param {number} number */
const machineOf = (known, number) => known[number] ?? `0x${number.toString(16)}`;

/** @param {Buffer} bytes @param {number} at */
const long = (bytes, at) => Number(bytes.readBigUInt64LE(at));

/**
 * The library versions that .gnu.version_r requires, by index: `GLIBC_2.17`.
 *
 * @param {Buffer} bytes @param {{ at: number, strings: number, info: number } | undefined} section
 */
function elfVersions(bytes, section) {
  /** @type {Map<number, string>} */
  const versions = new Map();
  let library = section?.at ?? 0;
  for (let left = section?.info ?? 0; left > 0; left--) {
    let version = library + bytes.readUInt32LE(library + 8);
    for (let count = bytes.readUInt16LE(library + 2); count > 0; count--) {
      const name = textAt(bytes, (section?.strings ?? 0) + bytes.readUInt32LE(version + 8));
      versions.set(bytes.readUInt16LE(version + 6), name);
      version += bytes.readUInt32LE(version + 12);
    }
    library += bytes.readUInt32LE(library + 12);
  }
  return versions;
}

/** @param {Buffer} bytes */
function elfSections(bytes) {
  const table = long(bytes, 40);
  const headers = Array.from({ length: bytes.readUInt16LE(60) }, (_, i) => table + i * 64);
  return new Map(
    headers.map((header) => [
      bytes.readUInt32LE(header + 4),
      {
        at: long(bytes, header + 24),
        size: long(bytes, header + 32),
        strings: long(bytes, (headers[bytes.readUInt32LE(header + 40)] ?? table) + 24),
        info: bytes.readUInt32LE(header + 44),
      },
    ]),
  );
}

/** @param {Buffer} bytes @returns {AddonFile} */
function readElf(bytes) {
  const sections = elfSections(bytes);
  const dynamic = sections.get(6);
  const symbols = sections.get(11);
  if (dynamic === undefined || symbols === undefined) {
    throw new UnreadableAddonError('no shared object');
  }
  const versions = elfVersions(bytes, sections.get(0x6ffffffe));
  const indices = sections.get(0x6fffffff)?.at;
  /** @type {AddonFile} */
  const addon = {
    format: 'elf',
    machine: machineOf({ 62: 'x64', 183: 'arm64' }, bytes.readUInt16LE(18)),
    libraries: [],
    imports: [],
    exports: [],
  };
  for (let at = dynamic.at; at < dynamic.at + dynamic.size; at += 16) {
    if (long(bytes, at) !== 1) continue;
    addon.libraries.push(textAt(bytes, dynamic.strings + long(bytes, at + 8)));
  }
  for (let i = 1; i < symbols.size / 24; i++) {
    const at = symbols.at + i * 24;
    const name = textAt(bytes, symbols.strings + bytes.readUInt32LE(at));
    const isWeak = bytes.readUInt8(at + 4) >> 4 === 2;
    const version = indices === undefined ? 0 : bytes.readUInt16LE(indices + i * 2) & 0x7fff;
    if (bytes.readUInt16LE(at + 6) !== 0) addon.exports.push(name);
    else if (!isWeak) addon.imports.push({ name, from: versions.get(version) ?? '' });
  }
  return addon;
}

/** The number of 7 bits a byte at `at`, and what follows it. @param {Buffer} bytes @param {number} at */
function leb(bytes, at) {
  let value = 0;
  let end = at;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes.readUInt8(end++);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, end };
  }
}

/**
 * The names in an export trie, the only ones that the system's loader finds.
 *
 * @param {Buffer} trie
 * @param {number} [node]
 * @param {string} [name] how those below this node begin
 * @returns {string[]}
 */
function trieNames(trie, node = 0, name = '') {
  const own = leb(trie, node);
  const names = own.value === 0 ? [] : [name.replace(/^_/, '')];
  let at = own.end + own.value;
  for (let left = trie.readUInt8(at++); left > 0; left--) {
    const edge = textAt(trie, at);
    const child = leb(trie, at + edge.length + 1);
    if (child.value <= node) throw new UnreadableAddonError('its export trie has a cycle');
    names.push(...trieNames(trie, child.value, name + edge));
    at = child.end;
  }
  return names;
}

/** @param {Buffer} bytes @param {AddonFile} addon @param {number} at LC_SYMTAB */
function readMachImports(bytes, addon, at) {
  const symbols = bytes.readUInt32LE(at + 8);
  const strings = bytes.readUInt32LE(at + 16);
  for (let i = 0; i < bytes.readUInt32LE(at + 12); i++) {
    const symbol = symbols + i * 16;
    const type = bytes.readUInt8(symbol + 4);
    // Only undefined external symbols; those with a bit of 0xe0 are for debugging.
    if ((type & 0xef) !== 1) continue;
    const name = textAt(bytes, strings + bytes.readUInt32LE(symbol)).replace(/^_/, '');
    const library = bytes.readUInt16LE(symbol + 6) >> 8;
    addon.imports.push({ name, from: addon.libraries[library - 1] ?? '' });
  }
}

/** @param {Buffer} bytes @returns {AddonFile} */
function readMachO(bytes) {
  /** @type {AddonFile} */
  const addon = {
    format: 'mach-o',
    machine: machineOf({ 16777223: 'x64', 16777228: 'arm64' }, bytes.readUInt32LE(4)),
    libraries: [],
    imports: [],
    exports: [],
    signed: false,
  };
  let symbols;
  for (let at = 32, left = bytes.readUInt32LE(16); left > 0; left--) {
    const command = bytes.readUInt32LE(at) & 0x7fffffff;
    if (command === 0x02) symbols = at;
    else if (command === 0x0c || command === 0x18) {
      addon.libraries.push(textAt(bytes, at + bytes.readUInt32LE(at + 8)));
    } else if (command === 0x22) {
      const trie = bytes.readUInt32LE(at + 40);
      const size = bytes.readUInt32LE(at + 44);
      if (size > 0) addon.exports = trieNames(bytes.subarray(trie, trie + size));
    } else if (command === 0x1d) addon.signed = true;
    else if (command === 0x32) {
      const version = bytes.readUInt32LE(at + 12);
      addon.minimumMacOS = `${version >> 16}.${(version >> 8) & 0xff}`;
    }
    at += bytes.readUInt32LE(at + 4);
  }
  if (symbols !== undefined) readMachImports(bytes, addon, symbols);
  return addon;
}

/**
 * Maps an address of the loaded image to its offset in the file.
 *
 * @param {Buffer} bytes @param {number} header of the PE @returns {(address: number) => number}
 */
function peOffsets(bytes, header) {
  const first = header + 24 + bytes.readUInt16LE(header + 20);
  const sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, i) => {
    const at = first + i * 40;
    const begin = bytes.readUInt32LE(at + 12);
    const end = begin + bytes.readUInt32LE(at + 16);
    return { begin, end, offset: bytes.readUInt32LE(at + 20) - begin };
  });
  return (address) => {
    const section = sections.find(({ begin, end }) => address >= begin && address < end);
    if (section === undefined) throw new UnreadableAddonError('an address outside the file');
    return section.offset + address;
  };
}

/** @param {Buffer} bytes @returns {AddonFile} */
function readPe(bytes) {
  const header = bytes.readUInt32LE(60);
  if (textAt(bytes, header, header + 2) !== 'PE') throw new UnreadableAddonError('no PE header');
  const offset = peOffsets(bytes, header);
  const directory = (/** @type {number} */ i) => bytes.readUInt32LE(header + 24 + 112 + i * 8);
  /** @type {AddonFile} */
  const addon = {
    format: 'pe',
    machine: machineOf({ 34404: 'x64', 43620: 'arm64' }, bytes.readUInt16LE(header + 4)),
    libraries: [],
    imports: [],
    exports: [],
    timestamp: bytes.readUInt32LE(header + 8),
  };
  if (directory(0) !== 0) {
    const exported = offset(directory(0));
    const names = offset(bytes.readUInt32LE(exported + 32));
    for (let i = 0; i < bytes.readUInt32LE(exported + 24); i++) {
      addon.exports.push(textAt(bytes, offset(bytes.readUInt32LE(names + i * 4))));
    }
  }
  if (directory(13) !== 0) addon.libraries.push('(delayed)');
  if (directory(1) === 0) return addon;
  for (let at = offset(directory(1)); bytes.readUInt32LE(at + 12) !== 0; at += 20) {
    const from = textAt(bytes, offset(bytes.readUInt32LE(at + 12)));
    addon.libraries.push(from);
    const table = bytes.readUInt32LE(at) || bytes.readUInt32LE(at + 16);
    for (let entry = offset(table); long(bytes, entry) !== 0; entry += 8) {
      const isNumber = bytes.readUInt32LE(entry + 4) >= 0x80000000;
      const number = bytes.readUInt32LE(entry);
      const name = isNumber ? `#${number & 0xffff}` : textAt(bytes, offset(number) + 2);
      addon.imports.push({ name, from });
    }
  }
  return addon;
}

/**
 * Sets the timestamps of a PE file to zero, in its header and its export directory.
 *
 * @param {Buffer} bytes
 */
function clearTimes(bytes) {
  const header = bytes.readUInt32LE(60);
  bytes.writeUInt32LE(0, header + 8);
  const exported = bytes.readUInt32LE(header + 24 + 112);
  if (exported !== 0) bytes.writeUInt32LE(0, peOffsets(bytes, header)(exported) + 4);
}

/**
 * @param {Buffer} bytes the whole file
 * @returns {AddonFile}
 * @throws {UnreadableAddonError}
 */
function readAddonFile(bytes) {
  try {
    const magic = bytes.readUInt32BE(0);
    if (magic === 0x7f454c46) return readElf(bytes);
    if (magic === 0xcffaedfe) return readMachO(bytes);
    if (magic >>> 16 === 0x4d5a) return readPe(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new UnreadableAddonError('cut short');
    throw error;
  }
  throw new UnreadableAddonError('neither ELF, Mach-O nor PE');
}

export { clearTimes, readAddonFile, UnreadableAddonError };
