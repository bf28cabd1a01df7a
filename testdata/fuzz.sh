#!/usr/bin/env bash
# Runs every fuzz target of the repository, one after the other.
# Usage: testdata/fuzz.sh TIME [PACKAGE...]
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: testdata/fuzz.sh TIME [PACKAGE...]}
shift
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
corpus=$(go env GOCACHE)/fuzz # where go test -fuzz keeps what it finds
found=0
while read -r package dir; do
  targets=$(find "$dir" -maxdepth 1 -name '*_test.go' -exec sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' {} +)
  [ -n "$targets" ] || continue
  go test -c -fuzz . -o "$bin/fuzz" "$package" # once for all targets of the package
  for target in $targets; do
    found=$((found + 1))
    echo "$package $target"
    (cd "$dir" && "$bin/fuzz" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" -test.fuzzminimizetime 10x -test.fuzzcachedir "$corpus/$package") | tail -2
  done
done < <(go list -f '{{.ImportPath}} {{.Dir}}' "${@:-./...}")
[ "$found" -gt 0 ] || { echo "no fuzz target found" >&2; exit 1; }
echo "$found targets, $time each"
