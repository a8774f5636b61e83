// The page: opens what is dropped, pasted or filled in, and downloads what it shows. Nothing is sent anywhere.

import { byId, element, size, visible } from "./dom.js";
import { closeForm, onDocument, openForm, reopenForm } from "./form.js";
import { clear as clearView, openedFile, refreshFile, refreshFindings, render } from "./view.js";

/**
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").DriveSource} DriveSource
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Options} Options
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Error} ErrorRecord
 * @typedef {import("./worker.js").Job} Job
 *
 * @typedef {{ name: string, source: DriveSource }} Drive
 * @typedef {{ name: string, text: string, seed: string, fromForm: boolean }} Document
 */

const INPUT_LIMIT = 128 << 20;
/** A longer text would make the fields slow. */
const EDITOR_LIMIT = 1 << 20;
/** The page ends a worker after this many seconds. Tests set another number with `?seconds=`. */
const SECONDS = Number(new URLSearchParams(location.search).get("seconds") ?? 30);

const component = fetch(new URL("component/configdrive.core.wasm", import.meta.url))
  .then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(new Error(`${answer.status} ${answer.url}`))))
  .then((bytes) => WebAssembly.compile(bytes))
  .catch((error) => Promise.reject(new Error(`Cannot load the component: ${error.message}`)));
component.catch((error) => fail(error.message));

/**
 * The document that is open, if it is not a drive.
 * @type {Document | undefined}
 */
let current;
/**
 * The image that is shown. Downloads come from it, so nobody gets what the page did not show.
 * @type {{ image: Uint8Array, format: string } | undefined}
 */
let built;
/** Ends the job whose answer the page waits for. */
let running = new AbortController();

// ── input ───────────────────────────────────────────────────────────────────────────────────────────────────────────

byId("file", HTMLInputElement).addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  if (input.files?.[0]) void openFile(input.files[0]);
  input.value = ""; // so that choosing the same file again is a change
});

byId("paste", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const pasted = byId("text", HTMLTextAreaElement);
  const text = pasted.value;
  // A document and user data move to fields of their own.
  if (kind(text) !== "drive") pasted.value = "";
  void openText(text, "pasted text");
});

byId("example", HTMLButtonElement).addEventListener("click", async () => {
  try {
    const answer = await fetch(new URL("example.json", import.meta.url));
    if (!answer.ok) throw new Error(`${answer.status} ${answer.url}`);
    await openDocument("example.json", await answer.text());
  } catch (error) {
    fail(`Cannot load the example: ${messageOf(error)}`);
  }
});

byId("fill-in", HTMLButtonElement).addEventListener("click", () => {
  clear();
  openForm();
});

byId("cancel", HTMLButtonElement).addEventListener("click", () => {
  closeForm();
  byId("fill-in").focus();
});

byId("back", HTMLButtonElement).addEventListener("click", () => {
  clear();
  reopenForm();
});

onDocument((name, document) => void openDocument(name, document, { fromForm: true }));

for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("over", name === "dragenter" || name === "dragover");
  });
}
document.addEventListener("drop", (event) => {
  const file = event.dataTransfer?.files[0];
  if (file) void openFile(file);
});

/** @param {File} file */
async function openFile(file) {
  if (file.size > INPUT_LIMIT) {
    fail(`Cannot open ${file.name}: it is ${size(file.size)}, and the limit is ${size(INPUT_LIMIT)}.`);
    return;
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const start = bytes.findIndex((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte));
  if (start < 0) {
    fail(`Cannot open ${file.name}: it is empty.`);
    return;
  }
  if (kind(new TextDecoder().decode(bytes.subarray(start, start + LINE_LIMIT))) === "drive") {
    await show({ name: file.name, source: { tag: "bytes", val: bytes } });
    return;
  }
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    fail(`Cannot open ${file.name}: it is not UTF-8 text. Save it as UTF-8.`);
    return;
  }
  await openText(text, file.name);
}

/**
 * @param {string} text
 * @param {string} name
 */
async function openText(text, name) {
  if (text.trim() === "") {
    fail("There is nothing to open: drop a file, or paste base64, a document or user data.");
    return;
  }
  switch (kind(text)) {
    case "drive":
      return show({ name, source: { tag: "text", val: text } });
    case "document":
      return openDocument(name, text);
    case "user data":
      if (text.length > EDITOR_LIMIT) {
        fail(`Cannot open ${name}: it is ${size(text.length)} of user data, and the form accepts ${size(EDITOR_LIMIT)}.`);
        return;
      }
      clear();
      openForm(text);
      say("This is user data. Fill in the rest to make a drive.");
  }
}

