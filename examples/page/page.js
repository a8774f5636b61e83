// Untrusted text, which is all that comes out of a drive, enters the page by textContent alone.

/**
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Inspection} Inspection
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").ExtractedFile} ExtractedFile
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").DriveFile} DriveFile
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Finding} Finding
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Options} Options
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Error} Refusal
 *
 * @typedef {{ required?: boolean, inspection: Inspection, contents: ExtractedFile[], findings: Finding[] }} View
 * @typedef {{ name: string, document?: string }} Shown
 */

const MIB = 1 << 20;
const INPUT_LIMIT = 128 * MIB;
/** After so many seconds a worker is ended. `?seconds=` sets another number, for tests. */
const SECONDS = Number(new URLSearchParams(location.search).get("seconds") ?? 30);
/** What a page can show at once; the rest can be downloaded. */
const SHOWN_FILES = 2000;
const SHOWN_BYTES = 256 << 10;

const component = fetch(new URL("component/configdrive.core.wasm", import.meta.url))
  .then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(new Error(`${answer.status} ${answer.url}`))))
  .then((bytes) => WebAssembly.compile(bytes));
component.catch((error) => fail(`The component does not load: ${error.message}`));

/** @type {Shown | undefined} */
let shown;
/** @type {{ path: string, bytes: Uint8Array } | undefined} */
let open;
/** @type {Worker | undefined} */
let running;

// ── what comes in ───────────────────────────────────────────────────────────────────────────────────────────────────

byId("file", HTMLInputElement).addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  if (input.files?.[0]) void readFile(input.files[0]);
  input.value = ""; // the same file may be chosen again
});

byId("paste", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void readText(byId("text", HTMLTextAreaElement).value, "pasted text");
});

byId("example", HTMLButtonElement).addEventListener("click", async () => {
  const answer = await fetch(new URL("example.json", import.meta.url));
  await readText(await answer.text(), "example.json");
});

for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("over", name === "dragenter" || name === "dragover");
  });
}
document.addEventListener("drop", (event) => {
  const file = event.dataTransfer?.files[0];
  if (file) void readFile(file);
});

/** @param {File} file */
async function readFile(file) {
  if (file.size > INPUT_LIMIT) {
    fail(`${visible(file.name)} has ${size(file.size)}: the limit is 128 MiB, and a drive has at most 64.`);
    return;
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const first = bytes.find((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte));
  if (first !== "{".charCodeAt(0)) {
    await show({ name: file.name }, { verb: "look", source: { tag: "bytes", val: bytes } });
    return;
  }
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    fail(`${visible(file.name)} is not UTF-8: JSON is UTF-8 text.`);
    return;
  }
  await readText(text, file.name);
}

/**
 * @param {string} text
 * @param {string} name
 */
async function readText(text, name) {
  if (text.trim() === "") {
    fail("There is nothing to look into: drop a file, or paste base64 or JSON.");
  } else if (!text.trimStart().startsWith("{")) {
    await show({ name }, { verb: "look", source: { tag: "text", val: text } });
  } else if (!text.isWellFormed()) {
    fail("The document has a lone surrogate: want Unicode text."); // which would be replaced in silence
  } else {
    await show({ name, document: text }, { verb: "read", document: text, options: options() });
  }
}

// ── the worker ──────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Runs a job in a worker of its own, which a hostile drive may keep busy: the page stays free and ends it.
 * @param {object} job
 * @returns {Promise<any>}
 */
async function run(job) {
  const module = await component;
  running?.terminate();
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  running = worker;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`Stopped: not done after ${SECONDS} seconds.`)), SECONDS * 1000);
      worker.addEventListener("error", (event) => reject(new Error(`The worker failed: ${event.message}`)));
      worker.addEventListener("message", ({ data }) => {
        if (data.refusal) reject(new Error(refusal(data.refusal)));
        else if (data.fault) reject(new Error(`The component failed, which is a fault in it: ${data.fault}`));
        else resolve(data.answer);
      });
      worker.postMessage({ ...job, module });
    });
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}

/** @param {Refusal} refusal */
function refusal({ code, message }) {
  return `${{ "invalid-document": "Not a valid document", "invalid-option": "Not a valid option", "too-large": "Too large",
    "invalid-drive": "Not a drive that can be read" }[code]}: ${message}`;
}

/** @returns {Options} */
function options() {
  const format = byId("format", HTMLSelectElement).value;
  const seed = crypto.getRandomValues(new Uint8Array(512));
  return {
    format: format === "iso9660" ? "iso9660" : "vfat",
    sectorSize: format === "vfat-4096" ? 4096 : undefined,
    defaultRandomSeed: btoa(String.fromCharCode(...seed)),
  };
}

// ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * @param {Shown} what
 * @param {object} job
 */
async function show(what, job) {
  say(`Reading ${visible(what.name)}…`);
  try {
    const view = await run(job);
    shown = what;
    render(what, view);
    say("");
    byId("name").focus();
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {Shown} what
 * @param {View} view
 */
function render(what, { required, inspection, contents, findings }) {
  byId("error").hidden = true;
  byId("result").hidden = false;
  byId("build").hidden = what.document === undefined;
  byId("name").textContent = visible(what.name);

  const facts = [
    ["Label", visible(inspection.label) || "none"],
    ["File system", FILE_SYSTEMS[inspection.fileSystem]],
    ["Image", `${size(Number(inspection.imageSize))} in sectors of ${inspection.sectorSize}`],
    ["Files", String(inspection.files.length)],
  ];
  if (required !== undefined) facts.unshift(["Nova gives this instance a drive", required ? "yes" : "no"]);
  byId("facts").replaceChildren(...facts.map(([term, text]) => element("div", {}, element("dt", {}, term), element("dd", {}, text))));

  byId("findings").replaceChildren(...(findings.length ? findings.map(finding) : [element("li", { className: "none" }, "None.")]));

  const bytes = new Map(contents.flatMap(({ paths, content }) => paths.map((path) => [path, content])));
  const files = inspection.files.slice(0, SHOWN_FILES);
  const tree = branch(folders(files), bytes);
  byId("tree").replaceChildren(tree);
  if (files.length < inspection.files.length) {
    byId("tree").append(element("p", { className: "hint" }, `…and ${inspection.files.length - files.length} files more`));
  }
  const first = files.find(({ path }) => path.endsWith("latest/meta_data.json")) ?? files[0];
  byId("content").hidden = !first;
  if (first) openFile(first, bytes.get(first.path));
}

const FILE_SYSTEMS = {
  "iso9660": "ISO 9660",
  "iso9660-joliet": "ISO 9660 with Joliet",
  "iso9660-rock-ridge": "ISO 9660 with Rock Ridge",
  "fat12": "FAT12",
  "fat16": "FAT16",
  "fat32": "FAT32",
};

const SCOPES = { "everywhere": "", "flat-or-neutron": "on flat and neutron networks", "four-k-disks": "on 4Kn disks" };

/** @param {Finding} finding */
function finding({ severity, code, scope, place, message, remedy }) {
  return element("li", { className: severity },
    element("p", {}, element("strong", { className: "severity" }, severity), " ", element("code", {}, code), " ",
      element("span", { className: "scope" }, SCOPES[scope])),
    ...(place ? [element("p", { className: "place" }, visible(place))] : []),
    element("p", {}, visible(message)),
    element("p", { className: "remedy" }, visible(remedy)));
}

/**
 * @typedef {Map<string, Folder | DriveFile>} Folder
 * @param {DriveFile[]} files
 */
function folders(files) {
  /** @type {Folder} */
  const root = new Map();
  for (const file of files) {
    const names = file.path.split("/");
    const last = /** @type {string} */ (names.pop());
    let folder = root;
    for (const name of names) {
      let next = folder.get(name);
      if (!(next instanceof Map)) folder.set(name, (next = new Map()));
      folder = next;
    }
    folder.set(last, file);
  }
  return root;
}

/**
 * Native elements: they bring the keyboard and the roles along.
 * @param {Folder} folder
 * @param {Map<string, Uint8Array>} bytes
 * @returns {HTMLElement}
 */
function branch(folder, bytes) {
  const list = element("ul", {});
  for (const [name, entry] of folder) {
    if (entry instanceof Map) {
      const details = element("details", { open: name === "latest" || !/^\d/.test(name) },
        element("summary", {}, visible(name)), branch(entry, bytes));
      list.append(element("li", {}, details));
    } else {
      const button = element("button", { type: "button" }, element("span", {}, visible(name)),
        element("small", {}, size(Number(entry.size))));
      button.dataset.path = entry.path;
      button.addEventListener("click", () => openFile(entry, bytes.get(entry.path)));
      list.append(element("li", {}, button));
    }
  }
  return list;
}

/**
 * @param {DriveFile} file
 * @param {Uint8Array | undefined} bytes
 */
function openFile({ path, sha256 }, bytes = new Uint8Array()) {
  open = { path, bytes };
  byId("path").textContent = visible(path);
  byId("digest").textContent = `${size(bytes.length)}, SHA-256 ${sha256}`;
  byId("body").textContent = preview(open);
  for (const button of byId("tree").querySelectorAll("button")) {
    if (button.dataset.path === path) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

/** @param {{ path: string, bytes: Uint8Array }} file */
function preview({ path, bytes }) {
  if (bytes.length === 0) return "(empty)";
  const part = bytes.subarray(0, SHOWN_BYTES);
  const more = bytes.length > part.length ? `\n… ${size(bytes.length - part.length)} more: download the file` : "";
  try {
    // A character may be cut in half at the end: `stream` leaves it out.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(part, { stream: part.length < bytes.length });
    const json = path.endsWith(".json") && byId("indent", HTMLInputElement).checked;
    return visibleLines(json ? indent(text) : text) + more;
  } catch {
    return hex(part.subarray(0, 8 << 10)) + (bytes.length > 8 << 10 ? `\n… ${size(bytes.length - (8 << 10))} more: download the file` : "");
  }
}

/**
 * JSON with line breaks and blanks between its tokens, which stay as they are: parsing would change numbers.
 * @param {string} json
 */
function indent(json) {
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, 40))}`;
  const indented = json.replace(/"(?:[^"\\]|\\.)*"?|[[{]\s*[\]}]|[[{\]},]|\s+/gs, (token) => {
    if (token === "[" || token === "{") return depth++, token + line();
    if (token === "]" || token === "}") return (depth = Math.max(depth - 1, 0)), line() + token;
    if (token === ",") return token + line();
    return token.trim() === "" ? "" : token;
  }).replaceAll(/^( *"(?:[^"\\]|\\.)*":)/gm, "$1 ");
  return indented.length > MIB ? json : indented; // brackets alone would grow beyond what a page can show
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const digits = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(47);
    const text = row.map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${digits}  ${text}`);
  }
  return lines.join("\n");
}

