// examples/page in a real browser, served by `configdrive page`. CHROMIUM is the path of the browser, CONFIGDRIVE that of the command.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import playwright from "../../target/bindings/javascript/node_modules/playwright-core/index.js";
import { load } from "configdrive";

const FOLDER = new URL("../../target/page/", import.meta.url);
const EXAMPLE = await readFile(new URL("../../examples/deploy/instance.json", import.meta.url), "utf8");
const META_DATA = "openstack/latest/meta_data.json";
const KEY = `ssh-ed25519 ${Buffer.concat([Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20"), Buffer.alloc(32, 7)]).toString("base64")} you@example`;
const component = await load();

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
  server = spawn(process.env.CONFIGDRIVE ?? "configdrive", ["page", "--port", "0", fileURLToPath(FOLDER)],
    { stdio: ["ignore", "pipe", "inherit"] });
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
  page.on("console", (message) => complaints.push(message.text())); // violations of the content security policy too
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !(request.url().startsWith(address) && request.method() === "GET")) {
      complaints.push(`a request to ${request.url()}`);
    }
  });
  await page.goto(address);
});

test("a document is shown with its drive, files and findings", async () => {
  await openExample();
  assert.match(await text("#facts"), /config-2[^]*Files\s*50[^]*rules\s*yes/);
  assert.equal(await text("#findings"), "None.");
  assert.equal(await text("#not-checked"), "Not checked: disks with 4096-byte sectors.");
  assert.match(await text("#body"), /"hostname": "web-01.novalocal"/);
  await page.getByRole("button", { name: "user_data" }).click();
  assert.match(await text("#body"), /^#cloud-config\nhostname: web-01/);
  assert.deepEqual(complaints, []);
});

test("a drive is shown, whatever its form", async () => {
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
      assert.equal(await page.locator("#document").isVisible(), false);
      assert.equal(await page.locator("#downloads").isVisible(), false);
    }
  }
  await paste(component.pack(EXAMPLE, { ...options, format: "vfat" }));
  await shown("pasted text");
  assert.match(await text("#facts"), /FAT12/);
  assert.deepEqual(complaints, []);
});

test("a dropped file is opened", async () => {
  await drop("dropped.json", EXAMPLE);
  await shown("dropped.json");
  await drop("user-data.yaml", "\n#cloud-config\npackages: [nginx]\n");
  await page.getByRole("heading", { name: "Make a drive" }).waitFor();
  assert.equal(await page.getByLabel("User data (optional)").inputValue(), "\n#cloud-config\npackages: [nginx]\n");
  await drop("empty", "");
  await page.getByRole("alert").filter({ hasText: "empty: it is empty" }).waitFor();
  assert.deepEqual(complaints, []);
});

test("what is built is what the component returns", async () => {
  const document = JSON.stringify({ ...JSON.parse(EXAMPLE), random_seed: "AAAA" });
  await paste(document);
  await shown("pasted text");
  assert.equal((await downloaded("Download base64 for Ironic")).toString(), component.pack(document));
  assert.ok((await downloaded("Download image")).equals(component.buildDrive(document)));
  await page.getByRole("button", { name: "user_data" }).click();
  assert.match((await downloaded("Download file")).toString(), /^#cloud-config\n/);
  assert.deepEqual(complaints, []);
});

test("changing the format refreshes everything", async () => {
  await openExample();
  await page.locator("#four-k-disks").check();
  await page.locator("#flat-or-neutron").check();
  await page.getByRole("button", { name: "network_data.json" }).click();
  assert.match(await text("#facts"), /ISO 9660[^]*Sector size\s*2048 B/);
  await changeFormat("vfat-4096");
  assert.match(await text("#facts"), /FAT[^]*Sector size\s*4096 B/);
  assert.doesNotMatch(await text("#findings"), /not-for-4kn-disks/);
  assert.match(await text("#findings"), /vfat-under-ironics-check/);
  assert.equal(component.inspect((await downloaded("Download base64 for Ironic")).toString()).sectorSize, 4096);
  // What the person was looking at stays in view.
  assert.equal(await text("#path"), "openstack/latest/network_data.json");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "base64");
  await changeFormat("iso9660");
  assert.match(await text("#facts"), /ISO 9660[^]*Sector size\s*2048 B/);
  assert.match(await text("#findings"), /not-for-4kn-disks/);
  assert.deepEqual(complaints, []);
});

