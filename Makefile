# pamlab: `make` lists what there is.
GO ?= go
FUZZTIME ?= 10m
SOAK ?= 10m
KILLS ?= 300
SIM_DAYS ?= 3653
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.7.0
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@latest
PROFILE = cmd/pamlab/validate.pgo
BUILDFLAGS ?= -trimpath -pgo $(PROFILE)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## one static binary, ./pamlab
	CGO_ENABLED=0 $(GO) build $(BUILDFLAGS) -ldflags "-s -w -X main.version=$(VERSION)" -o pamlab ./cmd/pamlab

.PHONY: profile
profile: ## renew the profile that the static build is optimised by
	$(GO) test -trimpath -run '^$$' -bench '^BenchmarkSamples$$' -benchtime 10s -cpuprofile judge.prof -o /dev/null ./hl7/pam/rules
	$(GO) test -trimpath -run '^$$' -bench '^BenchmarkExchange$$' -benchtime 10s -cpuprofile listen.prof -o /dev/null ./scenarios/listen
	$(GO) tool pprof -proto judge.prof listen.prof > $(PROFILE)
	rm judge.prof listen.prof

.PHONY: demo
demo: ## the one-minute tour
	$(GO) run ./cmd/pamlab demo

.PHONY: test
test: ## all tests
	$(GO) test ./...

.PHONY: race
race: ## all tests under the race detector
	$(GO) test -race ./...

.PHONY: cover
cover: ## coverage by function, and cover.html
	$(GO) test -coverpkg=./... -coverprofile=cover.out ./...
	$(GO) tool cover -func=cover.out | tail -1
	$(GO) tool cover -html=cover.out -o cover.html

.PHONY: lint
lint: ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

.PHONY: vuln
vuln: ## known vulnerabilities in what we depend on
	$(GO) run $(GOVULNCHECK) ./...

.PHONY: fuzz
fuzz: ## every fuzz target, FUZZTIME each (10m)
	./testdata/fuzz.sh $(FUZZTIME)

.PHONY: soak
soak: ## a thousand good peers beside two hundred hostile ones, for SOAK (10m)
	PAMLAB_SOAK=$(SOAK) $(GO) test -count 1 -timeout 0 -v -run '^TestSoak$$' ./mllp

.PHONY: sim-soak
sim-soak: ## ten years of the shipped hospital of 480 beds, SIM_DAYS (3653), without a single finding
	PAMLAB_SIM_DAYS=$(SIM_DAYS) $(GO) test -count 1 -timeout 0 -v -run '^TestLife$$' ./scenarios/hospital

.PHONY: kill-soak
kill-soak: ## stores and listeners killed KILLS times (300) under load: nothing acknowledged is lost
	PAMLAB_KILLS=$(KILLS) $(GO) test -count 1 -timeout 0 -v -run 'Killed$$' ./scenarios/store ./cmd/pamlab

.PHONY: gam-bugs
gam-bugs: ## every bug of a GAM at a hospital that lives, by the scenarios that see it
	PAMLAB_EVERY_BUG=1 $(GO) test -count 1 -timeout 0 -v -run '^TestRunAtAHospital' ./cmd/pamlab

.PHONY: bench
bench: ## benchmarks, and our server beside the bare one
	$(GO) test -run '^$$' -bench . -benchmem -count 5 ./hl7/... ./mllp/... ./scenarios | tee bench.out

.PHONY: interop
interop: ## the third-party peers of testdata/interop
	./testdata/interop/run
