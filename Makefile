# Everything is done with Go alone; tests on a real Redis need redis-server.

GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Tests that need what is not installed are skipped, unless REQUIRE=1.
REQUIRE ?= 0

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench build clean

help: ## show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## see it at work: everything embedded, nothing to install
	@bin/revoker demo

test: ## run all tests, with the race detector
	REVOKER_REQUIRE_REDIS=$(REQUIRE) go test -race ./...

lint: ## vet, gofumpt and staticcheck
	go vet ./...
	@test -z "$$(go run $(GOFUMPT) -l . | tee /dev/stderr)" || { echo 'not formatted: run gofumpt -w'; exit 1; }
	go run $(STATICCHECK) ./...

bench: ## measure pickup, throughput and CPU on a real Redis (needs redis-server)
	go run ./bench

build: ## build bin/revoker
	@CGO_ENABLED=0 go build -trimpath -o bin/revoker ./cmd/revoker

clean: ## remove what was built
	rm -rf bin
