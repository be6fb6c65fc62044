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
V       ?=
OPT     ?= -O2
VARIANT := $(notdir $(firstword $(CC)))$(if $(SAN),-$(subst $(comma),-,$(SAN)))
comma   := ,
BUILD   ?= build/$(VARIANT)

# The rooms of the house, lowest first: a room includes only itself and those before it.
ROOMS   ?= sim/base sim/tree sim/dockerfile sim/context sim/layer sim/store sim/image \
           sim/plan sim/cache sim/exec sim/build lua reports bench
PKGS    := lua5.4 libarchive jansson sqlite3 libcrypto zlib libzstd libcurl libseccomp

Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

WARN    := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
           -Wformat=2 -Wvla -Wundef -Wwrite-strings
CFLAGS  ?= -g
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -pthread $(OPT) $(WARN) $(if $(WERROR),-Werror) \
           $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
           -I. -I$(BUILD)/gen $(shell pkg-config --cflags $(PKGS)) $(CFLAGS)
ALL_LDFLAGS = -pthread $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)
LIBS     = $(shell pkg-config --libs $(PKGS)) -lm

SOURCES := $(sort $(foreach room,$(ROOMS),$(wildcard $(room)/*.c)))
HEADERS := $(sort $(foreach room,$(ROOMS),$(wildcard $(room)/*.h)))
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

.PHONY: all run check check-unit check-lua check-cli golden golden-update coverage fuzz \
        headers layers fmt fmt-check tidy compdb bench plots install clean help

all: simbench  ## build ./simbench

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

$(BUILD)/tests/unit/%: tests/unit/%.c $(LIB)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -MMD -MP -o $@ $< $(LIB) \
	    $(ALL_LDFLAGS) $(shell pkg-config --libs cmocka) $(LIBS)

check-unit: $(UNIT_TESTS)  ## run the unit tests (UNIT=tests/unit/layer for one room)
	$(Q)tests/run-unit $(UNIT_TESTS)

fmt:  ## format all C files
	$(Q)clang-format -i $(SOURCES) $(HEADERS) $(shell find tests -name '*.[ch]')

fmt-check:  ## fail if a C file is not formatted
	$(Q)clang-format --dry-run -Werror $(SOURCES) $(HEADERS) \
	    $(shell find tests -name '*.[ch]')

layers:  ## fail on an #include that runs upward
	$(Q)tests/check-layers $(ROOMS)

clean:  ## remove everything that was built
	rm -rf build simbench compile_commands.json

help:  ## list what there is to make
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d)
