# ipclab. `make` alone lists what can be made.

GO       := tools/go
PREFIX   ?= /usr/local
LIB      := $(DESTDIR)$(PREFIX)/lib/ipclab
STATIC   := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false
# What runs in machines is static, too, with libseccomp in it, which is C.
GUEST    := CGO_ENABLED=1 $(GO) build -trimpath -buildvcs=false -tags osusergo,netgo -ldflags='-s -w -linkmode external -extldflags "-static"'
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# What machines are made with is not in every user's PATH.
export PATH := $(PATH):/usr/sbin:/sbin

.NOTPARALLEL:
.PHONY: help setup setup-tests setup-compare build student demo test lint unit image vmtest redteam labcheck bench bench-ipc bench-leaks compare-flow soak pictures install uninstall clean

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: ## install what building and running needs and this computer lacks
	@tools/install

setup-tests:
	@tools/install tests

build: setup ## build bin/ipclab, bin/ipclab-guest, which it puts into machines, and bin/ipclab-draw, which lays out pictures
	@$(GO) version
	tools/build-guest bin/ipclab-guest
	$(STATIC) -ldflags="-s -w" -o bin/ipclab-draw ./cmd/ipclab-draw
	$(STATIC) -o bin/ipclab ./cmd/ipclab

student: build ## build bin/student: the same for students, without solutions and hidden checks
	@mkdir -p bin/student
	$(STATIC) -tags student -o bin/student/ipclab ./cmd/ipclab
	@cp bin/ipclab-guest bin/ipclab-draw bin/student/

demo: build ## start the lab fifo with its reference solution and show what is checked
	@tools/demo

# The tests in machines prove the labs, too, as labcheck does. The image is made beside
# the tests that need no machine, which wait as much as it does; if that fails, image
# tries again and says why.
test: setup-tests lint build ## run everything (about half an hour without KVM)
	@bin/ipclab image build >/dev/null 2>&1 & $(MAKE) --no-print-directory unit; code=$$?; wait; exit $$code
	@$(MAKE) --no-print-directory vmtest redteam

pictures: ## draw the library of scenarios anew (docs/scenarios)
	$(GO) test ./internal/matrix -run TestPictures -update

lint: ## look at the source: gofmt, go vet, staticcheck
	@echo gofmt; files=$$($$($(GO) env GOROOT)/bin/gofmt -l .); test -z "$$files" || { echo "not formatted: $$files"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

# Four packages at a time, whatever the computer: many tests wait more than they work.
# The race detector has every program sleep for a second before it exits, and the tests
# start hundreds of them. lint has looked already at what vet would look at.
unit: export GORACE := atexit_sleep_ms=20
unit: ## run the tests that need no machine, with the race detector
	CGO_ENABLED=1 $(GO) test -race -vet=off -p 4 $$($(GO) list ./... | grep -v -e /internal/vmtest -e '/grader/redteam$$')
	$(GO) test -short ./grader/redteam

image: build ## make the guest image, unless it is there
	bin/ipclab image build

vmtest: image ## run the tests that start machines
	$(GO) test -count=1 -timeout 75m -v ./internal/vmtest/...

redteam: image ## attack the grader, and show that each attack would work without the defence
	$(GO) test -count=1 -timeout 40m -v -run TestRedTeam ./grader/redteam

labcheck: image ## prove every lab by running it: starter, solution, mutants
	bin/ipclab lab check

bench: image ## measure, and compare with a cold boot at every start
	$(GO) run ./internal/bench
	@$(MAKE) --no-print-directory bench-ipc bench-leaks

setup-compare:
	@tools/install compare

compare-flow: setup-compare image ## compare ipclab's flows with setools' on random pairs, and time seinfoflow beside it
	$(GO) run ./internal/bench/setools

bench-leaks: ## measure what comes back through a sipc channel (a few minutes)
	$(GO) run ./internal/bench/leaks

bench-ipc: ## measure sipc beside pipes, sockets and others (a few minutes)
	$(GO) run ./internal/bench/ipc
	$(GO) run ./internal/bench/ipc -choose internal/choose/speed.json
	$(GO) test -count=1 ./internal/choose -update

soak: ## run the long tests of sipc: 10^7 messages, 1,000 rounds of kill -9 (about 15 minutes)
	$(GO) test -count=1 -timeout 2h -v ./sipc/sipctest -soak

install: ## install what `make build` made below PREFIX (/usr/local)
	install -d $(LIB) $(DESTDIR)$(PREFIX)/bin
	install -m 0755 bin/ipclab bin/ipclab-guest bin/ipclab-draw $(LIB)
	ln -sf ../lib/ipclab/ipclab $(DESTDIR)$(PREFIX)/bin/ipclab

uninstall: ## remove what install installed
	rm -rf $(LIB) $(DESTDIR)$(PREFIX)/bin/ipclab

clean: ## remove what was built here (the image stays: see README.md)
	rm -rf bin bench-out
