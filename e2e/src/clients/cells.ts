import { stack } from '../harness/stack.ts';

/** One way of reaching a stack. With the two stacks these are the eight cells of the matrix. */
export interface Cell {
  readonly scheme: 'http' | 'https';
  /** Where the name of the bucket goes: into the path, or before the name of the host. */
  readonly style: 'path' | 'virtual';
  /** `http-path` and so on: how options and results name it. */
  readonly name: string;
  readonly pathStyle: boolean;
  readonly secure: boolean;
  /** The name that the client is given, which is resolved inside of the run alone when the style is `virtual`. */
  readonly hostname: string;
  readonly port: number;
  /** `hostname:port` */
  readonly host: string;
  /** `scheme://hostname:port` */
  readonly endpoint: string;
}

/** The name under which buckets are served in virtual-host style; the certificate covers one label before it. */
const DOMAIN = 's3.localhost';

function makeCell(scheme: Cell['scheme'], style: Cell['style']): Cell {
  const secure = scheme === 'https';
  const address = () => new URL(secure ? stack().httpsEndpoint! : stack().endpoint);
  return {
    scheme,
    style,
    name: `${scheme}-${style}`,
    pathStyle: style === 'path',
    secure,
    get hostname() {
      return style === 'virtual' ? DOMAIN : address().hostname;
    },
    get port() {
      return Number(address().port);
    },
    get host() {
      return `${this.hostname}:${this.port}`;
    },
    get endpoint() {
      return `${scheme}://${this.host}`;
    },
  };
}

export const CELLS: readonly Cell[] = (['path', 'virtual'] as const).flatMap((style) =>
  (['http', 'https'] as const).map((scheme) => makeCell(scheme, style)),
);

/** The cells that the run gives to a client on this stack. */
export function assigned(client: string): readonly Cell[] {
  const all = JSON.parse(process.env['COFFER_CLIENT_CELLS'] ?? '{}') as Record<string, string[]>;
  return CELLS.filter(({ name }) => all[client]?.includes(name));
}