test("what is downloaded is what is shown, with one random seed for each document", async () => {
  await openExample();
  const seed = await shownSeed();
  for (const format of ["vfat", "vfat-4096", "iso9660"]) {
    await changeFormat(format);
    assert.equal(await shownSeed(), seed, format);
    const options = { format: format === "iso9660" ? format : "vfat", sectorSize: format === "vfat-4096" ? 4096 : undefined, defaultRandomSeed: seed };
    const packed = component.pack(EXAMPLE, /** @type {Parameters<typeof component.pack>[1]} */ (options));
    for (let times = 0; times < 2; times++) {
      assert.equal((await downloaded("Download base64 for Ironic")).toString(), packed, format);
    }
    assert.equal(component.inspect((await downloaded("Download image")).toString("base64")).files.find(({ path }) => path === META_DATA)?.sha256,
      component.inspect(packed).files.find(({ path }) => path === META_DATA)?.sha256);
  }
  await paste(EXAMPLE.replace("web-01", "web-02"));
  await shown("pasted text");
  assert.notEqual(await shownSeed(), seed);
  assert.deepEqual(complaints, []);
});

test("an edited document is updated before its drive is downloaded", async () => {
  await openExample();
  await page.getByText("Edit the document").click();
  const editor = page.getByLabel("Document in JSON or YAML");
  const original = await editor.inputValue();
  await editor.fill(original.replaceAll("web-01", "web-02"));
  assert.ok(await page.getByRole("button", { name: "Download image" }).isDisabled());
  assert.ok(await page.getByRole("button", { name: "Download base64 for Ironic" }).isDisabled());
  await editor.fill(original);
  assert.ok(await page.getByRole("button", { name: "Download image" }).isEnabled());
  await editor.fill(original.replaceAll("web-01", "web-02"));
  await page.getByRole("button", { name: "Update" }).click();
  await page.locator("#body", { hasText: "web-02.novalocal" }).waitFor();
  assert.ok(await page.getByRole("button", { name: "Download image" }).isEnabled());
  // A change of format keeps the edits.
  await editor.fill(original.replaceAll("web-01", "web-03"));
  await changeFormat("vfat");
  assert.match(await text("#body"), /web-03.novalocal/);
  assert.match(await text("#facts"), /FAT12/);
  assert.deepEqual(complaints, []);
});

test("an error clears the previous result", async () => {
  for (const [given, reason] of [["e30=", /^Cannot read the drive: /], ['{"instance": 1}', /^Invalid document: /], [" ", /nothing to open/]]) {
    await openExample();
    assert.ok(await page.getByRole("button", { name: "Download base64 for Ironic" }).isVisible());
    await paste(/** @type {string} */ (given));
    await page.getByRole("alert").filter({ hasText: reason }).waitFor();
    assert.equal(await page.locator("#result").isVisible(), false);
    assert.equal(await page.getByRole("button", { name: /^Download/ }).count(), 0); // by role, so only visible buttons count
    assert.equal(await text("#result #findings") + await text("#tree") + await text("#body"), "");
  }
  await openExample();
  assert.equal(await page.getByRole("alert").count(), 0);
  assert.deepEqual(complaints, []);
});

test("an invalid document stays, to be corrected", async () => {
  const document = JSON.stringify(JSON.parse(EXAMPLE));
  await paste(document.replace('"hostname":"web-01"', '"hostname":1'));
  await page.getByRole("alert").filter({ hasText: "/instance/hostname" }).waitFor();
  await page.getByLabel("Document in JSON or YAML").fill(document);
  await page.getByRole("button", { name: "Update" }).click();
  await shown("pasted text");
  assert.equal(await page.getByRole("alert").count(), 0);
  assert.deepEqual(complaints, []);
});

test("what is typed while a drive is built is kept", async () => {
  await openExample();
  await page.getByText("Edit the document").click();
  const editor = page.getByLabel("Document in JSON or YAML");
  await page.clock.install();
  await page.route("**/worker.js", (route) => route.fulfill({ contentType: "text/javascript", body: "for (;;);" }), { times: 1 });
  await editor.fill("{}");
  await page.getByRole("button", { name: "Update" }).click();
  await page.locator("#status", { hasText: "Opening" }).waitFor();
  await editor.fill("{ }");
  await page.clock.fastForward(60_000);
  await page.getByRole("alert").filter({ hasText: "no answer" }).waitFor();
  assert.equal(await editor.inputValue(), "{ }");
});

