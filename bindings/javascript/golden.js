// Prints the results of the golden cases, for tests/bindings/embed.rs. bindings/c/pack.c describes the input and the output.

import { readFileSync } from "node:fs";
import { Refused, load } from "configdrive";

const component = await load();

const fields = readFileSync(0, "utf8").split("\0");
while (fields.length > 1) {
  const [path, force, dhcpDomain, skipVersions, providers] = fields.splice(0, 5);
  const document = readFileSync(path, "utf8");
  const given = (/** @type {string} */ field) => (field.startsWith("=") ? field.slice(1) : undefined);
  const options = {
    dhcpDomain: given(dhcpDomain),
    skipVersions: given(skipVersions),
    vendordataProviders: /** @type {("static-json" | "dynamic-json")[] | undefined} */ (
      given(providers)?.split(",").filter((name) => name !== "")),
    defaultRandomSeed: "AAAA",
  };
  const required = answer(() => component.requiredBy(document, { forceConfigDrive: force === "1" }));
  const text = answer(() => component.pack(document, options));
  process.stdout.write(`${required}\t${text}\n`);
}

/** @param {() => string | boolean} call */
function answer(call) {
  try {
    return `ok ${call()}`;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return `err ${error.code} ${error.pointer ?? "-"} ${error.message}`;
  }
}