const LINE_LIMIT = 256;
/** A member of a YAML document that says what kind of document it is. User data do not have it at the start of a line. */
const KIND = /^(["']?)(instance|meta_data|files)\1[ \t]*:(\s|$)/m;
/** The first lines of user data and of YAML. None of them can start base64. */
const USER_DATA = /^(#|---(\s|$)|%YAML|- |<(script|powershell)>|rem cmd|["']?[\w.-]+["']?\s*:(\s|$))/i;

/**
 * Returns what kind of text this is, judging by its first line and, if that is of YAML, by its members. The component and the instance judge the content.
 * @param {string} text
 * @returns {"document" | "user data" | "drive"}
 */
function kind(text) {
  const [line] = text.trimStart().slice(0, LINE_LIMIT).split(/[\r\n]/, 1);
  if (line.startsWith("{")) return "document";
  if (!USER_DATA.test(line)) return "drive";
  return !/^#(cloud-config|!)/.test(line) && KIND.test(text) ? "document" : "user data";
}

/**
 * @param {string} name
 * @param {string} text
 * @param {{ fromForm?: boolean, focus?: boolean }} [how]
 */
async function openDocument(name, text, { fromForm = false, focus } = {}) {
  // One seed for one document: in every format, and each time it is opened, it makes the same files.
  const opened = { name, text, seed: current?.text === text ? current.seed : randomSeed(), fromForm };
  if (text.isWellFormed()) {
    await show(opened, { focus });
  } else {
    // The component would silently get another character instead.
    fail("Invalid document: it contains a lone surrogate. Expected Unicode text.", opened);
  }
}

/** Base64 of as many random bytes as Nova gives an instance. */
function randomSeed() {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(512))));
}

// ── the component, in a worker ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Runs a job in a worker of its own: a malicious drive can keep the worker busy, but not the page, which then ends the worker.
 * @param {Job} job
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
async function run(job, signal) {
  const module = await component;
  signal?.throwIfAborted();
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`Stopped: no answer after ${SECONDS} s.`)), SECONDS * 1000);
      signal?.addEventListener("abort", () => reject(signal.reason));
      worker.addEventListener("error", (event) => reject(new Error(`The worker failed: ${event.message}`)));
      worker.addEventListener("message", ({ data }) => {
        if (data.refusal) reject(new Error(refusal(data.refusal)));
        else if (data.fault) reject(new Error(`The component crashed, which is a bug: ${data.fault}`));
        else resolve(data.answer);
      });
      worker.postMessage({ ...job, module });
    });
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}

/** @param {ErrorRecord} error */
function refusal({ code, message }) {
  return `${{ "invalid-document": "Invalid document", "invalid-option": "Invalid option", "too-large": "Too large",
    "invalid-drive": "Cannot read the drive" }[code]}: ${message}`;
}

// ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Shows a drive, or the drive of a document. The answer replaces everything that is shown, and so does an error.
 * @param {Drive | Document} opened
 * @param {{ focus?: boolean }} [how]
 */
async function show(opened, { focus = true } = {}) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const select = byId("format", HTMLSelectElement);
  const format = select.value;
  say(`Opening ${visible(opened.name)}…`);
  try {
    const view = await run("text" in opened
      ? { verb: "build", document: opened.text, options: options(format, opened.seed) }
      : { verb: "inspect", source: opened.source }, signal);
    closeForm();
    byId("error").hidden = true;
    showDocument("text" in opened ? opened : undefined, { rebuilt: !focus });
    built = "text" in opened ? { image: view.image, format } : undefined;
    byId("downloads").hidden = !built;
    render(opened.name, view);
    if (focus) byId("name").focus();
    say(focus ? "" : `Updated: ${select.selectedOptions[0].text}, ${size(Number(view.inspection.imageSize))}.`);
  } catch (error) {
    if (signal.aborted) return; // a newer job has taken over
    fail(messageOf(error), "text" in opened ? opened : undefined, { rebuilt: !focus });
  }
}

/**
 * @param {string} format
 * @param {string} defaultRandomSeed
 * @returns {Options}
 */
