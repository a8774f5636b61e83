// OpenStack config drives from Node: the component, transpiled by `jco transpile --instantiation async`.
//
//     const component = await load(new URL("component/", import.meta.url));
//     if (component.requiredBy(document)) text = component.pack(document);
//
// Nothing stops a call of its own accord: give drives of unknown makers to a worker, and end it after a while.

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

/** The component says no. */
export class Refused extends Error {
  /** @param {ErrorRecord} record */
  constructor({ code, message, pointer }) {
    super(message);
    this.name = "Refused";
    /** What kind of thing went wrong. */
    this.code = code;
    /** The place in the document as a JSON pointer (RFC 6901), where there is one. */
    this.pointer = pointer;
  }
}

/** The component, ready to be called. A call cannot see what another one left. */
export class Component {
  #fresh;

  /** @param {() => Drive} fresh gives an instance that was never called */
  constructor(fresh) {
    this.#fresh = fresh;
  }

  /**
   * Tells whether the instance of `document`, JSON text, needs a config drive, as Nova decides.
   * @param {string} document
   * @param {{ forceConfigDrive?: boolean }} [policy] nova.conf's
   */
  requiredBy(document, { forceConfigDrive = false } = {}) {
    return this.#call((drive) => drive.requiredBy(wellFormed(document), { forceConfigDrive }));
  }

  /**
   * The drive of `document` as the text that Ironic takes. A document without random seed gets one.
   * @param {string} document
   * @param {Partial<Options>} [options] Nova's defaults where absent
   */
  pack(document, options = {}) {
    return this.#call((drive) => drive.pack(wellFormed(document), complete(options)));
  }

  /**
   * The same as an image.
   * @param {string} document
   * @param {Partial<Options>} [options] Nova's defaults where absent
   */
  buildDrive(document, options = {}) {
    return this.#call((drive) => drive.buildDrive(wellFormed(document), complete(options)));
  }

  /**
   * Tells what is on a drive of any maker.
   * @param {string} text base64 of an image or its gzip
   * @returns {Inspection}
   */
  inspect(text) {
    return this.#call((drive) => drive.inspect({ tag: "text", val: text }));
  }

  /**
   * Finds what makes a drive of any maker useless although it is valid, worst first.
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
 * Loads the component from the folder that jco wrote.
 * @param {URL} folder
 */
export async function load(folder) {
  const { instantiate } = /** @type {Transpiled} */ (await import(new URL("configdrive.js", folder).href));
  const module = new WebAssembly.Module(await readFile(new URL("configdrive.core.wasm", folder)));
  return new Component(() => instantiate(() => module, {}, (core, imports) => new WebAssembly.Instance(core, imports)).drive);
}

/**
 * @param {Partial<Options>} options
 * @returns {Options}
 */
function complete({ format = "iso9660", ...options }) {
  for (const [name, value, bits] of /** @type {const} */ ([
    ["size", options.size, 64n], ["sector-size", options.sectorSize, 32n], ["source-date-epoch", options.sourceDateEpoch, 64n]])) {
    // The transpiled code cuts numbers off in silence.
    if (value !== undefined && !(Number.isInteger(Number(value)) && value >= 0 && BigInt(value) < 1n << bits)) {
      throw new Refused({ code: "invalid-option", message: `${name}: want a whole number below 2^${bits}` });
    }
  }
  return { format, defaultRandomSeed: randomBytes(512).toString("base64"), ...options };
}

/**
 * The transpiled code would replace lone surrogates in silence.
 * @param {string} document
 */
function wellFormed(document) {
  const at = document.search(/[\ud800-\udfff]/u);
  if (at >= 0) throw new Refused({ code: "invalid-document", message: `lone surrogate at character ${at}: want Unicode text` });
  return document;
}
