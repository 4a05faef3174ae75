# The targets people need; what they do stands in scripts/.
.PHONY: demo build test test-long check bench generate

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

generate: ## make generated files again
	@scripts/generate
