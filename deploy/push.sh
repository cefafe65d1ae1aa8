#!/usr/bin/env bash
# Sends COMMIT to the server over SSH and has it deployed there: what the workflow runs on main.
# Usage: push.sh COMMIT, with EC2_SSH_KEY (private key), EC2_USER (aware), EC2_HOST and EC2_HOST_KEY (the
# server's public key, as in /etc/ssh/ssh_host_ed25519_key.pub) in the environment.
# Ends with deploy.sh's status: 0 done, 3 the version is no good and the one before runs again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly tries=6 pause=5 connection_lost=255

fail() {
    echo "push: $1" >&2
    exit 1
}

[[ $# -eq 1 ]] || fail "usage: push.sh COMMIT"
for name in EC2_SSH_KEY EC2_USER EC2_HOST EC2_HOST_KEY; do
    [[ -n ${!name:-} ]] || fail "$name is not set"
done
version=$(git rev-parse --quiet --verify --short=12 "$1^{commit}") || fail "there is no commit $1"

umask 077
private=$(mktemp -d)
trap 'rm -rf "$private"' EXIT
printf '%s\n' "$EC2_SSH_KEY" | tr -d '\r' > "$private/key"
# Whatever the server's address is today, it shows this key.
awk 'NF >= 2 { print "server", $1, $2 }' <<< "$EC2_HOST_KEY" > "$private/known_hosts"
unset EC2_SSH_KEY EC2_HOST_KEY

server() {
    ssh -F /dev/null -i "$private/key" -p "${EC2_PORT:-22}" -o BatchMode=yes \
        -o IdentitiesOnly=yes -o HostKeyAlias=server -o StrictHostKeyChecking=yes \
        -o UserKnownHostsFile="$private/known_hosts" -o GlobalKnownHostsFile=/dev/null \
        -o ConnectTimeout=20 -o ServerAliveInterval=10 -o ServerAliveCountMax=3 -o LogLevel=ERROR \
        "$EC2_USER@$EC2_HOST" "$@"
}

# A connection that breaks is made anew: what was done on the server is found done.
persistently() {
    local try status
    for ((try = 1; ; try++)); do
        status=0
        "$@" || status=$?
        if ((status != connection_lost || try == tries)); then return "$status"; fi
        echo "push: the connection was lost; again in $pause s" >&2
        sleep "$pause"
    done
}

send() {
    git archive --format=tar.gz "$version" | server send "$version"
}

# The server knows these three words; see aware-receive in deploy/server.yaml.
server check || fail "there is no way into $EC2_USER@$EC2_HOST"
echo "push: sending $version"
persistently send || fail "$version could not be sent"
persistently server deploy "$version"
