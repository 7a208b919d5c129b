import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';

/** What the page of an application does with a presigned URL. Without types: it runs in the browser. */
const SCRIPT = `
const hex = async (data) =>
  [...new Uint8Array(await crypto.subtle.digest('SHA-256', data))].map((n) => n.toString(16).padStart(2, '0')).join('');
window.upload = async (url, size) => {
  const data = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(data.subarray(at, Math.min(at + 65536, size)));
  const request = new XMLHttpRequest();
  const loaded = [];
  request.upload.onprogress = (event) => loaded.push(event.loaded);
  await new Promise((resolve) => {
    request.onloadend = resolve;
    request.open('PUT', url);
    request.setRequestHeader('Content-Type', 'application/x-test');
    request.send(data);
  });
  return { status: request.status, loaded, etag: request.getResponseHeader('ETag'), sha256: await hex(data) };
};
window.download = async (url) => {
  const response = await fetch(url).catch((error) => error);
  if (!(response instanceof Response)) return { status: 0, type: null, size: 0, sha256: '' };
  const data = await response.arrayBuffer();
  return { status: response.status, type: response.headers.get('Content-Type'), size: data.byteLength, sha256: await hex(data) };
};
`;

export interface ServedPage {
  /** The origin of the page, which is not that of Coffer: `http://127.0.0.1:port`. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves the page of an application. */
export async function servePage(): Promise<ServedPage> {
  const html = `<!doctype html><title>An application</title><script>${SCRIPT}</script>`;
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
