/** What a test needs to know of the stack that runs. Made once by the global setup, read with `stack()`. */
export interface StackFacts {
  /** `given`: a server that was running already, named by `COFFER_E2E_ENDPOINT`. */
  readonly mode: 'embedded' | 'native' | 'given';
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  /** `https://localhost:port` */
  readonly httpsEndpoint: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** PEM file of the authority that signed the certificate of `httpsEndpoint`. */
  readonly caBundle: string | undefined;
  /** The data folder, absent for a given server. */
  readonly dataFolder: string | undefined;
  /** The process that was started. */
  readonly pid: number | undefined;
  /** A folder for the clients' own files: configuration, downloads. */
  readonly scratch: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackFacts | { readonly absent: string };
  }
}
