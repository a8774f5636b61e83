/**
 * OpenStack config drives in Node and browsers: the component, transpiled by jco.
 *
 *     import { load } from "configdrive";
 *
 *     const component = await load();
 *     if (component.requiredBy(document)) text = component.pack(document);
 *
 * Calls have no time limit: read untrusted drives in a worker, and terminate it after a while.
 *
 * @module
 */

import { fetch } from "#fetch";
import { instantiate } from "./component/configdrive.js";

/**
 * @typedef {import("./component/configdrive.js").Root["drive"]} Exports
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Options} Options
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").ErrorCode} ErrorCode
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").ExtractedFile} ExtractedFile
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").FurtherError} FurtherError
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Finding} Finding
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Inspection} Inspection
 *
 * @typedef {string | Uint8Array | Record<string, unknown>} Document JSON as text or in UTF-8, or the object that it describes
 * @typedef {string | Uint8Array} Drive base64 text of an image or its gzip; or the bytes of either, whatever made it
 */

/** The component refused the input. */
export class Refused extends Error {
  /** @param {{ code: ErrorCode, message: string, pointer?: string, further?: FurtherError[] }} record */
  constructor({ code, message, pointer, further = [] }) {
    super(message);
    this.name = "Refused";
    /** Kind of error. */
    this.code = code;
    /** Place in the document as a JSON pointer (RFC 6901), if there is one. */
    this.pointer = pointer;
    /** What else is wrong with the document. */
    this.further = further;
  }
}

/** The loaded component. Each call uses a fresh instance, so calls cannot see each other's data. */
export class Component {
  #fresh;

  /** @param {() => Exports} fresh returns an instance that has never been called */
  constructor(fresh) {
    this.#fresh = fresh;
  }

  /**
   * Returns whether the instance of `document` needs a config drive, as Nova decides.
   * @param {Document} document
   * @param {{ forceConfigDrive?: boolean }} [policy] nova.conf's option
   * @returns {boolean}
   */
  requiredBy(document, policy = {}) {
    known(policy, ["forceConfigDrive"]);
    const { forceConfigDrive = false } = policy;
    return this.#call((drive) => drive.requiredBy(json(document), { forceConfigDrive }));
  }

  /**
   * Returns `document` with `changes` in place of its own data, as indented JSON. The changes have the names of the interface:
   * `uuid`, `hostname`, `user_data` and so on.
   * @param {Document} document
   * @param {Record<string, unknown>} changes
   * @param {{ conceal?: boolean }} [options] whether notes replace secrets, for people
   * @returns {string}
   */
  amend(document, changes, options = {}) {
    known(options, ["conceal"]);
    const { conceal = false } = options;
    const text = wellFormed(JSON.stringify(changes), "invalid-option", "changes: ");
    return this.#call((drive) => drive.amend(json(document), text, conceal));
  }

  /**
   * Builds the drive of `document` as the base64 text that Ironic accepts. A document without a random seed gets one.
   * @param {Document} document
   * @param {Partial<Options>} [options] the defaults are Nova's
   * @returns {string}
   */
  pack(document, options = {}) {
    return this.#call((drive) => drive.pack(json(document), complete(options)));
  }

  /**
   * Builds the drive of `document` as an image. A document without a random seed gets one.
   * @param {Document} document
   * @param {Partial<Options>} [options] the defaults are Nova's
   * @returns {Uint8Array}
   */
  buildDrive(document, options = {}) {
    return this.#call((drive) => drive.buildDrive(json(document), complete(options)));
  }

  /**
   * Encodes an image as the text that Ironic accepts.
   * @param {Uint8Array} image
   * @returns {string}
   */
  encode(image) {
    return this.#call((drive) => drive.encode(image));
  }

  /**
   * Lists what is on a drive.
   * @param {Drive} drive
   * @returns {Inspection}
   */
  inspect(drive) {
    return this.#call((exports) => exports.inspect(source(drive)));
  }

  /**
   * Returns the content of the file at a path that `inspect` lists.
   * @param {Drive} drive
   * @param {string} path
   * @returns {Uint8Array}
   */
  readFile(drive, path) {
    return this.#call((exports) => exports.readFile(source(drive), wellFormed(path, "invalid-option", "path: ")));
  }

  /**
   * Returns the contents of all files.
   * @param {Drive} drive
   * @returns {ExtractedFile[]}
   */
  extract(drive) {
    return this.#call((exports) => exports.extract(source(drive)));
  }

  /**
   * Finds what the readers of `document`'s drive would ignore, read differently or fail on; worst first.
   * @param {Document} document
   * @param {Partial<Options>} [options] the defaults are Nova's
   * @returns {Finding[]}
   */
  checkDocument(document, options = {}) {
    return this.#call((drive) => drive.checkDocument(json(document), complete(options)));
  }

  /**
   * Finds the same on a finished drive.
   * @param {Drive} drive
   * @returns {Finding[]}
   */
  checkDrive(drive) {
    return this.#call((exports) => exports.checkDrive(source(drive)));
  }

