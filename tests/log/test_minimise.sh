#!/bin/sh
# test_minimise.sh - generated programs against the pruner: some of them pruned and
# compared, and in the first few every kept call left out in turn, held against the golden
# (`make minimise`: in all).  Speaks TAP; BLINKCTL names the built program, beside which
# tests/log/minimise/minimise lies.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec "$(dirname "${BLINKCTL:-build/blinkctl}")/tests/log/minimise/minimise" -n 200 -c 8
