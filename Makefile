# The targets people need; what they do stands in scripts/.
.PHONY: demo build test test-long check bench bench-networks generate

demo: ## build everything and start the demonstration
	@scripts/demo

build: ## build bin/visavis with the pages inside
	@scripts/build

test: ## linters, both databases, browsers
	@scripts/test

test-long: ## everything: also what takes its time
	@scripts/test long

check: ## what can be known in a minute or two
	@scripts/test fast

bench: ## measure
	@scripts/bench

bench-networks: ## what still works in bad networks
	@scripts/build >/dev/null
	@scripts/install test >/dev/null
	@scripts/npm-install e2e >/dev/null
	@cd e2e && ./run-in-namespace.sh node bench/networks.mjs

generate: ## make generated files again
	@scripts/generate
