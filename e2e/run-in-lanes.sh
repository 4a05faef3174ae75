#!/bin/bash
# Runs all journeys in two lanes, each in a network of its own. A journey keeps little more than half of two cores busy:
# the second lane has those that wait most, for cables to be plugged in and for processes to come back, and as many
# others as make it as long as the first. What it says is shown when the first is done. Where no network can be made
# there is one lane: two would share ports.
set -u
cd "$(dirname "$0")" || exit

waiting=(durable-network rough paths nodes blind evil durable devices firefox)
first=() second=()
for file in journeys/*.test.mjs; do
	name=$(basename "$file" .test.mjs)
	if [[ " ${waiting[*]} " == *" $name "* ]]; then second+=("$file"); else first+=("$file"); fi
done

lane() {
	./run-in-namespace.sh node --test --test-concurrency=1 "$@"
}

said=$(mktemp /tmp/visavis-lane.XXXXXX)
trap 'rm -f "$said"' EXIT
trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM
failed=0
# shellcheck disable=SC2016 # the variable is that of the namespace
if ./run-in-namespace.sh sh -c '[ -n "$VISAVIS_E2E_ADDRESS" ]' 2>/dev/null; then
	lane "${second[@]}" >"$said" 2>&1 &
	lane "${first[@]}" 2>&1 || failed=1
	wait $! || failed=1
	cat "$said"
else
	lane "${first[@]}" "${second[@]}" 2>&1 || failed=1
fi
exit $failed
