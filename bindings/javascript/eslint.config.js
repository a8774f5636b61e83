// ESLint's recommended rules, for these scripts and those of examples/page. Run it at the repository's root.

import js from "../../target/bindings/javascript/node_modules/@eslint/js/src/index.js";

export default [
  js.configs.recommended,
  // TypeScript checks every name.
  { rules: { "no-undef": "off" } },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
];
