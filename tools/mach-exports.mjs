// @ts-check
// Removes names from the exports of a Mach-O dylib and signs it again, because the pinned linker exports
// hidden symbols too and takes no export list. Nothing moves; the file keeps its size.

import { createHash } from 'node:crypto';

/** @param {Buffer} bytes @param {number} command @returns {number | undefined} */
function findCommand(bytes, command) {
  let at = 32;
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    if ((bytes.readUInt32LE(at) & 0x7fffffff) === command) return at;
    at += bytes.readUInt32LE(at + 4);
  }
  return undefined;
}

/** @param {number} value @returns {number[]} 7 bits a byte, the lowest first */
const leb = (value) =>
  value < 128 ? [value] : [(value % 128) | 128, ...leb(Math.floor(value / 128))];

/**
 * A trie of one level: each name is an edge from the root to a node with its address.
 *
 * @param {Map<string, number>} addresses by name
 */
function exportsTrie(addresses) {
  const nodes = [...addresses].map(([name, address]) => ({
    edge: [...Buffer.from(`${name}\0`)],
    // Of an ordinary symbol (0) at this address, with no edges (0).
    node: [1 + leb(address).length, 0, ...leb(address), 0],
  }));
  // Every offset takes two bytes, so that the length of the root is known in advance.
  const wide = (/** @type {number} */ value) => [(value & 0x7f) | 0x80, value >> 7];
  let offset = nodes.reduce((sum, { edge }) => sum + edge.length + 2, 2);
  const root = [0, nodes.length];
  for (const { edge, node } of nodes) {
    root.push(...edge, ...wide(offset));
    offset += node.length;
  }
  return Buffer.from([...root, ...nodes.flatMap(({ node }) => node)]);
}

/**
 * Makes all symbols private except these.
 *
 * @param {Buffer} bytes
 * @param {readonly string[]} names
 * @returns {Map<string, number>} the addresses of these
 */
function hideSymbols(bytes, names) {
  const addresses = new Map();
  const table = findCommand(bytes, 0x02);
  if (table === undefined) return addresses;
  const strings = bytes.readUInt32LE(table + 16);
  for (let i = 0; i < bytes.readUInt32LE(table + 12); i++) {
    const symbol = bytes.readUInt32LE(table + 8) + i * 16;
    const type = bytes.readUInt8(symbol + 4);
    // Skips debugging, local and undefined symbols.
    if ((type & 0xe1) !== 1 || (type & 0x0e) === 0) continue;
    const at = strings + bytes.readUInt32LE(symbol);
    const name = bytes.toString('latin1', at, bytes.indexOf(0, at));
    if (names.includes(name)) addresses.set(name, Number(bytes.readBigUInt64LE(symbol + 8)));
    else bytes.writeUInt8(type | 0x10, symbol + 4);
  }
  return addresses;
}

/** Hashes the pages of the file anew, if it is signed at all. @param {Buffer} bytes */
function signAgain(bytes) {
  const command = findCommand(bytes, 0x1d);
  if (command === undefined) return;
  const signature = bytes.readUInt32LE(command + 8);
  // The signature lists its parts by type and place; type 0 has the hashes.
  const places = Array.from({ length: bytes.readUInt32BE(signature + 8) }, (_, i) => i * 8);
  const place = places.find((entry) => bytes.readUInt32BE(signature + 12 + entry) === 0) ?? 0;
  const directory = signature + bytes.readUInt32BE(signature + 16 + place);
  const hashes = directory + bytes.readUInt32BE(directory + 16);
  const end = bytes.readUInt32BE(directory + 32);
  const pageBytes = 2 ** bytes.readUInt8(directory + 39);
  for (let i = 0; i < bytes.readUInt32BE(directory + 28); i++) {
    const page = bytes.subarray(i * pageBytes, Math.min((i + 1) * pageBytes, end));
    createHash('sha256')
      .update(page)
      .digest()
      .copy(bytes, hashes + i * 32);
  }
}

/**
 * @param {Buffer} bytes a dylib, changed in place
 * @param {readonly string[]} names what it is to export, as C calls it
 */
function hideExports(bytes, names) {
  const info = findCommand(bytes, 0x22);
  if (info === undefined) throw new TypeError('a dylib without a list of exports');
  const place = bytes.readUInt32LE(info + 40);
  const size = bytes.readUInt32LE(info + 44);
  const trie = exportsTrie(
    hideSymbols(
      bytes,
      names.map((name) => `_${name}`),
    ),
  );
  if (trie.length > size) throw new RangeError('more exports than there is room for');
  bytes.fill(0, place, place + size);
  trie.copy(bytes, place);
  bytes.writeUInt32LE(trie.length, info + 44);
  signAgain(bytes);
}

export { hideExports };
