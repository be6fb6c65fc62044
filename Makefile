# simbench: `make help` lists what there is to make.
#
# Objects of each variant (compiler, sanitizers) lie in their own folder below build/.

CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
DESTDIR ?=
# SAN=address,undefined builds with sanitizers; WERROR=1 makes warnings errors.
SAN     ?=
WERROR  ?=
COV     ?=
V       ?=
OPT     ?= -O2
comma   := ,
VARIANT := $(notdir $(firstword $(CC)))$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(COV),-cov)
BUILD   ?= build/$(VARIANT)

# The rooms of the house, lowest first: a room includes only itself and those before it.
ROOMS   ?= sim/base sim/tree sim/dockerfile sim/context sim/layer sim/store sim/image \
           sim/plan sim/cache sim/exec sim/build lua reports bench
PKGS    := lua5.4 jansson sqlite3 libcrypto zlib libzstd libseccomp
# Loaded when they are first needed (sim/layer/libarchive.c, sim/build/libcurl.c): most
# of a small build's time would go into linking them and what they need.
LATE_PKGS := libarchive libcurl

Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

WARN    := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
           -Wformat=2 -Wvla -Wundef -Wwrite-strings
CFLAGS  ?= -g
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) $(LATE_PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -pthread $(OPT) $(WARN) $(if $(WERROR),-Werror) \
           $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
           $(if $(COV),--coverage) -I. -I$(BUILD)/gen $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pthread $(if $(SAN),-fsanitize=$(SAN)) $(if $(COV),--coverage) $(LDFLAGS)
LIBS    := $(PKG_LIBS) -lm

SOURCES := $(sort $(foreach room,$(ROOMS),$(wildcard $(room)/*.c)))
HEADERS := $(sort $(foreach room,$(ROOMS),$(wildcard $(room)/*.h)))
SPEED   := $(sort $(wildcard bench/speed/*.[ch]))
# What make bench can be told; bench/speed/main.c says what each means.
BENCH_SETTINGS := RUNS SECONDS BIG HUGE PEERS SEED ONLY
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIB     := $(BUILD)/libsimbench.a
LIB_OBJECTS := $(filter-out $(BUILD)/bench/main.o,$(OBJECTS))
# Files that are compiled into the program: FILE becomes build/…/gen/FILE.inc.
EMBED   := $(sort $(wildcard lua/prelude/*.lua lua/models/*.lua lua/bases/*.lua \
           reports/templates/*))
EMBEDDED := $(EMBED:%=$(BUILD)/gen/%.inc)
UNIT    ?= tests/unit
UNIT_SOURCES := $(sort $(shell find $(UNIT) -name 'test_*.c' 2>/dev/null))
UNIT_TESTS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SECONDS ?= 5
# The same inputs in every check: what fails can be had again. 0 draws others.
FUZZ_SEED ?= 1
TIDY    := $(SOURCES:%.c=build/tidy/%.ok)
TIDY_CFLAGS = -std=c17 -D_GNU_SOURCE -I. -I$(BUILD)/gen $(PKG_CFLAGS)

.PHONY: all run check check-unit unit-tests check-cli check-bad check-report golden golden-update bench \
        bench-profile \
        stats-check conformance check-images coverage fuzz headers \
        layers fmt fmt-check tidy analyze compdb install uninstall clean help

all: simbench  ## build ./simbench

run: simbench  ## build and run every lesson; ends with the path of the report
	$(Q)./simbench scenarios/*.lua

check:  ## run every test, on both compilers and under the sanitizers
	$(Q)tests/run-all

simbench: $(BUILD)/simbench
	$(Q)ln -sf $< $@

$(BUILD)/simbench: $(BUILD)/bench/main.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(LIB_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

$(BUILD)/%.o: %.c | $(EMBEDDED)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.inc: %
	$(Q)mkdir -p $(@D)
	$(Q)xxd -i < $< > $@

# A test program is test_X.c and what else its folder shares.
$(BUILD)/tests/unit/%: tests/unit/%.c $(LIB)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -MMD -MP -MT $@ -MF $@.d -o $@ $< \
	    $(filter-out $(<D)/test_%,$(wildcard $(<D)/*.c)) $(LIB) \
	    $(ALL_LDFLAGS) -lcmocka $(LIBS)

check-unit: $(UNIT_TESTS)  ## run the unit tests (UNIT=tests/unit/layer for one room)
	$(Q)tests/run-unit $(UNIT_TESTS)

unit-tests: $(UNIT_TESTS)

check-cli: $(BUILD)/simbench $(BUILD)/speed  ## run the tests of the command line
	$(Q)SIMBENCH=$(abspath $<) tests/run-cli

check-bad: $(BUILD)/simbench  ## inputs that must be refused, and messages without one
	$(Q)SIMBENCH=$(abspath $<) tests/bad/check

golden: $(BUILD)/simbench  ## compare the output of every lesson with tests/golden
	$(Q)SIMBENCH=$(abspath $<) tests/golden/check

golden-update: $(BUILD)/simbench  ## write tests/golden anew: look at the difference
	$(Q)SIMBENCH=$(abspath $<) tests/golden/update

check-report: $(BUILD)/simbench  ## look at the report's pages in a headless browser
	$(Q)SIMBENCH=$(abspath $<) BUILD=build tests/report/run

bench: $(BUILD)/speed $(BUILD)/simbench  ## time the builder: BIG=1 HUGE=1 PEERS=1 SEED= ONLY=
	$(Q)$(BUILD)/speed $(BUILD)/simbench build/bench.json build/bench-report \
	    $(foreach name,$(BENCH_SETTINGS),$(if $($(name)),"$(name)=$($(name))"))

bench-profile:  ## where the time of make bench goes, by perf: ONLY='10,000 files'
	$(Q)$(MAKE) -s BUILD=build/profile CFLAGS="-g -fno-omit-frame-pointer" \
	    build/profile/speed build/profile/simbench
	$(Q)SPEED="build/profile/speed build/profile/simbench" bench/speed/profile \
	    $(foreach name,$(BENCH_SETTINGS),$(if $($(name)),"$(name)=$($(name))"))

$(BUILD)/speed: $(SPEED) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $(filter %.c,$^) $(LIB) $(ALL_LDFLAGS) $(LIBS)

stats-check: $(BUILD)/simbench  ## check the gate on wall time itself (half an hour, quiet machine)
	$(Q)SIMBENCH=$(abspath $<) tests/stats-check

conformance: $(BUILD)/simbench  ## compare random builds with a real builder's: SEED= CASES= ENGINE=
	$(Q)tests/conformance/run --simbench $(abspath $<) $(if $(SEED),--seed $(SEED)) \
	    $(if $(CASES),--cases $(CASES)) $(if $(ENGINE),--engine $(ENGINE))

check-images: $(BUILD)/simbench  ## exported images in skopeo, umoci and podman
	$(Q)SIMBENCH=$(abspath $<) tests/conformance/check-images

coverage:  ## line coverage of the unit and command line tests, a line a file
	$(Q)$(MAKE) -s CC=gcc COV=1 OPT=-O0 check-unit check-cli
	$(Q)cd build/gcc-cov && find . -name '*.gcda' ! -path './tests/*' | \
	    xargs gcov -n -s $(CURDIR) 2>/dev/null | \
	    awk "/^File '(sim|lua|reports|bench)/ { f = \$$2 } /^Lines/ && f { print f, \$$2; f = \"\" }" | \
	    tr -d "'" | sort -u

fuzz:  ## fuzz each parser for FUZZ_SECONDS (5); FUZZ_SEED=0 for inputs not tried before
	$(Q)$(MAKE) -s CC=clang SAN=address,undefined,fuzzer-no-link $(FUZZERS:%=fuzz-%)

fuzz-%: tests/fuzz/fuzz_%.c $(LIB)
	$(Q)mkdir -p $(BUILD)/fuzz/new-$*
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -o $(BUILD)/fuzz/$* $< $(LIB) -pthread \
	    -fsanitize=fuzzer,address,undefined $(LIBS)
	$(Q)tests/fuzz/run $(BUILD)/fuzz $* -max_total_time=$(FUZZ_SECONDS) \
	    -seed=$(FUZZ_SEED)

headers:  ## compile every header alone
	$(Q)for h in $(HEADERS); do \
	    $(CC) $(ALL_CFLAGS) -Werror -fsyntax-only -x c $$h || exit 1; done

fmt:  ## format all C files
	$(Q)clang-format -i $(SOURCES) $(HEADERS) $(SPEED) $(shell find tests -name '*.[ch]')

fmt-check:  ## fail if a C file is not formatted
	$(Q)clang-format --dry-run -Werror $(SOURCES) $(HEADERS) $(SPEED) \
	    $(shell find tests -name '*.[ch]')

layers:  ## fail on an #include that runs upward
	$(Q)tests/check-layers $(ROOMS)

tidy: $(TIDY)  ## clang-tidy over the sources that changed since the last time

# The path-sensitive analyser takes most of the time: it has a target of its own.
build/tidy/%.ok: %.c .clang-tidy $(HEADERS) | $(EMBEDDED)
	$(call say,TIDY,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang-tidy --quiet --checks=-clang-analyzer-* $< -- $(TIDY_CFLAGS) \
	    2>$@.log || { cat $@.log; exit 1; }
	$(Q)rm -f $@.log && touch $@

analyze: $(SOURCES:%.c=build/analyze/%.ok)  ## clang's analyser over the sources that changed

build/analyze/%.ok: %.c .clang-tidy $(HEADERS) | $(EMBEDDED)
	$(call say,ANALYZE,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(TIDY_CFLAGS) 2>$@.log || { cat $@.log; exit 1; }
	$(Q)rm -f $@.log && touch $@

compdb:  ## write compile_commands.json for editors (needs bear)
	$(Q)rm -rf build/compdb && bear -- $(MAKE) -s BUILD=build/compdb build/compdb/simbench

install: $(BUILD)/simbench  ## install to DESTDIR/PREFIX
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/bin/simbench
	install -D -m 644 docs/simbench.1 $(DESTDIR)$(PREFIX)/share/man/man1/simbench.1
	install -d $(DESTDIR)$(PREFIX)/share/simbench/scenarios
	cp -R scenarios/. $(DESTDIR)$(PREFIX)/share/simbench/scenarios/

uninstall:  ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/simbench $(DESTDIR)$(PREFIX)/share/man/man1/simbench.1
	rm -rf $(DESTDIR)$(PREFIX)/share/simbench

clean:  ## remove everything that was built
	rm -rf build simbench compile_commands.json

help:  ## list what there is to make
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile
	@echo "  variables      CC=clang SAN=address,undefined COV=1 WERROR=1 V=1 PREFIX= DESTDIR="

-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d)
