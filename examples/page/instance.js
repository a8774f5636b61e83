// An instance document from what a person enters: every field is parsed, or has a problem that says what to enter.

/**
 * @typedef {"hostname" | "uuid" | "key" | "user-data" | "mac" | "address" | "gateway" | "dns" | "mtu" | "vlan"} Field
 * @typedef {Record<Field, string> & { dhcp: boolean }} Answers
 * @typedef {Map<Field, string>} Problems
 */

class Invalid extends Error {}

/**
 * Builds the document, JSON with the names of Nova's objects, or returns what is wrong with which fields.
 * @param {Answers} answers
 * @returns {{ name: string, document: string } | { problems: Problems }}
 */
export function instanceDocument(answers) {
  /** @type {Problems} */
  const problems = new Map();
  /**
   * @template T
   * @param {Field} field
   * @param {(text: string) => T} parse
   * @returns {T | undefined}
   */
  const read = (field, parse) => {
    try {
      return parse(answers[field].trim());
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      problems.set(field, error.message);
    }
  };

  const name = read("hostname", hostname);
  const id = read("uuid", uuid);
  const key = read("key", optional(publicKey));
  const data = read("user-data", () => optional(base64)(answers["user-data"])); // its white space is the tenant's
  const mac = read("mac", macAddress);
  const addresses = answers.dhcp ? [] : (read("address", interfaceAddresses) ?? []);
  const gateways = answers.dhcp ? [] : (read("gateway", (text) => gatewayAddresses(text, addresses)) ?? []);
  const servers = answers.dhcp ? [] : (read("dns", nameServers) ?? []);
  const mtu = read("mtu", optional(wholeNumber(68, 65535))) ?? 1500;
  const vlan = read("vlan", optional(wholeNumber(1, 4094)));
  if (problems.size > 0 || name === undefined || id === undefined) return { problems };

  const instance = {
    uuid: id,
    hostname: name,
    display_name: name,
    config_drive: true,
    // Nova puts a key on the drive only if it has a name.
    ...(key && { key_name: KEY_NAME, key_data: key, keypairs: [{ name: KEY_NAME, type: "ssh", public_key: key }] }),
    ...(data && { user_data: data }),
    ec2_ids: { instance_id: `i-${id.slice(0, 8)}` },
  };
  const services = servers.map((server) => ({ type: "dns", address: server }));
  // Ironic's conductor rebuilds a drive whose links have no MTU: see link-without-mtu in docs/reference/findings.md.
  /** @type {{ id: string, [member: string]: unknown }[]} */
  const links = [{ id: "interface0", type: "phy", ethernet_mac_address: mac, mtu }];
  if (vlan !== undefined) {
    links.push({ id: `interface0.${vlan}`, type: "vlan", vlan_link: "interface0", vlan_id: vlan, vlan_mac_address: mac, mtu });
  }
  const link = links[links.length - 1].id;
  const networks = addresses.map(({ type, ip, netmask }, index) => {
    // The default route belongs to the first address of its IP version.
    const isFirst = addresses.findIndex((address) => address.type === type) === index;
    const routes = gateways.filter((gateway) => isFirst && gateway.type === type).map(defaultRoute);
    return { id: `network${index}`, link, type, ip_address: ip, netmask, routes, services };
  });
  const networkData = {
    links,
    networks: answers.dhcp ? [{ id: "network0", link, type: "ipv4_dhcp" }] : networks,
    services, // here as well, because glean reads only these
  };
  return { name, document: JSON.stringify({ instance, network_data: networkData }, null, 2) };
}

const KEY_NAME = "default";

/**
 * @template T
 * @param {(text: string) => T} parse
 * @returns {(text: string) => T | undefined}
 */
function optional(parse) {
  return (text) => (text === "" ? undefined : parse(text));
}

/** @param {string} text */
function hostname(text) {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(text)) {
    throw new Invalid(text.includes(".")
      ? "Enter the host name without its domain."
      : "Enter 1 to 63 letters, digits and hyphens, with no hyphen at either end.");
  }
  return text;
}

/** @param {string} text */
function uuid(text) {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new Invalid("Enter a UUID such as 2b8f5a34-6c1d-4e57-9f20-7d3a41c8e6b9.");
  }
  return text.toLowerCase();
}

/** @param {string} text */
function publicKey(text) {
  if (text.includes("PRIVATE KEY")) throw new Invalid("This is a private key. Enter the public key: the file whose name ends in .pub.");
  if (/[\r\n]/.test(text)) throw new Invalid("Enter one key, on one line.");
  const [, type, blob] = /^([a-z][\w.@-]*) +([A-Za-z0-9+/]+={0,2})( .*)?$/.exec(text) ?? [];
  if (!type || !blob) throw new Invalid("Enter an OpenSSH public key such as “ssh-ed25519 AAAAC3… you@example”.");
  if (strings(blob)?.[0] !== type) throw new Invalid("This key is damaged or incomplete. Copy the whole line.");
  return text;
}

