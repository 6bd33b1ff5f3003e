#!/bin/sh
# A worker for the master that LLMLOAD_MASTER_HOST names (default: this host).
set -eu

exec npx llmload --worker "$@"
