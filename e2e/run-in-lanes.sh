#!/bin/bash
# Runs all journeys in two lanes, each in a network of its own. A journey keeps little more than half of two cores busy.
# Each lane takes the next from one line, in which the longest stand first, so that both are done at about the same time.
# What the second says is shown when the first is done. Where no network can be made there is one lane: two would share
# ports.
#
# A journey that has passed with the very same program, scripts and browsers is not walked again, as `go test` does not run
# again what has not changed; it is counted, and told apart. `make test-long`, and a fresh clone, walk all of them.
set -uo pipefail
cd "$(dirname "$0")" || exit

# Half as long as all others together; with VISAVIS_TEST_LONG only.
long=(durable-office rough paths)
# A minute and more.
longest=(durable-office ways durable rough paths durable-network appointment team admin accounts)

scratch=$(mktemp -d /tmp/visavis-lanes.XXXXXX)
for name in "${longest[@]}" $(basename -s .test.mjs journeys/*.test.mjs); do
	[[ -n "${VISAVIS_TEST_LONG:-}" || " ${long[*]} " != *" $name "* ]] && echo "journeys/$name.test.mjs"
done | awk '!seen[$0]++' >"$scratch/line"
trap 'rm -rf "$scratch"' EXIT
trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM

# The program: the packages that it consists of, the pages among them, as scripts/build has written down for this very one.
program() {
	if [ -n "${VISAVIS_BINARY:-}" ]; then
		sha256sum "$VISAVIS_BINARY"
	elif (cd .. && head -n 1 bin/visavis.made | sha256sum --check --status); then
		tail -n +2 ../bin/visavis.made
	else
		sha256sum ../bin/visavis
	fi
}

# What every journey depends on: the program, the gallery's sources, what lies beside the journeys, and what it runs on.
passed=../.cache/journeys
mkdir -p "$passed"
again=${VISAVIS_TEST_LONG:-}
git rev-parse --git-dir >/dev/null 2>&1 || again=yes # without it nobody knows what belongs to the journeys
surroundings=$({
	git ls-files -co --exclude-standard . ../web | grep -vE '^journeys/|\.test\.ts$' | xargs -d '\n' -r sha256sum --
	program
	sha256sum ../scripts/build ../scripts/with-postgres
	node --version
	chromium --version
	firefox-esr --version || firefox --version
	dpkg-query -W 'postgresql-[0-9]*' # of the server that some of them share
} 2>/dev/null | sha256sum)

# Who stands first in the line, and leaves it.
next() {
	flock "$scratch" sh -c 'head -n 1 "$1" && sed -i 1d "$1"' next "$scratch/line"
}

# lane: one after the other, until nobody stands in the line.
lane() {
	local file mark said=$scratch/$BASHPID status=0
	while file=$(next) && [ -n "$file" ]; do
		mark=$passed/$(basename "$file" .test.mjs).$( { echo "$surroundings"; cat "$file"; } | sha256sum | cut -c1-16)
		if [ -z "$again" ] && [ -e "$mark" ]; then
			echo "# $file has passed, and nothing has changed since"
			cat "$mark"
			continue
		fi
		rm -f "${mark%.*}".*
		if ./run-in-namespace.sh node --test "$file" 2>&1 | tee "$said" && grep -q '^# skipped 0$' "$said"; then
			sed -n 's/^# pass \([0-9]*\)$/# pass \1\n# unchanged \1/p' "$said" >"$mark"
		elif grep -q '^# fail 0$' "$said"; then
			: # something was left out: it is tried again next time
		else
			status=1
		fi
	done
	return $status
}

failed=0
# shellcheck disable=SC2016 # the variable is that of the namespace
if ./run-in-namespace.sh sh -c '[ -n "$VISAVIS_E2E_ADDRESS" ]' 2>/dev/null; then
	lane >"$scratch/second" 2>&1 &
	lane || failed=1
	wait $! || failed=1
	cat "$scratch/second"
else
	lane || failed=1
fi
exit $failed
