// One job in a worker of its own, which the page ends when the answer arrives or takes too long.

import { instantiate } from "./component/configdrive.js";

/**
 * @typedef {import("./component/configdrive.js").Root["drive"]} Drive
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Options} Options
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").DriveSource} DriveSource
 *
 * @typedef {{ verb: "inspect", source: DriveSource }
 *   | { verb: "build", document: string, options: Options }
 *   | { verb: "encode", image: Uint8Array }} Job
 */

/**
 * Gives each call an instance of its own: an instance must not be used again after a trap.
 * @template T
 * @param {WebAssembly.Module} module
 * @param {(drive: Drive) => T} call
 */
async function fresh(module, call) {
  return call((await instantiate(() => module, {})).drive);
}

/** @param {Job & { module: WebAssembly.Module }} job */
async function run(job) {
  const { module } = job;
  switch (job.verb) {
    case "inspect":
      return { ...(await look(module, job.source)), findings: await fresh(module, (drive) => drive.checkDrive(job.source)) };
    case "build": {
      const { document, options } = job;
      const required = await fresh(module, (drive) => drive.requiredBy(document, { forceConfigDrive: false }));
      const image = await fresh(module, (drive) => drive.buildDrive(document, options));
      const findings = await fresh(module, (drive) => drive.checkDocument(document, options));
      return { required, image, ...(await look(module, { tag: "bytes", val: image })), findings };
    }
    case "encode":
      return fresh(module, (drive) => drive.encode(job.image));
  }
}

/**
 * @param {WebAssembly.Module} module
 * @param {DriveSource} source
 */
async function look(module, source) {
  const inspection = await fresh(module, (drive) => drive.inspect(source));
  return { inspection, contents: await fresh(module, (drive) => drive.extract(source)) };
}

addEventListener("message", async (event) => {
  try {
    postMessage({ answer: await run(event.data) });
  } catch (error) {
    // The component's own errors carry a record. Anything else is a trap, which no input should cause.
    const payload = error instanceof Error && "payload" in error ? error.payload : undefined;
    postMessage(payload ? { refusal: payload } : { fault: String(error) });
  }
});
