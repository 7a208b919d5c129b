// The SDK would read these from the machine's environment.
for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
