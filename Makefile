# Everything is done with Go alone; tests on a real Redis need redis-server, those in a
# real browser chromium, and the one that opens exports LibreOffice.

GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Tests that need what is not installed are skipped, unless REQUIRE=1.
REQUIRE ?= 0

.DEFAULT_GOAL := help
.PHONY: help demo test proof lint bench world lines fuzz soak mutations build picture check-deploy clean

help: ## show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## see it at work: everything embedded, nothing to install
	@bin/revoker demo

# make lint has vetted all that tests contain. make test has the race detector by GOFLAGS, so that
# what tests build is not compiled a second time without it; make proof has it not: it would make
# scale, and scripts on miniredis, ten times as slow.
TEST = REVOKER_REQUIRE_REDIS=$(REQUIRE) REVOKER_REQUIRE_CHROMIUM=$(REQUIRE) REVOKER_REQUIRE_LIBREOFFICE=$(REQUIRE)

test: ## run all tests with the race detector, in minutes, and tell which need what is not installed
	$(TEST) GOFLAGS='$(GOFLAGS) -race' go run ./bench/gotest -vet=off -parallel 8 -timeout 20m ./...

# The packages that have tests which do more at full scale, worker first, as it waits longest; those
# of bench are measured by themselves.
PKG ?= $(shell grep -rlE 'scale\.(Of|Full)|redistest\.One' --include='*_test.go' . | grep -v '^\./bench/' | xargs -n1 dirname | sort -ru)

proof: ## run tests at full scale, on every Redis: make proof PKG=./worker for one package
	$(TEST) REVOKER_PROOF=1 go run ./bench/gotest -vet=off -parallel 4 -timeout 30m $(PKG)

lint: ## vet, gofumpt, staticcheck, which package imports which, circles of files, long lines
	go vet ./... && go -C bench/river vet ./...
	@test -z "$$(go run $(GOFUMPT) -l . | tee /dev/stderr)" || { echo 'not formatted: run gofumpt -w'; exit 1; }
	go run $(STATICCHECK) ./...
	go test -run='^TestImportsFollowTheArrows$$' ./tasks
	go run ./bench/house check

# Flags of the benchmark: -only NAME for one measurement.
BENCH ?= -all

bench: ## measure what is claimed (needs redis-server, 2 GB): make bench BENCH='-only pickup' for one
	go run ./bench $(BENCH)

# How many seeds the simulation runs, or for how long it begins with further ones; from which on; and
# in which virtual time faults begin.
FOR   ?= 0
SEEDS ?= $(if $(filter 0,$(FOR)),20,0)
SEED  ?= 1
SPAN  ?= 10m

world: ## simulate hours of faults, compare with PortOne's truth: make world SEED=7 SEEDS=1 for one
	go test ./bench/world -run '^TestSeeds$$' -v -timeout 0 -args -world.seed=$(SEED) -world.seeds=$(SEEDS) -world.for=$(FOR) -world.span=$(SPAN)

lines: ## count lines of code by package, and what is longest
	@go run ./bench/house lines

FUZZTIME ?= 20s

fuzz: ## try what parses bytes from outside with bytes made up for it
	go test -vet=off -run='^$$' -fuzz='^FuzzParse$$' -fuzztime=$(FUZZTIME) ./tasks
	go test -vet=off -run='^$$' -fuzz='^FuzzParseQueue$$' -fuzztime=$(FUZZTIME) ./tasks
	go test -vet=off -run='^$$' -fuzz='^FuzzOutcomeJSON$$' -fuzztime=$(FUZZTIME) ./tasks/outcome
	go test -vet=off -run='^$$' -fuzz='^FuzzRedisURL$$' -fuzztime=$(FUZZTIME) ./cmd/internal/config
	go test -vet=off -run='^$$' -fuzz='^FuzzReader$$' -fuzztime=$(FUZZTIME) ./cmd/internal/list
	go test -vet=off -run='^$$' -fuzz='^FuzzJSON$$' -fuzztime=$(FUZZTIME) ./cmd/internal/list
	go test -vet=off -run='^$$' -fuzz='^FuzzWorkbook$$' -fuzztime=$(FUZZTIME) ./cmd/internal/list
	go test -vet=off -run='^$$' -fuzz='^FuzzCells$$' -fuzztime=$(FUZZTIME) ./cmd/internal/list
	go test -vet=off -run='^$$' -fuzz='^FuzzAnswer$$' -fuzztime=$(FUZZTIME) ./worker/iamport
	go test -vet=off -run='^$$' -fuzz='^FuzzParseRule$$' -fuzztime=$(FUZZTIME) ./worker/iamport/iamporttest

# Flags of the soak; those by default take about ten minutes.
SOAK ?=

soak: ## kill workers and Redis under load, compare with PortOne's truth (needs redis-server)
	go run ./bench/soak $(SOAK)

# Flags of the mutations: -only NAME, -seeds N, -rerun 10.
MUTATIONS ?=

mutations: ## put known faults back, and see which of them make world detects (takes an hour)
	go run ./bench/world/mutations $(MUTATIONS)

build: ## build bin/revoker
	@CGO_ENABLED=0 go build -trimpath -o bin/revoker ./cmd/revoker

picture: ## take the picture of the web site in the README again (needs chromium)
	REVOKER_PICTURE=$(CURDIR)/deploy/monitor.png REVOKER_REQUIRE_CHROMIUM=1 \
		go test -count=1 -run '^TestPictureShowsWhatHoldsABatch$$' ./cmd/internal/monitor

check-deploy: ## check deploy/: alert rules, Kubernetes, compose, image, units (needs promtool)
	REQUIRE=$(REQUIRE) deploy/check.sh

clean: ## remove what was built
	rm -rf bin
