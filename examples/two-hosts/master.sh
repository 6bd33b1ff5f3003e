#!/bin/sh
# The master of a run with workers on several hosts. README.md says what to set.
set -eu

export LLMLOAD_HOST="${LLMLOAD_HOST:-sim}"
export LLMLOAD_EXPECT_WORKERS="${LLMLOAD_EXPECT_WORKERS:-2}"
export LLMLOAD_RUN_TIME="${LLMLOAD_RUN_TIME:-20s}"

exec npx llmload --master --headless --qps 10 -u 50 -r 50 -p 500 -o 50 "$@"
