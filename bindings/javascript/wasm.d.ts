// What bundlers make of `import url from "configdrive/configdrive.core.wasm"`.

declare const url: string;
export default url;