function options(format, defaultRandomSeed) {
  return { format: format === "iso9660" ? "iso9660" : "vfat", sectorSize: format === "vfat-4096" ? 4096 : undefined, defaultRandomSeed };
}

/**
 * Shows a document, which can then be edited and built in another format. Without one, hides the document's section.
 * @param {Document} [opened]
 * @param {{ rebuilt?: boolean }} [how] rebuilt: it came from the editor, which may have changed since
 */
function showDocument(opened, { rebuilt = false } = {}) {
  current = opened;
  byId("document").hidden = !opened;
  byId("back").hidden = !opened?.fromForm;
  const editable = opened !== undefined && opened.text.length <= EDITOR_LIMIT;
  byId("edit").hidden = !editable;
  byId("too-long").hidden = editable;
  const editor = byId("json", HTMLTextAreaElement);
  const text = editable ? opened.text : "";
  if (!rebuilt) {
    editor.value = text;
    byId("source", HTMLDetailsElement).open = opened?.fromForm ?? false;
  }
  editor.defaultValue = text.replaceAll(/\r\n?/g, "\n"); // edits are compared with this; a text area changes line breaks in the same way
  showEdited();
}

byId("json", HTMLTextAreaElement).addEventListener("input", showEdited);

byId("edit", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  rebuild();
});

byId("format", HTMLSelectElement).addEventListener("change", rebuild);

/** Builds the document again, as it was edited and in the format that was selected. */
function rebuild() {
  if (!current) return;
  if (isEdited()) void openDocument(current.name, byId("json", HTMLTextAreaElement).value, { focus: false });
  else void openDocument(current.name, current.text, { fromForm: current.fromForm, focus: false });
}

function isEdited() {
  const editor = byId("json", HTMLTextAreaElement);
  return editor.value !== editor.defaultValue;
}

/** Prevents downloads while the document that is shown is not the one in the editor. */
function showEdited() {
  byId("edited").hidden = !isEdited();
  for (const button of byId("downloads").querySelectorAll("button")) button.disabled = isEdited();
}

// ── output ──────────────────────────────────────────────────────────────────────────────────────────────────────────

byId("image", HTMLButtonElement).addEventListener("click", () => {
  if (built) download(built.image, built.format === "iso9660" ? "config-2.iso" : "config-2.img");
});

byId("base64", HTMLButtonElement).addEventListener("click", async () => {
  if (!built) return;
  say("Encoding…");
  try {
    const text = await run({ verb: "encode", image: built.image });
    download(text, "config-2.txt");
    say(`Encoded: ${size(text.length)}.`);
  } catch (error) {
    showError(messageOf(error)); // about what is shown, which stays
  }
});

byId("save", HTMLButtonElement).addEventListener("click", () => {
  const file = openedFile();
  if (file) download(file.bytes, file.path.split("/").pop() ?? "file");
});

byId("wrap", HTMLInputElement).addEventListener("change", (event) => {
  byId("body").classList.toggle("plain", !(/** @type {HTMLInputElement} */ (event.target).checked));
});

byId("indent", HTMLInputElement).addEventListener("change", refreshFile);

for (const id of ["reader", "four-k-disks", "flat-or-neutron"]) byId(id).addEventListener("change", refreshFindings);

/**
 * @param {string | Uint8Array} data
 * @param {string} name
 */
function download(data, name) {
  // Never a type that a browser would display: the content is untrusted.
  const url = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (data)], { type: "application/octet-stream" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** @param {string} text */
function say(text) {
  byId("status").textContent = text;
}

/**
 * Shows an error in place of everything that was shown before, except for the document that has it.
 * @param {string} text
 * @param {Document} [opened]
 * @param {{ rebuilt?: boolean }} [how]
 */
function fail(text, opened, how) {
  clear();
  if (opened) {
    showDocument(opened, how);
    byId("source", HTMLDetailsElement).open = true;
  }
  showError(text);
}

/** @param {string} text */
function showError(text) {
  say("");
  byId("error").textContent = visible(text);
  byId("error").hidden = false;
  byId("error").scrollIntoView({ block: "nearest" });
}

/** Removes everything that is about a drive or a document. */
function clear() {
  running.abort();
  say("");
  byId("error").hidden = true;
  built = undefined;
  byId("downloads").hidden = true;
  clearView();
  current = undefined;
  byId("document").hidden = true;
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
