// Elements of the page, and text that is safe to show.

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {{ new (): T }} [type]
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof (type ?? HTMLElement))) throw new Error(`the page has no element ${id} of the expected type`);
  return /** @type {T} */ (found);
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Partial<HTMLElementTagNameMap[K]>} properties
 * @param {(Node | string)[]} children
 */
export function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children); // strings become text nodes, never markup
  return made;
}

/**
 * Escapes the characters that control how text is displayed: control characters and those that change its direction.
 * @param {string} text
 */
export function visible(text) {
  return escape(text, /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu);
}

/**
 * Does the same for text of several lines: keeps tabs and line breaks.
 * @param {string} text
 */
export function visibleLines(text) {
  return escape(text, /(?!\r?\n|\t)[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu);
}

/**
 * @param {string} text
 * @param {RegExp} characters
 */
function escape(text, characters) {
  return text.replace(characters, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1 << 10) return `${bytes} B`;
  return bytes < 1 << 20 ? `${+(bytes / (1 << 10)).toFixed(1)} KiB` : `${+(bytes / (1 << 20)).toFixed(1)} MiB`;
}
