// Lists the files of a drive that a person chooses, without uploading it. Bundled with esbuild:
//
//     npm install configdrive esbuild
//     npx esbuild main.js --bundle --format=esm --loader:.wasm=file --outdir=dist
//     cp index.html dist/

import { Refused, load } from "configdrive";
import wasm from "configdrive/configdrive.core.wasm";

const component = await load(wasm);
const [file, list] = [document.querySelector("input"), document.querySelector("output")];

file?.addEventListener("change", async () => {
  const drive = new Uint8Array((await file.files?.[0]?.arrayBuffer()) ?? []);
  try {
    const { label, files } = component.inspect(drive);
    if (list) list.textContent = [label, ...files.map(({ path, size }) => `${path} (${size} bytes)`)].join("\n");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (list) list.textContent = error.message;
  }
});
file?.removeAttribute("disabled");
