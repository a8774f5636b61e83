// examples/bundle in a real browser. CHROMIUM is the path of the browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import esbuild from "../../target/bindings/javascript/node_modules/esbuild/lib/main.js";
import playwright from "../../target/bindings/javascript/node_modules/playwright-core/index.js";
import { load } from "configdrive";

test("a bundle works in a browser", async (context) => {
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
  const browser = await playwright.chromium.launch({ executablePath: process.env.CHROMIUM, chromiumSandbox: process.getuid?.() !== 0 });
  context.after(() => browser.close());
  const page = await browser.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  await page.locator("input:enabled").waitFor();

  const component = await load();
  const image = component.buildDrive({ files: [{ path: "openstack/latest/meta_data.json", contents: "e30=" }] });
  const shown = page.locator("output");
  await page.locator("input").setInputFiles({ name: "drive.iso", mimeType: "application/octet-stream", buffer: Buffer.from(image) });
  await shown.filter({ hasText: "config-2\nopenstack/latest/meta_data.json (2 bytes)" }).waitFor();
  await page.locator("input").setInputFiles({ name: "drive.iso", mimeType: "application/octet-stream", buffer: Buffer.from("no drive") });
  await shown.filter({ hasNotText: "config-2" }).waitFor();
  assert.deepEqual(complaints.filter((text) => !text.includes("favicon")), []);
});
