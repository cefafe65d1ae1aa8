#!/usr/bin/env bash
# On the server. `deploy.sh VERSION` brings a version in that was sent with push.sh, beside the one
# that runs, and goes back by itself where it is no good; `deploy.sh --help` names the rest.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
exec python3 -B -m deploy "$@"
