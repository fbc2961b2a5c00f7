#!/bin/sh
# cppcheck over the product; any finding fails.
set -eu
cd "$(dirname "$0")/../.."
exec cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -j "$(nproc)" \
    --enable=warning,performance,portability \
    --suppress=missingIncludeSystem --suppressions-list=tests/lint/cppcheck.suppressions \
    --library=tests/lint/jansson.cfg \
    -D_POSIX_C_SOURCE=200809L -I . shared agent server
