/**
 * Settings of the embedded server, for one laptop: durable, local, quiet. Nothing of a statement is ever logged (no
 * text, no parameters, no row of a violated constraint), since logs are kept in clear.
 */
export const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  wal_compression: 'pglz',
  wal_level: 'replica',
  max_wal_senders: '0',
  max_wal_size: '1GB',
  checkpoint_timeout: '5min',
  // A query of this size takes longer to compile than to run.
  jit: 'off',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_statement: 'none',
  log_checkpoints: 'off',
  log_error_verbosity: 'terse',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

export function settingArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}
