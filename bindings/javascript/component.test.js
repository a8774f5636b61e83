import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Refused, load } from "configdrive";

const component = await load();
const DOCUMENT = JSON.stringify({ files: [{ path: "openstack/latest/meta_data.json", contents: "e30=" }] });

test("options reach the drive", () => {
  const small = component.inspect(component.pack(DOCUMENT, { format: "vfat", sectorSize: 4096 }));
  assert.equal(small.sectorSize, 4096);
  const large = component.inspect(component.pack(DOCUMENT, { format: "vfat", size: 64n << 20n }));
  assert.equal(large.imageSize, 64n << 20n);
});

test("the image and the base64 text are the same drive", () => {
  const image = component.buildDrive(DOCUMENT);
  assert.equal(BigInt(image.length), component.inspect(component.pack(DOCUMENT)).imageSize);
  assert.deepEqual(component.checkDrive(Buffer.from(image).toString("base64")), component.checkDrive(component.pack(DOCUMENT)));
});

test("a document without a seed gets a new one each time", () => {
  const document = '{"instance": {"uuid": "u", "hostname": "h", "ec2_ids": {"instance_id": "i"}}, "network_data": {}}';
  assert.notEqual(component.pack(document), component.pack(document));
});

test("a refusal names the place", () => {
  assert.throws(
    () => component.pack('{"instance": {"uuid": 1}, "network_data": {}}'),
    (error) => error instanceof Refused && error.code === "invalid-document" && error.pointer === "/instance/uuid",
  );
  assert.throws(() => component.inspect("e30="), (error) => error instanceof Refused && error.code === "invalid-drive");
  assert.equal(component.requiredBy('{"instance": {"uuid": "u", "hostname": "h", "ec2_ids": {"instance_id": "i"}}, "network_data": {}}'), false);
});

test("values that would be changed silently are refused", () => {
  for (const options of [{ size: -1n }, { size: 1n << 64n }, { sectorSize: 2 ** 32 }, { sectorSize: 512.5 }, { sourceDateEpoch: -1n }]) {
    assert.throws(() => component.pack(DOCUMENT, options), (error) => error instanceof Refused && error.code === "invalid-option");
  }
  assert.throws(() => component.requiredBy('"\ud800"'), (error) => error instanceof Refused && error.code === "invalid-document");
});

test("the options are those of the interface", async () => {
  const wit = await readFile(new URL("../../wit/configdrive.wit", import.meta.url), "utf8");
  const [, record] = /record options \{([^}]*)\}/.exec(wit) ?? assert.fail("no options");
  const options = [...record.matchAll(/^ +([a-z][a-z0-9-]*): (?:option<)?(\w+)/gm)];
  assert.notEqual(options.length, 0);
  for (const [, name, type] of options) {
    const member = name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
    const wrong = { u32: 2 ** 64, u64: 2 ** 64, string: "\ud800" }[type];
    if (wrong === undefined) continue;
    assert.throws(() => component.pack(DOCUMENT, { [member]: wrong }), (error) => error instanceof Refused && error.message.startsWith(`${name}: `), name);
  }
  assert.throws(() => component.pack(DOCUMENT, /** @type {{}} */ ({ sector: 512 })), TypeError);
});

test("an unknown option is rejected, with the one that was probably meant", () => {
  /** @type {[object, string][]} */
  const cases = [
    [{ sector_size: 512 }, 'unknown option "sector_size"; did you mean sectorSize?'],
    [{ "vendor-data": "{}" }, 'unknown option "vendor-data"; did you mean vendorData?'],
    [{ formt: "vfat" }, 'unknown option "formt"; did you mean format?'],
    [{ label: "config-2" }, 'unknown option "label"'],
    [{ toString: 1 }, 'unknown option "toString"'],
  ];
  for (const [options, message] of cases) {
    for (const call of /** @type {const} */ (["pack", "buildDrive", "checkDocument"])) {
      assert.throws(() => component[call](DOCUMENT, options), new TypeError(message));
    }
  }
  const policy = /** @type {{}} */ ({ force_config_drive: true });
  assert.throws(() => component.requiredBy(DOCUMENT, policy), new TypeError('unknown option "force_config_drive"; did you mean forceConfigDrive?'));
});

test("documents are objects, text or bytes", () => {
  const forms = [JSON.parse(DOCUMENT), DOCUMENT, new TextEncoder().encode(DOCUMENT)];
  assert.equal(new Set(forms.map((form) => component.pack(form))).size, 1);
  assert.throws(() => component.pack(new Uint8Array([0xff])), (error) => error instanceof Refused && error.code === "invalid-document");
});

test("a document can be YAML", () => {
  assert.equal(component.pack("files:\n- path: openstack/latest/meta_data.json\n  contents: e30=\n"), component.pack(DOCUMENT));
  assert.throws(
    () => component.pack("meta_data:\n  enabled: yes\n"),
    (error) => error instanceof Refused && error.code === "invalid-document" && error.pointer === "/meta_data/enabled",
  );
});

test("all functions give Nova's files", async () => {
  const golden = new URL("../../tests/golden/", import.meta.url);
  for (const name of ["full", "net-static", "userdata-64k"]) {
    const document = await readFile(new URL(`${name}/document.json`, golden));
    const { options } = JSON.parse(await readFile(new URL(`${name}/case.json`, golden), "utf8"));
    const given = { dhcpDomain: options?.dhcp_domain, skipVersions: options?.config_drive_skip_versions, defaultRandomSeed: "AAAA" };
    const text = component.pack(document, given);
    const image = component.buildDrive(document, given);
    assert.equal(component.encode(image), text);
    assert.deepEqual(component.inspect(image), component.inspect(text));
    // Some findings are about what only the document says.
    const ofDocument = component.checkDocument(document, given).filter(({ place }) => !place.startsWith("#"));
    assert.deepEqual(ofDocument, component.checkDrive(text));
    const files = new Map(component.extract(text).flatMap(({ paths, content }) => paths.map((path) => [path, content])));
    assert.deepEqual([...files.keys()].sort(), component.inspect(text).files.map(({ path }) => path));
    for (const [path, content] of files) {
      assert.deepEqual(component.readFile(image, path), content);
      const expected = await readFile(new URL(`${name}/drive/${path}`, golden)).catch(() => undefined);
      if (expected) assert.deepEqual(Buffer.from(content), expected, path);
    }
    assert.throws(() => component.readFile(image, "none"), (error) => error instanceof Refused && error.code === "invalid-option");
  }
});
