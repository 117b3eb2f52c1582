# All targets work on a fresh machine with Go and a C compiler; `make servers` and
# `make clients`, which the integration tests need, want Debian as well. `make` alone lists them.

GO            ?= go
BIN           := bin/kith
TOOLS         := bin/tools
GOLANGCI      := 2.15.0
VERSION       := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# -buildvcs=false: a clone without git, or owned by another user, builds all the same.
BUILD_FLAGS   := -buildvcs=false -trimpath
LDFLAGS       := -X main.version=$(VERSION)
# The packages that hold tests of the real binary.
WHOLE          = $(shell grep -rl '^//go:build.*integration' --include='*_test.go' cmd internal | xargs -n1 dirname | sort -u | sed 's|^|./|')
# -vet=off: `make lint` vets, once and for all packages.
TEST_FLAGS    := -race -vet=off
FUZZ_TIME     ?= 10s
DEMO_FLAGS    ?=
BENCH_FLAGS   ?=
SCALE_FLAGS   ?=
COMPARE       ?=

.DEFAULT_GOAL := help
.PHONY: help build demo test test-integration soak servers clients bench compare bench-scale lint fmt fuzz fuzz-doors generate ci clean FORCE

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: $(BIN) ## build bin/kith

$(BIN): FORCE
	@mkdir -p bin
	$(GO) build $(BUILD_FLAGS) -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/kith

demo: build ## the whole road on a made-up shop; DEMO_FLAGS="--people 2000 --exit"
	$(BIN) demo $(DEMO_FLAGS)

test: ## every package's tests, with the race detector; without it those of how good matching is
	$(GO) test $(TEST_FLAGS) ./...
	$(GO) test -vet=off ./internal/identity/match ./internal/resolve

test-integration: build servers clients ## the real binary and real servers: killed, starved of disk, fed nonsense
	KITH_BIN=$(CURDIR)/$(BIN) $(GO) test -vet=off -tags integration -timeout 15m $(WHOLE)

soak: build servers clients ## the long form of the integration tests, and a minute of each fuzz test; takes two hours
	KITH_BIN=$(CURDIR)/$(BIN) $(GO) test -vet=off -tags 'integration soak' -timeout 3h $(WHOLE)
	./scripts/fuzz.sh 60s

servers: ## install PostgreSQL, OpenSSH, an S3 gateway and Apache Kafka for tests, where they are missing
	./scripts/servers.sh install

clients: ## install the tracking API's real clients for tests, where they are missing
	./scripts/clients.sh install

bench: build ## the figures, as ratios in one run
	$(BIN) bench $(BENCH_FLAGS)

compare: build ## beside other programs, on the same processors: COMPARE="tracking resolve"
	./scripts/compare.sh $(COMPARE)

bench-scale: build servers ## embedded beside one, two and four processes on Kafka and PostgreSQL
	$(GO) run ./internal/bench/scale $(SCALE_FLAGS)

lint: $(TOOLS)/golangci-lint-$(GOLANGCI) ## gofmt, go vet and golangci-lint
	@unformatted=$$(gofmt -l cmd internal); if [ -n "$$unformatted" ]; then echo "gofmt these:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags 'integration soak' ./...
	$(TOOLS)/golangci-lint-$(GOLANGCI) run ./...

$(TOOLS)/golangci-lint-$(GOLANGCI):
	./scripts/golangci-lint.sh $(GOLANGCI) $@

fmt: ## gofmt everything
	gofmt -w cmd internal

fuzz: ## every fuzz test for FUZZ_TIME each
	./scripts/fuzz.sh $(FUZZ_TIME)

fuzz-doors: ## those of the rooms that read bytes from outside, a second each
	./scripts/fuzz.sh 1s $(addprefix internal/,source identity/match resolve contract cleanse quality config expr api kit)

generate: ## rewrite the pages and files that are made from the code
	$(GO) test ./internal/config ./internal/law ./internal/cli -update

ci: ## what .ci/run does
	./.ci/run

clean: ## remove what was built
	rm -rf bin coverage.out

FORCE:
