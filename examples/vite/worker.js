// Vite finds the component's file by itself, so `load` needs no address.

import { Refused, load } from "configdrive";

addEventListener("message", async ({ data }) => {
  const component = await load();
  try {
    const findings = component.checkDrive(new Uint8Array(data));
    postMessage(findings.map(({ severity, place, message }) => `${severity}: ${place}: ${message}`).join("\n") || "nothing found");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    postMessage(error.message);
  }
});
