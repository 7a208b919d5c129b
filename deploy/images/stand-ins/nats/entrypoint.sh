#!/bin/sh
# As the official image: [nats-server] [OPTION…]
[ "${1:-}" != nats-server ] || shift
exec nats-server "$@"