test("findings are those of the chosen reader and nodes", async () => {
  await paste(JSON.stringify({ meta_data: { uuid: "1", hostname: "web", name: "db", random_seed: "A" } }));
  await shown("pasted text");
  assert.deepEqual(await findingCodes(), ["invalid-random-seed", "host-names-differ"]);
  assert.equal(await text("#not-checked"), "Not checked: disks with 4096-byte sectors.");
  await page.locator("#four-k-disks").check();
  assert.deepEqual(await findingCodes(), ["invalid-random-seed", "host-names-differ", "not-for-4kn-disks"]);
  assert.match(await text("#findings"), /not-for-4kn-disks cloud-init, [^]*disks with 4096-byte sectors/);
  assert.equal(await text("#not-checked"), "");
  await page.getByLabel("Reader").selectOption("glean");
  assert.deepEqual(await findingCodes(), ["host-names-differ", "not-for-4kn-disks"]);
  await page.locator("#four-k-disks").uncheck();
  await page.getByLabel("Reader").selectOption("cloudbase-init");
  assert.equal(await text("#findings"), "None.");
  assert.deepEqual(complaints, []);
});

test("a finding's place links to the file", async () => {
  await paste(JSON.stringify({ files: [
    { path: "openstack/latest/meta_data.json", contents: btoa('{"uuid": "u", "hostname": "h", "name": "h"}') },
    { path: "openstack/2018-08-27/meta_data.json", contents: btoa('{"uuid": "u", "hostname": "h", "name": "h"}') },
    { path: "openstack/2018-08-27/network_data.json", contents: btoa('{"links": [{}], "networks": [], "services": []}') },
  ] }));
  await shown("pasted text");
  const link = page.getByRole("link", { name: "openstack/2018-08-27/network_data.json#/links/0" }).first();
  await link.focus();
  await page.keyboard.press("Enter");
  assert.equal(await text("#path"), "openstack/2018-08-27/network_data.json");
  assert.match(await text("#body"), /"links": \[/);
  assert.equal(await page.evaluate(() => document.activeElement?.id), "path");
  // Its directory, which was closed, shows where the file is.
  assert.ok(await page.locator("[aria-current]").isVisible());
  assert.deepEqual(complaints, []);
});

test("user data lead to a form, and the form to a drive", async () => {
  for (const userData of ["#cloud-config\npackages: [nginx]\n", "packages:\n  - nginx\n", "---\npackages: [nginx]", "# mine\n#cloud-config\n", "#!/bin/sh\n"]) {
    await paste(userData);
    await page.getByRole("heading", { name: "Make a drive" }).waitFor();
    assert.equal(await page.getByLabel("User data (optional)").inputValue(), userData);
    assert.equal(await page.evaluate(() => document.activeElement?.id), "hostname");
  }
  await paste("#cloud-config\nfinal_message: grüß dich\n");
  const uuid = await page.getByLabel("UUID").inputValue();
  await fillIn({
    "Host name": " web-07 ", "SSH public key": `${KEY}\n`, "MAC address": "52-54-00-AB-CD-01",
    "IP addresses and prefix lengths": "192.0.2.10/23", "Gateways": "192.0.2.1", "DNS servers": "192.0.2.53, 2001:db8::53",
  });
  await page.getByRole("button", { name: "Make the drive" }).click();
  await shown("web-07.json");
  assert.equal(await page.locator("#form").isVisible(), false);

  const json = await page.getByLabel("Document in JSON or YAML").inputValue();
  const { instance, network_data: network } = JSON.parse(json);
  assert.match(uuid, /^[0-9a-f-]{36}$/);
  assert.deepEqual([instance.uuid, instance.hostname, instance.key_data], [uuid, "web-07", KEY]);
  assert.equal(Buffer.from(instance.user_data, "base64").toString(), "#cloud-config\nfinal_message: grüß dich\n");
  const services = [{ type: "dns", address: "192.0.2.53" }, { type: "dns", address: "2001:db8::53" }];
  assert.deepEqual(network, {
    links: [{ id: "interface0", type: "phy", ethernet_mac_address: "52:54:00:ab:cd:01", mtu: 1500 }],
    networks: [{
      id: "network0", link: "interface0", type: "ipv4", ip_address: "192.0.2.10", netmask: "255.255.254.0",
      routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "192.0.2.1" }], services,
    }],
    services,
  });
  assert.match(await text("#facts"), /rules\s*yes/);
  assert.deepEqual(await findingCodes(), []);
  assert.equal((await downloaded("Download base64 for Ironic")).toString(), component.pack(json, { defaultRandomSeed: await shownSeed() }));
  await page.getByRole("button", { name: "user_data" }).click();
  assert.equal(await text("#body"), "#cloud-config\nfinal_message: grüß dich\n");

  // The form still has everything that was entered. Continue with another network.
  await page.getByRole("button", { name: "Back to the form" }).click();
  assert.equal(await page.locator("#result").isVisible(), false);
  assert.equal(await page.getByLabel("UUID").inputValue(), uuid);
  await fillIn({ "IP addresses and prefix lengths": "2001:db8::10/60", "Gateways": "fe80::1", "DNS servers": "" });
  await page.getByRole("button", { name: "Make the drive" }).click();
  await shown("web-07.json");
  const [ipv6] = JSON.parse(await page.getByLabel("Document in JSON or YAML").inputValue()).network_data.networks;
  assert.deepEqual([ipv6.type, ipv6.netmask, ipv6.routes], ["ipv6", "ffff:ffff:ffff:fff0::", [{ network: "::", netmask: "::", gateway: "fe80::1" }]]);
  // glean needs IPv4 on a link.
  assert.deepEqual(await findingCodes(), ["ipv6-without-ipv4"]);
  assert.deepEqual(complaints, []);
});

