// What the component says about a drive. All of it is untrusted text, so it enters the page only through textContent.

import { byId, element, size, visible, visibleLines } from "./dom.js";

/**
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Inspection} Inspection
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").ExtractedFile} ExtractedFile
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").DriveFile} DriveFile
 * @typedef {import("./component/interfaces/ironic-configdrive-drive.js").Finding} Finding
 *
 * @typedef {{ required?: boolean, inspection: Inspection, contents: ExtractedFile[], findings: Finding[] }} View
 * @typedef {DriveFile & { bytes: Uint8Array }} File
 */

/** What a page can show at once. The rest can be downloaded. */
const SHOWN_FILES = 2000;
const SHOWN_BYTES = 256 << 10;
const SHOWN_HEX = 8 << 10;

/** @type {Map<string, File>} */
let files = new Map();
/** @type {File | undefined} */
let open;
/** @type {Finding[]} */
let found = [];

/**
 * Shows a drive in place of the previous one. The file that is open stays open if the drive has it too.
 * @param {string} name
 * @param {View} view
 */
export function render(name, { required, inspection, contents, findings }) {
  byId("result").hidden = false;
  byId("name").textContent = visible(name);

  const facts = [
    ["Label", visible(inspection.label) || "none"],
    ["File system", FILE_SYSTEMS[inspection.fileSystem]],
    ["Image size", size(Number(inspection.imageSize))],
    ["Sector size", `${inspection.sectorSize} B`],
    ["Files", String(inspection.files.length)],
  ];
  if (required !== undefined) facts.push(["Needs a drive, by Nova’s rules", required ? "yes" : "no"]);
  byId("facts").replaceChildren(...facts.map(([term, text]) => element("div", {}, element("dt", {}, term), element("dd", {}, text))));

  const bytes = new Map(contents.flatMap(({ paths, content }) => paths.map((path) => [path, content])));
  files = new Map(inspection.files.map((file) => [file.path, { ...file, bytes: bytes.get(file.path) ?? new Uint8Array() }]));
  found = findings;
  refreshFindings();

  const shown = [...files.values()].slice(0, SHOWN_FILES);
  byId("tree").replaceChildren(branch(directories(shown)));
  if (shown.length < files.size) byId("tree").append(element("p", { className: "hint" }, `…and ${files.size - shown.length} more files`));
  const first = files.get(open?.path ?? "") ?? shown.find(({ path }) => path.endsWith("latest/meta_data.json")) ?? shown[0];
  byId("content").hidden = !first;
  open = undefined;
  if (first) openFile(first);
}

/** Removes what is shown. */
export function clear() {
  byId("result").hidden = true;
  for (const id of ["name", "facts", "findings", "not-checked", "tree", "path", "digest", "body"]) byId(id).replaceChildren();
  files = new Map();
  open = undefined;
  found = [];
}

/** Shows the findings that concern the reader and the nodes that are selected. */
export function refreshFindings() {
  const reader = byId("reader", HTMLSelectElement).value;
  // Every drive goes through Ironic and its agent.
  const read = found.filter(({ readers }) => !reader || [reader, "ironic", "ironic-python-agent"].some((name) => readers.includes(name)));
  /** @param {Finding} finding */
  const concerns = ({ scope }) => scope === "everywhere" || byId(scope, HTMLInputElement).checked;
  const shown = read.filter(concerns);
  byId("findings").replaceChildren(...(shown.length ? shown.map(finding) : [element("li", {}, "None.")]));
  const others = new Set(read.filter((finding) => !concerns(finding)).map(({ scope }) => NODES[scope]));
  byId("not-checked").textContent = others.size ? `Not checked: ${[...others].join(", ")}.` : "";
}

/** The file that is open. */
export function openedFile() {
  return open;
}

/** Shows the open file again, after a change of how files are shown. */
export function refreshFile() {
  if (open) byId("body").textContent = preview(open);
}

const FILE_SYSTEMS = {
  "iso9660": "ISO 9660",
  "iso9660-joliet": "ISO 9660 with Joliet",
  "iso9660-rock-ridge": "ISO 9660 with Rock Ridge",
  "fat12": "FAT12",
  "fat16": "FAT16",
  "fat32": "FAT32",
};

const NODES = {
  "everywhere": "",
  "flat-or-neutron": "nodes with the network interface flat or neutron",
  "four-k-disks": "disks with 4096-byte sectors",
};