  /**
   * @template T
   * @param {(drive: Exports) => T} call
   * @returns {T}
   */
  #call(call) {
    try {
      return call(this.#fresh());
    } catch (error) {
      if (error instanceof Error && "payload" in error) {
        throw new Refused(/** @type {{ code: ErrorCode, message: string, pointer?: string, further: FurtherError[] }} */ (error.payload));
      }
      throw error;
    }
  }
}

/**
 * Loads the component. Without an argument it comes from the file next to this one; bundlers that do not follow `new URL` need to be
 * told where they put "configdrive/configdrive.core.wasm".
 * @param {string | URL | Response | BufferSource | WebAssembly.Module} [source] the compiled module, its bytes, or where they are
 * @returns {Promise<Component>}
 */
export async function load(source = new URL("./component/configdrive.core.wasm", import.meta.url)) {
  const module = await compile(source);
  return new Component(() => instantiate(() => module, {}, (core, imports) => new WebAssembly.Instance(core, imports)).drive);
}

/**
 * @param {string | URL | Response | BufferSource | WebAssembly.Module} source
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(source) {
  if (source instanceof WebAssembly.Module) return source;
  if (typeof source === "string" || source instanceof URL) return compile(await fetch(source));
  if (!(source instanceof Response)) return WebAssembly.compile(source);
  if (!source.ok) throw new Error(`cannot load the component: ${source.url} answered ${source.status}`);
  // Not compileStreaming, which needs a server that knows the type of .wasm files.
  return WebAssembly.compile(await source.arrayBuffer());
}

/**
 * @param {Document} document
 * @returns {string}
 */
function json(document) {
  if (typeof document === "string") return wellFormed(document, "invalid-document", "");
  if (!(document instanceof Uint8Array)) return wellFormed(JSON.stringify(document), "invalid-document", "");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(document);
  } catch {
    throw new Refused({ code: "invalid-document", message: "expected UTF-8, found invalid bytes" });
  }
}

/**
 * @param {Drive} drive
 * @returns {{ tag: "text", val: string } | { tag: "bytes", val: Uint8Array }}
 */
function source(drive) {
  return typeof drive === "string" ? { tag: "text", val: wellFormed(drive, "invalid-drive", "") } : { tag: "bytes", val: drive };
}

/** The options, and the bits of those that are numbers. */
const OPTIONS = {
  format: 0,
  size: 64,
  sectorSize: 32,
  skipVersions: 0,
  newestVersion: 0,
  dhcpDomain: 0,
  vendordataProviders: 0,
  ports: 0,
  portgroups: 0,
  vendorData: 0,
  vendorData2: 0,
  randomSeed: 0,
  defaultRandomSeed: 0,
  sourceDateEpoch: 64,
};

/**
 * @param {Partial<Options>} options
 * @returns {Options}
 */
function complete(options) {
  known(options, Object.keys(OPTIONS));
  for (const [option, value] of Object.entries(options)) {
    const name = option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const bits = OPTIONS[/** @type {keyof Options} */ (option)];
    // The transpiled code silently changes numbers that are out of range, and lone surrogates.
    if (bits > 0 && value !== undefined && !(whole(value) >= 0n && whole(value) < 1n << BigInt(bits))) {
      throw new Refused({ code: "invalid-option", message: `${name}: expected a whole number below 2^${bits}` });
    }
    if (typeof value === "string") wellFormed(value, "invalid-option", `${name}: `);
  }
  const seed = crypto.getRandomValues(new Uint8Array(512));
  return { format: "iso9660", defaultRandomSeed: btoa(String.fromCharCode(...seed)), ...options };
}

/**
 * Rejects options with other names, which JavaScript would silently ignore.
 * @param {object} options
 * @param {string[]} names
 */
function known(options, names) {
  for (const option of Object.keys(options)) {
    if (names.includes(option)) continue;
    const distances = names.map((name) => distance(plain(option), plain(name)));
    const least = Math.min(...distances);
    const meant = least <= 2 ? `; did you mean ${names[distances.indexOf(least)]}?` : "";
    throw new TypeError(`unknown option ${JSON.stringify(option)}${meant}`);
  }
}

/**
 * Returns a name without what differs between languages.
 * @param {string} name
 */
function plain(name) {
  return name.replaceAll(/[-_]/g, "").toLowerCase();
}

/**
 * Returns the number of letters to insert, delete or replace (Levenshtein's distance).
 * @param {string} from
 * @param {string} to
 */
function distance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const letter of from) {
    let diagonal = /** @type {number} */ (row[0]);
    row = row.reduce((/** @type {number[]} */ next, above, column) => {
      const least = column === 0 ? above + 1 : Math.min(above + 1, next[column - 1] + 1, diagonal + Number(letter !== to[column - 1]));
      diagonal = above;
      return [...next, least];
    }, []);
  }
  return row[to.length];
}

/**
 * Returns a whole number, or -1 for anything else.
 * @param {unknown} value
 * @returns {bigint}
 */
function whole(value) {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : -1n;
}

/**
 * Rejects lone surrogates, which the transpiled code would silently replace.
 * @param {string} text
 * @param {ErrorCode} code
 * @param {string} place
 */
function wellFormed(text, code, place) {
  const at = text.search(/[\ud800-\udfff]/u);
  if (at >= 0) throw new Refused({ code, message: `${place}expected Unicode, found a lone surrogate at character ${at}` });
  return text;
}