test("the form makes a drive with both IP versions on a VLAN", async () => {
  await page.getByRole("button", { name: "Fill in a form" }).click();
  await fillIn({
    "Host name": "web-10", "MAC address": "52:54:00:12:34:01", "MTU": "9000", "VLAN": "100",
    "IP addresses and prefix lengths": "192.0.2.10/24, 2001:db8::10/64", "Gateways": "2001:db8::1 192.0.2.1",
  });
  await page.getByRole("button", { name: "Make the drive" }).click();
  await shown("web-10.json");
  const { network_data: network } = JSON.parse(await page.getByLabel("Document in JSON or YAML").inputValue());
  const mac = "52:54:00:12:34:01";
  assert.deepEqual(network.links, [
    { id: "interface0", type: "phy", ethernet_mac_address: mac, mtu: 9000 },
    { id: "interface0.100", type: "vlan", vlan_link: "interface0", vlan_id: 100, vlan_mac_address: mac, mtu: 9000 },
  ]);
  assert.deepEqual(network.networks.map(/** @param {any} network */ ({ id, link, ip_address: ip, routes }) => [id, link, ip, routes[0]?.gateway]), [
    ["network0", "interface0.100", "192.0.2.10", "192.0.2.1"],
    ["network1", "interface0.100", "2001:db8::10", "2001:db8::1"],
  ]);
  assert.deepEqual(await findingCodes(), []);
  assert.deepEqual(complaints, []);
});

test("a document can be YAML, and user data in YAML are not taken for one", async () => {
  const yaml = "# for Metal3\nmeta_data:\n  uuid: u\n  hostname: h\n  name: h\nuser_data: |\n  #cloud-config\n  packages: [nginx]\n";
  await paste(yaml);
  await shown("pasted text");
  assert.equal((await downloaded("Download base64 for Ironic")).toString(), component.pack(yaml));
  await page.getByRole("button", { name: "user_data" }).click();
  assert.equal(await text("#body"), "#cloud-config\npackages: [nginx]\n");
  await paste("meta_data:\n  enabled: yes\n");
  await page.getByRole("alert").filter({ hasText: /Invalid document: \/meta_data\/enabled: unsupported YAML at line 2 column 12: / }).waitFor();
  await paste("#cloud-config\nfiles: []\n");
  await page.getByRole("heading", { name: "Make a drive" }).waitFor();
  assert.deepEqual(complaints, []);
});