/** @param {Finding} finding */
function finding({ severity, code, scope, readers, place, message, remedy }) {
  const concerned = visible(readers.join(", ")) + (NODES[scope] && `; ${NODES[scope]}`);
  return element("li", { className: severity },
    element("p", {}, element("strong", { className: "severity" }, severity), " ", element("code", {}, code), " ",
      element("span", { className: "scope" }, concerned)),
    ...(place ? [element("p", { className: "place" }, placeLink(place))] : []),
    element("p", {}, visible(message)),
    element("p", { className: "remedy" }, visible(remedy)));
}

/**
 * A link to the file, or the text of a place that is not a file: a directory, or a file that is missing.
 * @param {string} place a path, which may be followed by `#` and a JSON pointer
 */
function placeLink(place) {
  const file = fileAt(place);
  if (!file) return visible(place);
  const link = element("a", { href: "#content" }, visible(place));
  link.addEventListener("click", (event) => {
    event.preventDefault();
    openFile(file);
    byId("tree").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    byId("path").focus({ preventScroll: true });
    byId("content").scrollIntoView({ block: "nearest" });
  });
  return link;
}

/**
 * The file of the longest path that `place` starts with: names and pointers may contain `#` themselves.
 * @param {string} place
 */
function fileAt(place) {
  for (let end = place.length; end > 0; end = place.lastIndexOf("#", end - 1)) {
    const file = files.get(place.slice(0, end));
    if (file) return file;
  }
}

/**
 * @typedef {Map<string, Directory | File>} Directory
 * @param {File[]} files
 */
function directories(files) {
  /** @type {Directory} */
  const root = new Map();
  for (const file of files) {
    const names = file.path.split("/");
    const last = /** @type {string} */ (names.pop());
    let directory = root;
    for (const name of names) {
      let next = directory.get(name);
      if (!(next instanceof Map)) directory.set(name, (next = new Map()));
      directory = next;
    }
    directory.set(last, file);
  }
  return root;
}

/**
 * Uses native elements, which come with keyboard control and roles.
 * @param {Directory} directory
 * @returns {HTMLElement}
 */
function branch(directory) {
  const list = element("ul", {});
  for (const [name, entry] of directory) {
    if (entry instanceof Map) {
      const details = element("details", { open: name === "latest" || !/^\d/.test(name) },
        element("summary", {}, visible(name)), branch(entry));
      list.append(element("li", {}, details));
    } else {
      const button = element("button", { type: "button" }, element("span", {}, visible(name)),
        element("small", {}, size(Number(entry.size))));
      button.dataset.path = entry.path;
      button.addEventListener("click", () => openFile(entry));
      list.append(element("li", {}, button));
    }
  }
  return list;
}

/** @param {File} file */
function openFile(file) {
  open = file;
  byId("path").textContent = visible(file.path);
  byId("digest").textContent = `${size(file.bytes.length)}, SHA-256 ${file.sha256}`;
  byId("body").textContent = preview(file);
  byId("body").scrollTop = 0;
  for (const button of byId("tree").querySelectorAll("button")) {
    if (button.dataset.path !== file.path) {
      button.removeAttribute("aria-current");
      continue;
    }
    button.setAttribute("aria-current", "true");
    for (let parent = button.closest("details"); parent; parent = parent.parentElement?.closest("details") ?? null) parent.open = true;
  }
}

/** @param {File} file */
function preview({ path, bytes }) {
  if (bytes.length === 0) return "(empty)";
  const part = bytes.subarray(0, SHOWN_BYTES);
  try {
    // `stream` drops a character that is cut in half at the end.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(part, { stream: part.length < bytes.length });
    const json = path.endsWith(".json") && byId("indent", HTMLInputElement).checked;
    return visibleLines(json ? indent(text) : text) + more(bytes.length - part.length);
  } catch {
    return hex(part.subarray(0, SHOWN_HEX)) + more(bytes.length - SHOWN_HEX);
  }
}

/** @param {number} bytes */
function more(bytes) {
  return bytes > 0 ? `\n… ${size(bytes)} more: download the file to see it all` : "";
}

/**
 * Breaks JSON into indented lines and leaves its tokens unchanged: parsing it would change numbers.
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
  return indented.length > 1 << 20 ? json : indented; // deep nesting could grow beyond what a page can show
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
