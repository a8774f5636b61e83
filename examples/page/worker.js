// One job, in a worker of its own: the page ends it when the answer has come, or does not come.

import { instantiate } from "./component/configdrive.js";

/**
 * @typedef {import("./component/configdrive.js").Root["drive"]} Drive
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Options} Options
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").DriveSource} DriveSource
 *
 * @typedef {{ module: WebAssembly.Module } & (
 *   | { verb: "look", source: DriveSource }
 *   | { verb: "read", document: string, options: Options }
 *   | { verb: "image" | "text", document: string, options: Options })} Job
 */

/**
 * After a trap an instance is of no more use, so every call gets a fresh one.
 * @template T
 * @param {WebAssembly.Module} module
 * @param {(drive: Drive) => T} call
 */
async function fresh(module, call) {
  return call((await instantiate(() => module, {})).drive);
}

/** @param {Job} job */
async function run(job) {
  const { module } = job;
  switch (job.verb) {
    case "look":
      return { ...(await look(module, job.source)), findings: await fresh(module, (drive) => drive.checkDrive(job.source)) };
    case "read": {
      const { document, options } = job;
      const required = await fresh(module, (drive) => drive.requiredBy(document, { forceConfigDrive: false }));
      const image = await fresh(module, (drive) => drive.buildDrive(document, options));
      const findings = await fresh(module, (drive) => drive.checkDocument(document, options));
      return { required, ...(await look(module, { tag: "bytes", val: image })), findings };
    }
    case "image":
      return fresh(module, (drive) => drive.buildDrive(job.document, job.options));
    case "text":
      return fresh(module, (drive) => drive.pack(job.document, job.options));
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
    // An error of the component carries its record; anything else is a trap, which no input should cause.
    const payload = error instanceof Error && "payload" in error ? error.payload : undefined;
    postMessage(payload ? { refusal: payload } : { fault: String(error) });
  }
});
