// How the component is fetched in browsers. package.json chooses this file.

export const fetch = globalThis.fetch.bind(globalThis);