test("the form makes a drive for DHCP without user data and key", async () => {
  await page.getByRole("button", { name: "Fill in a form" }).click();
  await page.getByLabel("DHCP").check();
  assert.equal(await page.getByLabel("Gateways").isVisible(), false);
  await fillIn({ "Host name": "web-08", "MAC address": "52:54:00:12:34:01" });
  await page.getByRole("button", { name: "Make the drive" }).click();
  await shown("web-08.json");
  const { instance, network_data: network } = JSON.parse(await page.getByLabel("Document in JSON or YAML").inputValue());
  assert.deepEqual(Object.keys(instance), ["uuid", "hostname", "display_name", "config_drive", "ec2_ids"]);
  assert.deepEqual(network.networks, [{ id: "network0", link: "interface0", type: "ipv4_dhcp" }]);
  assert.deepEqual(await findingCodes(), []);
  assert.deepEqual(complaints, []);
});

test("the form says what is wrong next to the field", async () => {
  await page.getByRole("button", { name: "Fill in a form" }).click();
  const valid = { "Host name": "web-09", "MAC address": "52:54:00:12:34:01", "IP addresses and prefix lengths": "192.0.2.10/24" };
  for (const [label, wrong, problem] of [
    ["Host name", "", /letters, digits and hyphens/],
    ["Host name", "web-09.example.org", /without its domain/],
    ["Host name", "web_09", /letters, digits and hyphens/],
    ["Host name", "-", /no hyphen at either end/],
    ["UUID", "1", /Enter a UUID/],
    ["SSH public key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", /private key/],
    ["SSH public key", `${KEY}\n${KEY}`, /one key/],
    ["SSH public key", "AAAA", /OpenSSH public key/],
    ["SSH public key", KEY.slice(0, 40), /damaged or incomplete/],
    ["SSH public key", KEY.replace("ssh-ed25519", "ssh-rsa"), /damaged or incomplete/],
    ["MAC address", "52:54:00:12:34", /six pairs/],
    ["IP addresses and prefix lengths", "192.0.2.256/24", /an address and its prefix length/],
    ["IP addresses and prefix lengths", "192.0.02.1/24", /an address and its prefix length/],
    ["IP addresses and prefix lengths", "192.0.2/24", /an address and its prefix length/],
    ["IP addresses and prefix lengths", "2001:db8::1::/64", /an address and its prefix length/],
    ["IP addresses and prefix lengths", "192.0.2.10", /prefix length, from 1 to 32/],
    ["IP addresses and prefix lengths", "192.0.2.10/33", /prefix length, from 1 to 32/],
    ["IP addresses and prefix lengths", "2001:db8::1/129", /prefix length, from 1 to 128/],
    ["Gateways", "192.0.2.1/24", /without a prefix length/],
    ["Gateways", "2001:db8::1", /same IP version/],
    ["Gateways", "192.0.2.1 192.0.2.2", /at most one gateway for each IP version/],
    ["MTU", "9000 bytes", /from 68 to 65535/],
    ["VLAN", "4095", /from 1 to 4094/],
    ["DNS servers", "192.0.2.53 dns.example.org", /IP addresses separated by spaces/],
  ]) {
    const field = page.getByLabel(/** @type {string} */ (label));
    await fillIn(valid);
    await field.fill(/** @type {string} */ (wrong));
    await page.getByRole("button", { name: "Make the drive" }).click();
    assert.match(await described(field), /** @type {RegExp} */ (problem), `${label}: ${wrong}`);
    assert.ok(await field.evaluate((control) => control === document.activeElement), `${label}: ${wrong}`);
    assert.equal(await page.locator("[aria-invalid]").count(), 1, `${label}: ${wrong}`);
    await field.fill(/** @type {Record<string, string>} */ (valid)[/** @type {string} */ (label)] ?? "");
    if (label === "UUID") await field.fill("2B8F5A34-6c1d-4e57-9f20-7d3a41c8e6b9");
    assert.equal(await page.locator("[aria-invalid]").count(), 0, `${label}: corrected`);
  }
  assert.equal(await page.locator("#result").isVisible(), false);
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await page.locator("#form").isVisible(), false);
  assert.deepEqual(complaints, []);
});

