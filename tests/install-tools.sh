#!/usr/bin/env bash
# Installs what the tests use beside what `make test` installs by itself, where it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
need() {
    command -v "$1" > /dev/null || missing+=("${2:-$1}")
}

need make
need curl
python3 -c 'import ensurepip, venv' 2> /dev/null || missing+=(python3-venv)
need luajit               # for the tests of the gateway
luajit -e 'require "cjson"' 2> /dev/null || missing+=(lua-cjson)
[[ -x /usr/sbin/nginx ]] || need nginx nginx-light
need wrk                  # for the test of bench
need age                  # for the tests of backups
need chromium             # for the test of the client packages
need sshd openssh-server  # for the tests of deploy, as all that follows
need cloud-init
need docker-registry
need rclone
need ss iproute2
need pkill procps

if ((${#missing[@]} == 0)); then
    exit
fi
if ((EUID == 0)); then
    sh local/install-debian.sh "${missing[@]}"
else
    sudo sh local/install-debian.sh "${missing[@]}"
fi
