export default {
  // The development server leaves the package as it is, so that its `new URL("…", import.meta.url)` is right.
  optimizeDeps: { exclude: ["configdrive"] },
  worker: { format: "es" },
};
