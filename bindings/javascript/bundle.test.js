// examples/bundle and examples/vite in a real browser. CHROMIUM is the path of the browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import esbuild from "../../target/bindings/javascript/node_modules/esbuild/lib/main.js";
import playwright from "../../target/bindings/javascript/node_modules/playwright-core/index.js";
import * as vite from "../../target/bindings/javascript/node_modules/vite/dist/node/index.js";
import { load } from "configdrive";

const image = (await load()).buildDrive({ files: [{ path: "openstack/latest/meta_data.json", contents: "e30=" }] });

test("esbuild's bundle works in a browser", async (context) => {
  const folder = new URL("bundle/", import.meta.url);
  await esbuild.build({
    entryPoints: [fileURLToPath(new URL("main.js", folder))], bundle: true, format: "esm", loader: { ".wasm": "file" },
    outdir: fileURLToPath(new URL("dist", folder)),
  });
  await copyFile(new URL("index.html", folder), new URL("dist/index.html", folder));
  const server = spawn("python3", ["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", fileURLToPath(new URL("dist", folder)), "0"],
    { stdio: ["ignore", "pipe", "ignore"] });
  context.after(() => server.kill());
  const address = await new Promise((resolve) => server.stdout.once("data", (line) => resolve(/http:\S+\//.exec(line)?.[0] ?? "")));
  await shows(context, address, "config-2\nopenstack/latest/meta_data.json (2 bytes)");
});

const viteFolder = fileURLToPath(new URL("vite/", import.meta.url));
const found = "error: openstack/latest/meta_data.json";

test("Vite's build works in a browser", async (context) => {
  await vite.build({ root: viteFolder, logLevel: "error" });
  const server = await vite.preview({ root: viteFolder, preview: { host: "127.0.0.1", port: 0 } });
  context.after(() => server.close());
  await shows(context, server.resolvedUrls?.local[0] ?? "", found);
});

test("Vite's development server works with a browser", async (context) => {
  const server = await vite.createServer({ root: viteFolder, logLevel: "error", server: { host: "127.0.0.1", port: 0 } });
  context.after(() => server.close());
  await server.listen();
  await shows(context, server.resolvedUrls?.local[0] ?? "", found);
});

/**
 * Opens the page, and expects it to show the text for a drive, another one for what is not a drive, and no complaint.
 * @param {import("node:test").TestContext} context
 * @param {string} address
 * @param {string} text
 */
async function shows(context, address, text) {
  const browser = await playwright.chromium.launch({ executablePath: process.env.CHROMIUM, chromiumSandbox: process.getuid?.() !== 0 });
  context.after(() => browser.close());
  const page = await browser.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on("console", (message) => message.type() !== "debug" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  await page.locator("input:enabled").waitFor();
  const shown = page.locator("output");
  await page.locator("input").setInputFiles({ name: "drive.iso", mimeType: "application/octet-stream", buffer: Buffer.from(image) });
  await shown.filter({ hasText: text }).waitFor();
  await page.locator("input").setInputFiles({ name: "drive.iso", mimeType: "application/octet-stream", buffer: Buffer.alloc(512) });
  await shown.filter({ hasText: "not a config drive" }).waitFor();
  assert.deepEqual(complaints.filter((text) => !text.includes("favicon")), []);
}
