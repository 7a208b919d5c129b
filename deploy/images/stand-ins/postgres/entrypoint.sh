#!/bin/sh
# Makes the cluster at the first start, then runs the server with the given options: [postgres] [OPTION…]
set -eu
data=/var/lib/postgresql/18/docker
if [ ! -d "$data" ]; then
  umask 077
  : "${POSTGRES_PASSWORD:?}"
  # A start that was cut leaves no half of a cluster under the name that counts.
  rm -rf "$data.new"
  mkdir -p "$data.new"
  printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
  initdb --pgdata="$data.new" --username=postgres --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8 --locale=C
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$data.new/pg_hba.conf"
  mv "$data.new" "$data"
fi
unset POSTGRES_PASSWORD
[ "${1:-}" != postgres ] || shift
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