// ── what goes out ───────────────────────────────────────────────────────────────────────────────────────────────────

byId("build", HTMLFormElement).addEventListener("submit", async (event) => {
  event.preventDefault();
  const kind = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value === "image" ? "image" : "text";
  if (shown?.document === undefined) return;
  say("Building…");
  try {
    const answer = await run({ verb: kind, document: shown.document, options: options() });
    const format = byId("format", HTMLSelectElement).value;
    download(answer, kind === "text" ? "config-2.txt" : format === "iso9660" ? "config-2.iso" : "config-2.img");
    byId("error").hidden = true;
    say(`Built: ${size(answer.length)}.`);
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
});

byId("save", HTMLButtonElement).addEventListener("click", () => {
  if (open) download(open.bytes, open.path.split("/").pop() ?? "file");
});

byId("wrap", HTMLInputElement).addEventListener("change", (event) => {
  byId("body").classList.toggle("plain", !(/** @type {HTMLInputElement} */ (event.target).checked));
});

byId("indent", HTMLInputElement).addEventListener("change", () => {
  if (open) byId("body").textContent = preview(open);
});

/**
 * @param {string | Uint8Array} data
 * @param {string} name
 */
function download(data, name) {
  // Never a type that a browser would show: the file's author is not ours.
  const url = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (data)], { type: "application/octet-stream" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// ── small things ────────────────────────────────────────────────────────────────────────────────────────────────────

/** @param {string} text */
function say(text) {
  byId("status").textContent = text;
}

/** @param {string} text */
function fail(text) {
  say("");
  byId("error").hidden = false;
  byId("error").textContent = visible(text);
}

/**
 * Text with the characters spelt out that would steer how it is displayed: controls, and those that change its direction.
 * @param {string} text
 */
function visible(text) {
  return spell(text, /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu);
}

/**
 * The same for text that has lines.
 * @param {string} text
 */
function visibleLines(text) {
  return spell(text, /(?!\r?\n|\t)[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu);
}

/**
 * @param {string} text
 * @param {RegExp} steering
 */
function spell(text, steering) {
  return text.replace(steering, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** @param {number} bytes */
function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < MIB ? `${+(bytes / 1024).toFixed(1)} KiB` : `${+(bytes / MIB).toFixed(1)} MiB`;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Partial<HTMLElementTagNameMap[K]>} properties
 * @param {(Node | string)[]} children
 */
function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children); // text becomes text nodes
  return made;
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {{ new (): T }} [type]
 * @returns {T}
 */
function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof (type ?? HTMLElement))) throw new Error(`no ${id} in the page`);
  return /** @type {T} */ (found);
}
