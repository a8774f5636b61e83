import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Refused, load } from "./component.js";

const component = await load(new URL("../../target/page/component/", import.meta.url));
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

// TypeScript checks that every option is known: it reads them from the component.
test("the range of every numeric option is checked", async () => {
  const wit = await readFile(new URL("../../wit/configdrive.wit", import.meta.url), "utf8");
  const [, options] = /record options \{([^}]*)\}/.exec(wit) ?? assert.fail("no options");
  const numbers = [...options.matchAll(/^ +([a-z][a-z0-9-]*): (?:option<)?[us]\d+/gm)];
  assert.notEqual(numbers.length, 0);
  for (const [, name] of numbers) {
    const member = name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
    assert.throws(() => component.pack(DOCUMENT, { [member]: 2 ** 64 }), (error) => error instanceof Refused && error.message.startsWith(`${name}: `), name);
  }
});