/**
 * Returns the strings of a public key (RFC 4253, section 6.6), or nothing if the key does not consist of whole strings.
 * @param {string} blob
 */
function strings(blob) {
  let bytes;
  try {
    bytes = atob(blob);
  } catch {
    return undefined;
  }
  const found = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = [0, 1, 2, 3].reduce((number, n) => number * 256 + bytes.charCodeAt(at + n), 0);
    found.push(bytes.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return at === bytes.length ? found : undefined;
}

/** @param {string} text */
function base64(text) {
  // The encoder would silently replace it with another character.
  if (!text.isWellFormed()) throw new Invalid("The user data contain a lone surrogate, which UTF-8 cannot encode. Remove it.");
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

/** @param {string} text */
function macAddress(text) {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$|^[0-9a-f]{2}(-[0-9a-f]{2}){5}$/i.test(text)) {
    throw new Invalid("Enter six pairs of hexadecimal digits, such as 52:54:00:12:34:01.");
  }
  return text.toLowerCase().replaceAll("-", ":");
}

/**
 * Splits a list whose items are separated by spaces or commas.
 * @param {string} text
 */
function items(text) {
  return text.split(/[\s,]+/).filter((item) => item !== "");
}

/** @param {string} text */
function interfaceAddresses(text) {
  // An empty text is not an address.
  return (text === "" ? [""] : items(text)).map(interfaceAddress);
}

/** @param {string} text */
function interfaceAddress(text) {
  const [ip = "", digits = "", ...rest] = text.split("/");
  const type = family(ip);
  const prefix = /^\d{1,3}$/.test(digits) ? Number(digits) : 0;
  if (!type || rest.length > 0) throw new Invalid("Enter an address and its prefix length, such as 192.0.2.10/24 or 2001:db8::10/64.");
  const bits = type === "ipv4" ? 32 : 128;
  if (prefix < 1 || prefix > bits) throw new Invalid(`Add the prefix length, from 1 to ${bits}, such as ${ip}/${bits === 32 ? 24 : 64}.`);
  return { type, ip, netmask: netmask(type, prefix) };
}

/**
 * @param {string} text
 * @param {{ type: string }[]} addresses none if they have a problem of their own
 */
function gatewayAddresses(text, addresses) {
  const gateways = items(text).map((ip) => {
    const type = family(ip);
    if (!type) throw new Invalid("Enter an address without a prefix length, such as 192.0.2.1, or nothing.");
    return { type, ip };
  });
  const types = gateways.map(({ type }) => type);
  if (new Set(types).size < types.length) throw new Invalid("Enter at most one gateway for each IP version.");
  if (addresses.length > 0 && !types.every((type) => addresses.some((address) => address.type === type))) {
    throw new Invalid("Enter a gateway of the same IP version as the address.");
  }
  return gateways;
}

/**
 * @param {number} from
 * @param {number} to
 * @returns {(text: string) => number}
 */
function wholeNumber(from, to) {
  return (text) => {
    const number = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    if (!(number >= from && number <= to)) throw new Invalid(`Enter a whole number from ${from} to ${to}, or nothing.`);
    return number;
  };
}

/** @param {string} text */
function nameServers(text) {
  const servers = items(text);
  if (!servers.every(family)) throw new Invalid("Enter IP addresses separated by spaces, such as 192.0.2.53 192.0.2.54, or nothing.");
  return servers;
}

/**
 * @param {string} ip
 * @returns {"ipv4" | "ipv6" | undefined}
 */
function family(ip) {
  if (/^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/.test(ip) && !/(^|\.)0\d/.test(ip)) return "ipv4";
  // The browser's own parser of IPv6 addresses.
  return /^[0-9a-f.]*:[0-9a-f:.]*$/i.test(ip) && URL.canParse(`http://[${ip}]/`) ? "ipv6" : undefined;
}

/**
 * @param {"ipv4" | "ipv6"} type
 * @param {number} prefix
 */
function netmask(type, prefix) {
  const [width, count] = type === "ipv4" ? [8, 4] : [16, 8];
  const parts = Array.from({ length: count }, (_, n) => {
    const ones = Math.min(Math.max(prefix - n * width, 0), width);
    return 2 ** width - 2 ** (width - ones);
  });
  if (type === "ipv4") return parts.join(".");
  const groups = parts.filter((part) => part !== 0).map((part) => part.toString(16));
  return groups.join(":") + (groups.length < count ? "::" : "");
}

/** @param {{ type: "ipv4" | "ipv6", ip: string }} gateway */
function defaultRoute({ type, ip }) {
  const any = type === "ipv4" ? "0.0.0.0" : "::";
  return { network: any, netmask: any, gateway: ip };
}