test("markup from a drive is text", async () => {
  const markup = "<img src=x onerror=alert(1)>";
  const hostile = Buffer.from(`${markup}\u202e`);
  // The component never writes such a name, but other tools may.
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

test("what cannot be opened gets a reason", async () => {
  for (const [given, reason] of [
    ["", /nothing to open/],
    ["hello", /Cannot read the drive: /],
    ["data:application/octet-stream;base64,AAAA", /Cannot read the drive: /],
    ['{"instance": {"uuid": 1}, "network_data": {}}', /Invalid document: \/instance\/uuid/],
  ]) {
    await paste(/** @type {string} */ (given));
    await page.getByRole("alert").filter({ hasText: reason }).waitFor();
  }
  assert.deepEqual(complaints, []);
});

test("a job that does not end is stopped, and the page still works", async () => {
  // A component that never answers.
  await page.route("**/worker.js", (route) => route.fulfill({ contentType: "text/javascript", body: "for (;;);" }));
  await page.goto(`${address}?seconds=1`);
  await page.getByRole("button", { name: "Try an example" }).click();
  await page.getByRole("alert").filter({ hasText: "no answer after 1 s" }).waitFor();
  await page.unroute("**/worker.js");
  await page.goto(address);
  await openExample();
});

test("a job that a newer one replaced does not disturb it", async () => {
  await page.route("**/worker.js", (route) => route.fulfill({ contentType: "text/javascript", body: "for (;;);" }), { times: 1 });
  await page.clock.install();
  await page.goto(address);
  await page.getByRole("button", { name: "Try an example" }).click();
  await page.locator("#status", { hasText: "Opening example.json" }).waitFor();
  await paste(EXAMPLE);
  await shown("pasted text");
  await page.clock.fastForward(60_000); // beyond the time that the first job had
  await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.equal(await page.getByRole("alert").count(), 0);
  assert.ok(await page.getByRole("heading", { name: "pasted text" }).isVisible());
});

test("the page fits on a narrow screen", async () => {
  await page.setViewportSize({ width: 375, height: 700 });
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await paste("#cloud-config\n");
  assert.equal(await overflow(), 0);
  await page.getByRole("button", { name: "Make the drive" }).click();
  assert.equal(await overflow(), 0);
  await openExample();
  await page.getByText("Edit the document").click();
  assert.equal(await overflow(), 0);
});

test("the keyboard reaches everything", async () => {
  const reached = new Set();
  await page.getByRole("button", { name: "Try an example" }).focus();
  await page.keyboard.press("Enter");
  await shown("example.json");
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent));
  }
  for (const expected of ["format", "Edit the document", "base64", "image", "2012-08-10", "save", "wrap", "indent", "body", "file", "fill-in", "text"]) {
    assert.ok(reached.has(expected), `${expected} in ${[...reached].join(", ")}`);
  }
  await page.locator("summary", { hasText: "2012-08-10" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await text("#path"), "openstack/2012-08-10/meta_data.json");
});

async function openExample() {
  await page.getByRole("button", { name: "Try an example" }).click();
  await shown("example.json");
}

/** @param {string} text */
async function paste(text) {
  await page.getByLabel("paste base64, a document or user data").fill(text);
  await page.getByRole("button", { name: "Open" }).click();
}

/**
 * @param {string} name
 * @param {string} content
 */
async function drop(name, content) {
  const dataTransfer = await page.evaluateHandle(([name, content]) => {
    const data = new DataTransfer();
    data.items.add(new File([content], name));
    return data;
  }, [name, content]);
  await page.dispatchEvent("#drop", "drop", { dataTransfer });
}

/**
 * Waits for the drive of that name, and until the page is idle.
 * @param {string} name
 */
async function shown(name) {
  await page.getByRole("heading", { name }).waitFor();
  await page.waitForFunction(() => !/…$/.test(document.getElementById("status")?.textContent ?? ""));
}

/** @param {string} format */
async function changeFormat(format) {
  await page.locator("#status").evaluate((status) => (status.textContent = ""));
  await page.getByLabel("File system").selectOption(format);
  await page.locator("#status", { hasText: "Updated" }).waitFor();
}

/** @param {Record<string, string>} fields */
async function fillIn(fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
}

/**
 * What a screen reader says about a field.
 * @param {import("../../target/bindings/javascript/node_modules/playwright-core/index.js").Locator} field
 */
async function described(field) {
  return field.evaluate((control) =>
    (control.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent).join(" "));
}

async function findingCodes() {
  return page.locator("#findings code").allTextContents();
}

/** The random seed in the file that is open: meta_data.json. */
async function shownSeed() {
  return JSON.parse(await text("#body")).random_seed;
}

/** @param {string} selector */
async function text(selector) {
  return (await page.locator(selector).textContent()) ?? "";
}

/** @param {string} button */
async function downloaded(button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: button }).click()]);
  return readFile(await download.path());
}
