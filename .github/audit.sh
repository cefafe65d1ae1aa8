#!/usr/bin/env bash
# Fails where OSV, or the mirror of it that OSV_URL names, knows a vulnerability of a pinned Python package.
# Run by `make audit`.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
for file in requirements/*.txt; do
    printf '%s: ' "$file"
    said=$(.venv/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off --vulnerability-service osv \
        ${OSV_URL:+--osv-url "$OSV_URL"} --requirement "$file" 2>&1) || failed=1
    if [[ $said == *Traceback* ]]; then
        printf 'OSV does not answer: %s\n' "${said##*$'\n'}"
        exit 2
    fi
    printf '%s\n' "$said"
done
exit "$failed"
