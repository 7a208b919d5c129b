import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { onCellsByProgram } from './own-program.ts';

/** The JVM trusts what is in its trust store; `keytool`, which comes with it, makes one of a PEM file. */
function trust(caBundle: string, scratch: string): string[] {
  const store = join(scratch, 'trust.p12');
  const into = ['-keystore', store, '-storetype', 'PKCS12', '-storepass', 'changeit'];
  execFileSync('keytool', ['-importcert', '-noprompt', '-alias', 'coffer', '-file', caBundle, ...into], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return [`-Djavax.net.ssl.trustStore=${store}`, '-Djavax.net.ssl.trustStorePassword=changeit'];
}

onCellsByProgram({
  name: 'java',
  folder: 'java',
  command: ['java', '-cp', 'dist/classes:dist/lib/*', 'Main'],
  version: ['pom.xml', /<awssdk\.version>([^<]+)</],
  trust,
});
