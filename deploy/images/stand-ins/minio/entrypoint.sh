#!/bin/sh
# As the official image: [minio] COMMAND [OPTION…]
[ "${1:-}" != minio ] || shift
exec minio "$@"
