// OpenStack config drives in Node: the component, transpiled by `jco transpile --instantiation async`.
//
//     const component = await load(new URL("component/", import.meta.url));
//     if (component.requiredBy(document)) text = component.pack(document);
//
// Calls have no time limit: read untrusted drives in a worker, and terminate it after a while.

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";

/**
 * @typedef {typeof import("../../target/page/component/configdrive.js")} Transpiled
 * @typedef {import("../../target/page/component/configdrive.js").Root["drive"]} Drive
 * @typedef {import("../../target/page/component/interfaces/ironic-configdrive-drive.js").Options} Options
 * @typedef {import("../../target/page/component/interfaces/ironic-configdrive-drive.js").Error} ErrorRecord
 * @typedef {import("../../target/page/component/interfaces/ironic-configdrive-drive.js").Finding} Finding
 * @typedef {import("../../target/page/component/interfaces/ironic-configdrive-drive.js").Inspection} Inspection
 */

/** The component refused the input. */
export class Refused extends Error {
  /** @param {ErrorRecord} record */
  constructor({ code, message, pointer }) {
    super(message);
    this.name = "Refused";
    /** Kind of error. */
    this.code = code;
    /** Place in the document as a JSON pointer (RFC 6901), if there is one. */
    this.pointer = pointer;
  }
}

/** The loaded component. Each call uses a fresh instance, so calls cannot see each other's data. */
export class Component {
  #fresh;

  /** @param {() => Drive} fresh returns an instance that has never been called */
  constructor(fresh) {
    this.#fresh = fresh;
  }

  /**
   * Returns whether the instance of `document`, a JSON string, needs a config drive, as Nova decides.
   * @param {string} document
   * @param {{ forceConfigDrive?: boolean }} [policy] nova.conf's option
   */
  requiredBy(document, { forceConfigDrive = false } = {}) {
    return this.#call((drive) => drive.requiredBy(wellFormed(document), { forceConfigDrive }));
  }

  /**
   * Builds the drive of `document` as the base64 text that Ironic accepts. A document without a random seed gets one.
   * @param {string} document
   * @param {Partial<Options>} [options] the defaults are Nova's
   */
  pack(document, options = {}) {
    return this.#call((drive) => drive.pack(wellFormed(document), complete(options)));
  }

  /**
   * Builds the drive of `document` as an image. A document without a random seed gets one.
   * @param {string} document
   * @param {Partial<Options>} [options] the defaults are Nova's
   */
  buildDrive(document, options = {}) {
    return this.#call((drive) => drive.buildDrive(wellFormed(document), complete(options)));
  }

  /**
   * Lists what is on a drive, whatever made it.
   * @param {string} text base64 of an image or its gzip
   * @returns {Inspection}
   */
  inspect(text) {
    return this.#call((drive) => drive.inspect({ tag: "text", val: text }));
  }

  /**
   * Finds what the readers of a drive would ignore, read differently or fail on; worst first.
   * @param {string} text base64 of an image or its gzip
   * @returns {Finding[]}
   */
  checkDrive(text) {
    return this.#call((drive) => drive.checkDrive({ tag: "text", val: text }));
  }

  /**
   * @template T
   * @param {(drive: Drive) => T} call
   */
  #call(call) {
    try {
      return call(this.#fresh());
    } catch (error) {
      if (error instanceof Error && "payload" in error) throw new Refused(/** @type {ErrorRecord} */ (error.payload));
      throw error;
    }
  }
}

/**
 * Loads the component from the directory that jco wrote.
 * @param {URL} directory
 */
export async function load(directory) {
  const { instantiate } = /** @type {Transpiled} */ (await import(new URL("configdrive.js", directory).href));
  const module = new WebAssembly.Module(await readFile(new URL("configdrive.core.wasm", directory)));
  return new Component(() => instantiate(() => module, {}, (core, imports) => new WebAssembly.Instance(core, imports)).drive);
}

/**
 * @param {Partial<Options>} options
 * @returns {Options}
 */
function complete({ format = "iso9660", ...options }) {
  for (const [name, value, bits] of /** @type {const} */ ([
    ["size", options.size, 64n], ["sector-size", options.sectorSize, 32n], ["source-date-epoch", options.sourceDateEpoch, 64n]])) {
    // The transpiled code silently truncates numbers.
    if (value !== undefined && !(Number.isInteger(Number(value)) && value >= 0 && BigInt(value) < 1n << bits)) {
      throw new Refused({ code: "invalid-option", message: `${name}: expected a whole number below 2^${bits}` });
    }
  }
  return { format, defaultRandomSeed: randomBytes(512).toString("base64"), ...options };
}

/**
 * Rejects lone surrogates, which the transpiled code would silently replace.
 * @param {string} document
 */
function wellFormed(document) {
  const at = document.search(/[\ud800-\udfff]/u);
  if (at >= 0) throw new Refused({ code: "invalid-document", message: `expected Unicode, found a lone surrogate at character ${at}` });
  return document;
}
