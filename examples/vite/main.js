// Checks a drive that a person chooses, without uploading it, in a worker that is ended if it takes too long. Built with Vite:
//
//     npm install configdrive vite
//     npx vite build

const [file, list] = [document.querySelector("input"), document.querySelector("output")];

file?.addEventListener("change", async () => {
  const drive = await file.files?.[0]?.arrayBuffer();
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  /** @param {string} text */
  const finish = (text) => {
    clearTimeout(limit);
    worker.terminate();
    if (list) list.textContent = text;
  };
  const limit = setTimeout(finish, 30_000, "the drive takes too long to check");
  worker.onmessage = ({ data }) => finish(data);
  worker.onerror = ({ message }) => finish(message);
  worker.postMessage(drive);
});
