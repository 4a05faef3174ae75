#!/bin/sh
# Runs a command in a network namespace of its own: loopback, one veth pair with
# the address 10.77.0.1 and a default route that leads nowhere. Nothing in it can
# reach any other machine, and Firefox gets an address that is not loopback.
# Needs root or user namespaces.
set -eu
if [ "${1:-}" = --inside ]; then
    shift
    ip link set lo up
    ip link add visavis0 type veth peer name visavis1
    ip addr add 10.77.0.1/24 dev visavis0
    ip link set visavis0 up
    ip link set visavis1 up
    ip route add default via 10.77.0.254
    exec "$@"
fi
if [ "$(id -u)" = 0 ]; then
    exec unshare --net "$0" --inside "$@"
fi
exec unshare --user --map-root-user --net "$0" --inside "$@"
