// examples/page in a real browser, served by a server that knows nothing of it. CHROMIUM names the browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import playwright from "../../target/bindings/javascript/node_modules/playwright-core/index.js";
import { load } from "./component.js";

const FOLDER = new URL("../../target/page/", import.meta.url);
const EXAMPLE = await readFile(new URL("../../examples/deploy/instance.json", import.meta.url), "utf8");
const component = await load(new URL("component/", FOLDER));

/** @type {import("node:child_process").ChildProcess} */
let server;
/** @type {string} */
let address;
/** @type {import("../../target/bindings/javascript/node_modules/playwright-core/index.js").Browser} */
let browser;
/** @type {import("../../target/bindings/javascript/node_modules/playwright-core/index.js").Page} */
let page;
/** @type {string[]} */
let complaints;

before(async () => {
  server = spawn("python3", ["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", fileURLToPath(FOLDER), "0"],
    { stdio: ["ignore", "pipe", "ignore"] });
  address = await new Promise((resolve) => server.stdout?.once("data", (line) => resolve(/http:\S+\//.exec(line)?.[0] ?? "")));
  browser = await playwright.chromium.launch({ executablePath: process.env.CHROMIUM, chromiumSandbox: process.getuid?.() !== 0 });
});

after(async () => {
  await browser?.close();
  server?.kill();
});

beforeEach(async () => {
  await page?.close();
  page = await browser.newPage();
  complaints = [];
  page.on("console", (message) => complaints.push(message.text())); // where the browser tells of its content security policy
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !(request.url().startsWith(address) && request.method() === "GET")) {
      complaints.push(`a request to ${request.url()}`);
    }
  });
  await page.goto(address);
});

test("a document is shown with its drive, files and findings", async () => {
  await page.getByRole("button", { name: "Try an example" }).click();
  await page.getByRole("heading", { name: "example.json" }).waitFor();
  assert.match(await text("#facts"), /a drive\s*yes[^]*config-2[^]*Files\s*50/);
  assert.match(await text("#findings"), /not-for-4kn-disks/);
  assert.match(await text("#body"), /"hostname": "web-01.novalocal"/);
  await page.getByRole("button", { name: "user_data" }).click();
  assert.match(await text("#body"), /^#cloud-config\nhostname: web-01/);
  assert.deepEqual(complaints, []);
});

test("a drive is shown in whatever form it comes", async () => {
  const options = { defaultRandomSeed: "AAAA" };
  for (const format of /** @type {const} */ (["iso9660", "vfat"])) {
    const image = Buffer.from(component.buildDrive(EXAMPLE, { ...options, format }));
    for (const [form, buffer] of Object.entries({
      image, gzip: gzipSync(image), base64: Buffer.from(image.toString("base64")), packed: Buffer.from(component.pack(EXAMPLE, { ...options, format })),
    })) {
      const name = `${format}.${form}`;
      await page.locator("#file").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
      await page.getByRole("heading", { name }).waitFor();
      assert.match(await text("#facts"), /Files\s*50/, name);
      assert.equal(await page.locator("#build").isVisible(), false);
    }
  }
  await page.getByLabel("paste base64 or JSON").fill(component.pack(EXAMPLE, { ...options, format: "vfat" }));
  await page.getByRole("button", { name: "Look inside" }).click();
  await page.getByRole("heading", { name: "pasted text" }).waitFor();
  assert.match(await text("#facts"), /FAT12/);
  assert.deepEqual(complaints, []);
});

test("what is dropped is read", async () => {
  const transfer = await page.evaluateHandle((document) => {
    const data = new DataTransfer();
    data.items.add(new File([document], "dropped.json"));
    return data;
  }, EXAMPLE);
  await page.dispatchEvent("#drop", "drop", { dataTransfer: transfer });
  await page.getByRole("heading", { name: "dropped.json" }).waitFor();
  assert.deepEqual(complaints, []);
});

test("what is built is what the component gives", async () => {
  const document = JSON.stringify({ ...JSON.parse(EXAMPLE), random_seed: "AAAA" });
  await page.getByLabel("paste base64 or JSON").fill(document);
  await page.getByRole("button", { name: "Look inside" }).click();
  assert.equal((await downloaded("Download text for Ironic")).toString(), component.pack(document));
  assert.ok((await downloaded("Download image")).equals(component.buildDrive(document)));
  await page.getByLabel("File system").selectOption("vfat-4096");
  assert.equal(component.inspect((await downloaded("Download text for Ironic")).toString()).sectorSize, 4096);
  await page.getByRole("button", { name: "user_data" }).click();
  assert.match((await downloaded("Download file")).toString(), /^#cloud-config\n/);
  assert.deepEqual(complaints, []);
});

test("markup from a drive is text", async () => {
  const markup = "<img src=x onerror=alert(1)>";
  const hostile = Buffer.from(`${markup}\u202e`);
  // The component writes no such name, other makers may.
  const placeholder = "n".repeat(hostile.length);
  const file = { path: `openstack/${placeholder}gnp.sj`, contents: btoa(`${markup}\u0007`) };
  const image = Buffer.from(component.buildDrive(JSON.stringify({ files: [file] })));
  for (let at; (at = image.indexOf(placeholder)) >= 0;) hostile.copy(image, at);
  await page.locator("#file").setInputFiles({ name: "hostile", mimeType: "application/octet-stream", buffer: image });
  await page.getByRole("heading", { name: "hostile" }).waitFor();
  assert.equal(await page.locator("#result img").count(), 0);
  assert.equal(await text("#path"), `openstack/${markup}\\u{202e}gnp.sj`);
  assert.equal(await text("#body"), `${markup}\\u{7}`);
  assert.deepEqual(complaints, []);
});

test("what is no drive gets a reason", async () => {
  for (const [given, reason] of [
    ["", /nothing to look into/],
    ["e30=", /Not a drive that can be read: /],
    ['{"instance": {"uuid": 1}, "network_data": {}}', /Not a valid document: \/instance\/uuid/],
  ]) {
    await page.getByLabel("paste base64 or JSON").fill(/** @type {string} */ (given));
    await page.getByRole("button", { name: "Look inside" }).click();
    await page.getByRole("alert").filter({ hasText: reason }).waitFor();
  }
  assert.deepEqual(complaints, []);
});

test("a job that does not end is stopped and the page lives on", async () => {
  // As if the component never answered.
  await page.route("**/worker.js", (route) => route.fulfill({ contentType: "text/javascript", body: "for (;;);" }));
  await page.goto(`${address}?seconds=1`);
  await page.getByRole("button", { name: "Try an example" }).click();
  await page.getByRole("alert").filter({ hasText: "not done after 1 seconds" }).waitFor();
  await page.unroute("**/worker.js");
  await page.goto(address);
  await page.getByRole("button", { name: "Try an example" }).click();
  await page.getByRole("heading", { name: "example.json" }).waitFor();
});

test("the keyboard reaches everything", async () => {
  const reached = new Set();
  await page.getByRole("button", { name: "Try an example" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "example.json" }).waitFor();
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent));
  }
  for (const wanted of ["format", "Download image", "2012-08-10", "save", "wrap", "indent", "body", "file", "text"]) {
    assert.ok(reached.has(wanted), `${wanted} in ${[...reached].join(", ")}`);
  }
  await page.locator("summary", { hasText: "2012-08-10" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await text("#path"), "openstack/2012-08-10/meta_data.json");
});

/** @param {string} selector */
async function text(selector) {
  return (await page.locator(selector).textContent()) ?? "";
}

/** @param {string} button */
async function downloaded(button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: button }).click()]);
  return readFile(await download.path());
}
