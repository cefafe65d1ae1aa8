#!/bin/sh
# Makes the virtual environment that the Makefile uses, and installs REQUIREMENTS into it, by hash.
# Usage: install-python.sh PYTHON VENV REQUIREMENTS
set -eu
python=$1 venv=$2 requirements=$3

fail() {
    echo "Error: $1" >&2
    exit 1
}

# Quiet where it may not: then the message that follows says what to do.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
        sudo -n "$@"
    fi
}

has_venv() {
    "$python" -c 'import ensurepip, venv' 2> /dev/null
}

command -v "$python" > /dev/null ||
    fail "there is no $python; install Python 3.11 or newer, or name one: make ... PYTHON=/path/to/python3"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is Python $version; 3.11 or newer is needed: make ... PYTHON=/path/to/python3"
if ! has_venv && command -v apt-get > /dev/null; then
    echo "Installing Debian's python$version-venv ..."
    as_root sh "$(dirname "$0")/install-debian.sh" "python$version-venv" > /dev/null || true
fi
has_venv ||
    fail "$python cannot make virtual environments; install the Debian package python$version-venv"

# One that was moved, or whose Python is gone, cannot be repaired.
"$venv/bin/python" -m pip --version > /dev/null 2>&1 || rm -rf "$venv"
if [ ! -e "$venv/bin/python" ]; then
    echo "Making $venv with Python $version ..."
    "$python" -m venv "$venv"
fi
echo "Installing $requirements (a minute or so) ..."
began=$(date +%s)
if [ -x "$venv/bin/uv" ]; then
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --compile-bytecode --require-hashes --only-binary :all: -r "$requirements"
else
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$requirements"
fi
echo "Installed $requirements in $(($(date +%s) - began)) s"
