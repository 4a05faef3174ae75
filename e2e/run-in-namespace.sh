#!/bin/sh
# Runs a command in a network namespace of its own: loopback, one veth pair with
# the address 10.77.0.1 and a default route that leads nowhere. Nothing in it can
# reach any other machine, and Firefox gets an address that is not loopback. The
# command finds the address in VISAVIS_E2E_ADDRESS.
# Needs root or user namespaces. Where there is neither, the command runs without:
# the variable is empty, and journeys that need the address are skipped.
set -eu
if [ "${1:-}" = --inside ]; then
    shift
    ip link set lo up
    ip link add visavis0 type veth peer name visavis1
    ip addr add 10.77.0.1/24 dev visavis0
    ip link set visavis0 up
    ip link set visavis1 up
    ip route add default via 10.77.0.254
    export VISAVIS_E2E_ADDRESS=10.77.0.1
    exec "$@"
fi
apart='--net'
[ "$(id -u)" = 0 ] || apart='--user --map-root-user --net'
# shellcheck disable=SC2086 # several words on purpose
if why=$(unshare $apart "$0" --inside true 2>&1); then
    exec unshare $apart "$0" --inside "$@"
fi
echo "
################################################################################
#  No network namespace could be made here. Journeys with Firefox and journeys
#  that pull cables DO NOT RUN; the others run on this machine's own loopback.
#  Needed: root, or user namespaces, and the command ip.
#  $(echo "$why" | head -1)
################################################################################
" >&2
export VISAVIS_E2E_ADDRESS=
exec "$@"
