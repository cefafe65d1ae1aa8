#!/usr/bin/env bash
# Says what a push or a pull request changes since the commit BEFORE: `code=false` where it is documents
# alone, `code=true` otherwise, and where BEFORE is not known (a new branch, a forced push).
# Usage: changed.sh BEFORE
set -euo pipefail

# Tests go through these two step by step.
readonly tested='^(README|docs/(tutorial|sdks))\.md$' documents='\.md$|^docs/.*\.svg$'

code=true
if changed=$(git diff --name-only "$1...HEAD" 2> /dev/null) &&
    ! grep -Eq "$tested" <<< "$changed" && ! grep -Evq "$documents" <<< "$changed"; then
    code=false
fi
echo "code=$code"
