// ESLint's recommended rules, for these scripts and those in examples/page. Run ESLint in the repository's root.

import js from "../../target/bindings/javascript/node_modules/@eslint/js/src/index.js";

export default [
  js.configs.recommended,
  // TypeScript does this check.
  { rules: { "no-undef": "off" } },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
];
