# SPDX-License-Identifier: GPL-3.0-or-later
# veil: see `make help`. Sources are found by their place; adding a file needs no line here.

PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
CC      ?= gcc
CXX     ?= g++
FUZZ_S  ?= 60
JOBS    ?= $(shell nproc)

PACKAGES := gcc g++ make pkg-config libc6-dev \
    libavcodec-dev libavformat-dev libavfilter-dev libavutil-dev libswscale-dev \
    libopencv-dev opencv-data libsodium-dev libconfig-dev libjansson-dev
TEST_PACKAGES := libcmocka-dev ffmpeg perl minisign jq gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
DEV_PACKAGES  := clang clang-tidy clang-format cppcheck shellcheck hyperfine valgrind mandoc libclang-rt-14-dev

VIDEO_LIBS := libavformat libavcodec libavfilter libswscale libavutil libconfig
KEYS_LIBS  := libsodium jansson
CV_LIBS    := -lopencv_dnn -lopencv_objdetect -lopencv_imgproc -lopencv_core

# ---- flags -----------------------------------------------------------------
OPT      ?= -O2 -g
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fPIE
HARDEN   += $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
HARDEN   += $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
WARN     := -Wall -Wextra
DEV_WARN := -Wvla -Wundef -Wshadow -Wformat=2 -Wno-missing-field-initializers -Werror
DEV_C    := -Wstrict-prototypes -Wmissing-prototypes
ifdef DEV
WARN += $(DEV_WARN)
WARN_C := $(DEV_C)
endif
COMMON   := $(OPT) $(HARDEN) $(WARN) $(SANITIZE) -D_GNU_SOURCE -DVEIL_PREFIX='"$(PREFIX)"' -I. -pthread
CFLAGS   += -std=c17 $(COMMON) $(WARN_C)
CXXFLAGS += -std=c++17 $(COMMON)
LDFLAGS  += -pie -Wl,-z,relro,-z,now -Wl,--as-needed -pthread $(SANITIZE)

pkg = $(shell pkg-config --$(1) $(2) 2>/dev/null)

# ---- what there is ---------------------------------------------------------
KEYS_SRC   := $(wildcard keys/*.c)
FILTER_SRC := $(wildcard filters/*.c filters/*.cpp filters/nn/*.c)
PROG_SRC   := $(filter-out src/main.c,$(wildcard src/*.c))
obj = $(patsubst %,$(BUILD)/%.o,$(basename $(1)))
LIB_OBJ    := $(call obj,$(KEYS_SRC) $(FILTER_SRC) $(PROG_SRC))
UNIT       := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
SAMPLES    := $(BUILD)/samples/street/street

.PHONY: all veil-keys samples deps deps-test deps-dev demo test test-unit test-attacks test-e2e check-asan check-tsan lint \
    arrows hdr-check bench fuzz install clean help

all: $(BUILD)/veil samples

$(BUILD)/veil: $(BUILD)/src/main.o $(BUILD)/libveil.a
	$(CXX) $(LDFLAGS) -o $@ $^ $(call pkg,libs,$(VIDEO_LIBS) $(KEYS_LIBS)) $(CV_LIBS) -lm

$(BUILD)/libveil.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

# The custodian's program: the commands of keys/ alone, no video library.
KEYS_CMD := $(addprefix src/cmd_,$(addsuffix .c,keys group policy warrant request approve log inspect consent))
KEYS_BIN := $(addprefix $(BUILD)/,$(KEYS_SRC:.c=.o) $(patsubst %.c,%.o,$(wildcard $(KEYS_CMD))) \
    src/opts.o src/msg.o src/keyio.o src/ceremony.o src/main-keys.o)

veil-keys: $(BUILD)/veil-keys

$(BUILD)/veil-keys: $(KEYS_BIN)
	$(CC) $(LDFLAGS) -o $@ $^ $(call pkg,libs,$(KEYS_LIBS))

$(BUILD)/src/main-keys.o: src/main.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DVEIL_KEYS_ONLY -MMD -MP -c -o $@ $<

# Small programs that the end-to-end tests of keys/ use.
$(BUILD)/tests/lib/%: tests/lib/%.c $(KEYS_SRC:%.c=$(BUILD)/%.o) $(BUILD)/src/keyio.o $(BUILD)/src/msg.o $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) $(call pkg,libs,$(KEYS_LIBS))

# Just the refusals of PROTOCOL section 9; ends with "N passed, 0 failed".
test-attacks: $(filter $(BUILD)/tests/unit/test_attacks_%,$(UNIT))
	@CMOCKA_MESSAGE_OUTPUT=TAP sh tests/tally.sh $^

# ---- rules -----------------------------------------------------------------
# One file per instruction set: its name says which flags it may use.
ISA_avx2   := -mavx2 -mfma -O3
ISA_avx512 := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -O3
isa = $(ISA_$(lastword $(subst _, ,$(basename $(notdir $(1))))))

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(call isa,$<) $(call pkg,cflags,$(VIDEO_LIBS) $(KEYS_LIBS)) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: %.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(call pkg,cflags,$(VIDEO_LIBS) opencv4) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libveil.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(call pkg,cflags,$(VIDEO_LIBS) $(KEYS_LIBS)) -MMD -MP -MF $@.d -c -o $@.o $<
	$(CXX) $(LDFLAGS) -o $@ $@.o $(BUILD)/libveil.a -lcmocka $(call pkg,libs,$(VIDEO_LIBS) $(KEYS_LIBS)) $(CV_LIBS) -lm

# Changed flags rebuild everything, and nothing else does.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS) $(CXXFLAGS)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(CXXFLAGS)' > $@
.PHONY: FORCE
FORCE:

clean:
	rm -rf build demo-out

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
