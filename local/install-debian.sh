#!/bin/sh
# Installs Debian packages without starting the daemons they bring, now or at the next boot.
# Needs root. Usage: install-debian.sh PACKAGE...
set -eu

policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
kept=$policy.kept-by-aware

# The machine's own policy comes back whatever happens; $kept.none says that it had none.
restore() {
    if [ -e "$kept" ]; then
        mv -f "$kept" "$policy"
    elif [ -e "$kept.none" ]; then
        rm -f "$policy" "$kept.none"
    fi
}

# After a kill -9 in between, what stands there now is ours and what was kept is the machine's.
restore
trap restore EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -e "$policy" ] || [ -L "$policy" ]; then
    mv "$policy" "$kept"
else
    : > "$kept.none"
fi
printf '#!/bin/sh\nexit 101\n' > "$policy"
chmod 755 "$policy"

had_epmd=no
if command -v epmd > /dev/null; then had_epmd=yes; fi

export DEBIAN_FRONTEND=noninteractive
# The machine's own updates may hold the locks for a while.
apt-get update -q -o DPkg::Lock::Timeout=300
apt-get install -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends "$@"

for package in "$@"; do
    if [ -e "/etc/init.d/$package" ]; then
        update-rc.d "$package" disable
    fi
done

# Erlang's port mapper comes with RabbitMQ, and Erlang's tools start it where they find none.
if [ "$had_epmd" = no ] && command -v epmd > /dev/null; then
    if command -v systemctl > /dev/null; then
        systemctl disable epmd.service epmd.socket
    fi
    if epmd -names > /dev/null 2>&1; then epmd -kill; fi
fi
