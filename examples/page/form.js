// The form that makes an instance document from user data, a key, a host name and an address.

import { byId } from "./dom.js";
import { instanceDocument } from "./instance.js";

/** @typedef {import("./instance.js").Field} Field */

const FIELDS = /** @type {Field[]} */ (["hostname", "uuid", "key", "user-data", "mac", "address", "gateway", "dns", "mtu", "vlan"]);

/**
 * Calls `made` with each document that the form makes.
 * @param {(name: string, document: string) => void} made
 */
export function onDocument(made) {
  form().addEventListener("submit", (event) => {
    event.preventDefault();
    const result = instanceDocument(answers());
    showProblems("problems" in result ? result.problems : new Map());
    if ("document" in result) made(`${result.name}.json`, result.document);
  });
  // A problem goes away as soon as it is corrected; a new one waits until the form is submitted.
  form().addEventListener("input", () => {
    showNetwork();
    const result = instanceDocument(answers());
    const problems = "problems" in result ? result.problems : new Map();
    for (const field of FIELDS.filter(isInvalid)) showProblem(field, problems.get(field));
  });
}

/**
 * Opens the form for a new instance, with the given user data, if any. Everything else that was entered stays, except for the UUID.
 * @param {string} [userData]
 */
export function openForm(userData) {
  if (userData !== undefined) control("user-data").value = userData;
  // Pages served over plain HTTP, except on loopback, have no randomUUID. The person fills in the field then.
  control("uuid").value = crypto.randomUUID?.() ?? "";
  showProblems(new Map());
  reopenForm();
}

/** Opens the form as it was left. */
export function reopenForm() {
  showNetwork();
  byId("form").hidden = false;
  control("hostname").focus();
  byId("form").scrollIntoView({ block: "nearest" });
}

export function closeForm() {
  byId("form").hidden = true;
}

/** Hides the fields that DHCP makes unnecessary. */
function showNetwork() {
  byId("static").hidden = answers().dhcp;
}

function form() {
  return byId("make", HTMLFormElement);
}

/** @param {Field} field */
function control(field) {
  return /** @type {HTMLInputElement | HTMLTextAreaElement} */ (byId(field));
}

/** @returns {import("./instance.js").Answers} */
function answers() {
  const texts = /** @type {Record<Field, string>} */ (Object.fromEntries(FIELDS.map((field) => [field, control(field).value])));
  return { ...texts, dhcp: byId("dhcp", HTMLInputElement).checked };
}

/** @param {import("./instance.js").Problems} problems */
function showProblems(problems) {
  for (const field of FIELDS) showProblem(field, problems.get(field));
  const first = FIELDS.find((field) => problems.has(field));
  if (first) control(first).focus();
}

/**
 * @param {Field} field
 * @param {string} [problem]
 */
function showProblem(field, problem) {
  byId(`${field}-problem`).textContent = problem ?? "";
  if (problem) control(field).setAttribute("aria-invalid", "true");
  else control(field).removeAttribute("aria-invalid");
}

/** @param {Field} field */
function isInvalid(field) {
  return control(field).hasAttribute("aria-invalid");
}
