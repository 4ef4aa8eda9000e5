# `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

GO           ?= go
CACHE        := $(CURDIR)/.cache
LINT         := $(CACHE)/bin/golangci-lint
LINT_VERSION := v2.15.0
VERSION      := $(shell git describe --tags --always --dirty 2>/dev/null)
GO_SOURCES   := $(shell find cmd internal migrations configs web -name '*.go' -o -name '*.sql' -o -name '*.yaml' -o -name 'page.html' 2>/dev/null | grep -v node_modules)
WEB_SOURCES  := $(shell find web/src web/public -type f 2>/dev/null) web/index.html web/diagram.html web/package.json web/package-lock.json web/vite.config.ts

# Tests read the files of real models and libraries from here; `parley model pull` fills it.
PARLEY_TEST_DATA ?= $(CACHE)/test-data
test-data test-models test-clients test-web bench bench-engine lighthouse screenshots: export PARLEY_TEST_DATA := $(PARLEY_TEST_DATA)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-15s %s\n", $$1, $$2 }'

.PHONY: run
run: bin/parley ## fetch what is missing, build, and start on http://127.0.0.1:8080
	@bin/parley model pull --quiet
	@exec bin/parley serve

.PHONY: build
build: bin/parley ## build page and binary into bin/parley

bin/parley: $(GO_SOURCES) go.mod go.sum web/dist/index.html
	@echo "building the binary (the first time takes about two minutes: SQLite is compiled)"
	@CGO_ENABLED=1 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $@ ./cmd/parley

# npm writes this file last, so that an install that was cut off begins anew.
NODE_MODULES := web/node_modules/.package-lock.json
$(NODE_MODULES): web/package.json web/package-lock.json
	@echo "installing the page's packages"
	@cd web && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json

web/dist/index.html: $(NODE_MODULES) $(WEB_SOURCES)
	@echo "building the page"
	@cd web && npm run --silent build

.PHONY: check
check: web/dist/index.html lint unit web-check ## format, vet, lint, architecture, unit tests, page lint and types

.PHONY: lint
lint: $(LINT) ## gofmt, go vet and golangci-lint
	@test -z "$$(gofmt -l cmd internal migrations configs web/*.go)" || { gofmt -d cmd internal migrations configs web/*.go; exit 1; }
	@$(GO) vet ./...
	@$(LINT) run

$(LINT):
	@echo "building golangci-lint $(LINT_VERSION)"
	@GOBIN=$(dir $(LINT)) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

.PHONY: unit
unit: ## unit tests: no model, no service, under a minute
	@$(GO) test -short ./...

.PHONY: race
race: ## the same with the long cases, under the race detector
	@$(GO) test -race -timeout 20m ./...

.PHONY: web-check
web-check: web/dist/index.html ## page: types, lint, unit tests, size
	@cd web && npm run --silent check && npm run --silent size

.PHONY: api-types
api-types: $(NODE_MODULES) ## after a change of the API: its document and the page's types anew
	@$(GO) test -count=1 -run TestPageKnowsThisAPI ./internal/app -update
	@cd web && npm run --silent api

.PHONY: test
test: check race test-docs test-models test-services test-clients test-web ## everything: check, race detector, documents, real models, services, official clients, browser

.PHONY: test-docs
test-docs: ## the collection of documents in ../shared/testdata, each read in a process of its own
	@$(GO) test -count=1 -run Collection ./internal/knowledge/extract

.PHONY: test-data
test-data: bin/parley
	@PARLEY_DATA_DIR=$(PARLEY_TEST_DATA) bin/parley model pull --quiet --no-tune

.PHONY: test-models
test-models: test-data ## tests with the real engine and models
	@.ci/models sh -c '.ci/libmtmd "$$PARLEY_TEST_ENGINE"'
	@.ci/models $(GO) test -count=1 -timeout 20m ./internal/serving/...
	@.ci/models $(GO) test -count=1 -run 'Isolated|EngineDies' ./internal/app

.PHONY: test-services
test-services: ## the same store tests on PostgreSQL, sign-in against a real OpenID provider
	@.ci/services $(GO)

.PHONY: test-clients
test-clients: test-data ## the official OpenAI clients for Python and JavaScript against the binary
	@.ci/with-server .ci/clients/run

.PHONY: test-web
test-web: test-data ## the page in headless Chromium against the binary
	@.ci/browser

.PHONY: fuzz
fuzz: ## each fuzz test for ten seconds
	@.ci/fuzz $(GO)

.PHONY: bench
bench: test-data ## start-up, memory and streams at once, with the real model
	@PARLEY_DATA_DIR=$(PARLEY_TEST_DATA) bin/parley bench

.PHONY: bench-engine
bench-engine: test-data ## the engine beside llama.cpp's own server, which is built first
	@.ci/llama-server $(CACHE)/llama-server
	@PARLEY_DATA_DIR=$(PARLEY_TEST_DATA) bin/parley bench engine $(CACHE)/llama-server/bin

.PHONY: bench-index
bench-index: bin/parley ## the index of vectors beside hnswlib and faiss, which are installed first
	@.ci/rivals $(CACHE)/rivals
	@bin/parley bench index --python $(CACHE)/rivals/bin/python

.PHONY: lighthouse
lighthouse: test-data ## Lighthouse on the sign-in and chat page, as a desktop and as a phone
	@.ci/with-server .ci/lighthouse/run

.PHONY: screenshots
screenshots: test-data ## take the pictures of the README and of the gallery anew
	@SCREENSHOTS=$(CACHE)/screenshots .ci/browser
	@cd $(CACHE)/screenshots && cp answer.png answer-dark.png phone.png welcome.png knowledge-answer.png gallery-*.webp $(CURDIR)/web/screenshots/

.PHONY: clean
clean: ## remove what was built (data and caches stay)
	@rm -rf bin web/dist/*
