// How the component is fetched in Node, whose own `fetch` does not read files. package.json chooses this file.

import { readFile } from "node:fs/promises";

/**
 * @param {string | URL} url
 * @returns {Promise<Response>}
 */
export async function fetch(url) {
  return String(url).startsWith("file:") ? new Response(await readFile(new URL(url))) : globalThis.fetch(url);
}
