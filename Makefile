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
    libavcodec-dev libavformat-dev libavfilter-dev libavutil-dev libswscale-dev libswresample-dev \
    libopencv-dev opencv-data libsodium-dev libconfig-dev libjansson-dev libmicrohttpd-dev libqrencode-dev
TEST_PACKAGES := libcmocka-dev ffmpeg perl minisign jq curl zbar-tools gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
DEV_PACKAGES  := clang clang-tidy clang-format cppcheck shellcheck hyperfine valgrind mandoc libclang-rt-14-dev

VIDEO_LIBS := libavformat libavcodec libavfilter libswscale libswresample libavutil libconfig libmicrohttpd libqrencode
KEYS_LIBS  := libsodium jansson
CV_LIBS    := -lopencv_dnn -lopencv_objdetect -lopencv_imgproc -lopencv_core

# ---- flags -----------------------------------------------------------------
OPT      ?= -O2 -g
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fPIE
HARDEN   += $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
HARDEN   += $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
WARN     := -Wall -Wextra -Wno-missing-field-initializers
DEV_WARN := -Wvla -Wundef -Wshadow -Wformat=2 -Werror
DEV_C    := -Wstrict-prototypes -Wmissing-prototypes
ifdef DEV
WARN += $(DEV_WARN)
WARN_C := $(DEV_C)
endif
COMMON   := $(OPT) $(HARDEN) $(WARN) $(SANITIZE) -D_GNU_SOURCE -DVEIL_PREFIX='"$(PREFIX)"' -I. -pthread
CFLAGS   += -std=c17 $(COMMON) $(WARN_C)
CXXFLAGS += -std=c++17 $(COMMON)
LDFLAGS  += -pie -Wl,-z,relro,-z,now -Wl,--as-needed -pthread $(SANITIZE)

ifndef V
Q := @
say = @printf '  %-4s %s\n' $(1) $(2)
endif

pkg = $(shell pkg-config --$(1) $(2) 2>/dev/null)

# ---- what there is ---------------------------------------------------------
KEYS_SRC   := $(wildcard keys/*.c)
FILTER_SRC := $(wildcard filters/*.c filters/*.cpp filters/nn/*.c)
PROG_SRC   := $(filter-out src/main.c src/qr_none.c,$(wildcard src/*.c))
obj = $(patsubst %,$(BUILD)/%.o,$(basename $(1)))
LIB_OBJ    := $(call obj,$(KEYS_SRC) $(FILTER_SRC) $(PROG_SRC))
UNIT       := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
SAMPLES    := $(BUILD)/samples/street/street

.PHONY: all veil-keys samples deps deps-test deps-dev demo test test-built test-unit test-attacks test-e2e check-asan check-tsan lint \
    arrows hdr-check bench fuzz fuzz-built install clean help

all: $(BUILD)/veil samples

$(BUILD)/veil: $(BUILD)/src/main.o $(BUILD)/libveil.a
	$(call say,LINK,$@)
	$(Q)$(CXX) $(LDFLAGS) -o $@ $^ $(call pkg,libs,$(VIDEO_LIBS) $(KEYS_LIBS)) $(CV_LIBS) -lm

$(BUILD)/libveil.a: $(LIB_OBJ)
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

# A renderer: float sums may be reordered, and it needs no OpenCV.
STREET_OBJ := $(call obj,$(wildcard samples/street/*.c))
$(STREET_OBJ): private CFLAGS += -O3 -ffast-math
samples: $(SAMPLES)

$(SAMPLES): $(STREET_OBJ)
	$(CC) $(LDFLAGS) -o $@ $^ $(call pkg,libs,libavformat libavcodec libavutil libswscale) -lm

# The custodian's program: the commands of keys/ alone, no video library.
# A command is cmd_NAME.c and, where it is long, its parts cmd_NAME_*.c.
KEYS_CMD := $(foreach c,keys group policy warrant request approve log inspect consent,$(wildcard src/cmd_$c.c src/cmd_$(c)_*.c))
KEYS_BIN := $(addprefix $(BUILD)/,$(KEYS_SRC:.c=.o) $(KEYS_CMD:.c=.o) \
    src/opts.o src/msg.o src/keyio.o src/digest.o src/html.o src/consent_paper.o src/qr_none.o $(patsubst %.c,%.o,$(wildcard src/ceremony*.c)) src/main-keys.o)

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

# The same for sealing, which needs the video libraries.
$(BUILD)/tests/lib/sealtool: tests/lib/sealtool.c tests/lib/dealer.h $(BUILD)/libveil.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(call pkg,cflags,$(VIDEO_LIBS) $(KEYS_LIBS)) -c -o $@.o $<
	$(CXX) $(LDFLAGS) -o $@ $@.o $(BUILD)/libveil.a $(call pkg,libs,$(VIDEO_LIBS) $(KEYS_LIBS)) $(CV_LIBS) -lm

# Just the refusals of PROTOCOL section 9; ends with "N passed, 0 failed".
test-attacks: $(filter $(BUILD)/tests/unit/test_attacks_%,$(UNIT))
	@CMOCKA_MESSAGE_OUTPUT=TAP sh tests/tally.sh $^

# ---- rules -----------------------------------------------------------------
# One file per instruction set: its name says which flags it may use.
ISA_avx2   := -mavx2 -mfma -O3
ISA_avx512 := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -O3
ISA_avx512vnni := $(ISA_avx512) -mavx512vnni
isa = $(ISA_$(lastword $(subst _, ,$(basename $(notdir $(1))))))

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) $(call isa,$<) $(call pkg,cflags,$(VIDEO_LIBS) $(KEYS_LIBS)) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: %.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$<)
	$(Q)$(CXX) $(CXXFLAGS) $(call pkg,cflags,$(VIDEO_LIBS) opencv4) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libveil.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(CFLAGS) $(call pkg,cflags,$(VIDEO_LIBS) $(KEYS_LIBS)) -MMD -MP -MF $@.d -c -o $@.o $<
	$(Q)$(CXX) $(LDFLAGS) -o $@ $@.o $(BUILD)/libveil.a -lcmocka $(call pkg,libs,$(VIDEO_LIBS) $(KEYS_LIBS)) $(CV_LIBS) -lm

$(BUILD)/tests/bench/%: tests/bench/%.c $(BUILD)/libveil.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(call pkg,cflags,$(VIDEO_LIBS) $(KEYS_LIBS)) -MMD -MP -MF $@.d -c -o $@.o $<
	$(CXX) $(LDFLAGS) -o $@ $@.o $(BUILD)/libveil.a $(call pkg,libs,$(VIDEO_LIBS) $(KEYS_LIBS)) $(CV_LIBS) -lm

# The assembler reads the weights; no compiler lists them as a prerequisite.
$(BUILD)/filters/nn/own_weights.o: filters/nn/weights/own.veilnn

# The page of `veil review`: built by npm, put into the binary by the assembler, never committed.
# Without it veil builds, and `veil review` says what is missing.
PAGE       ?= build/page
PAGE_FILES := $(addprefix $(PAGE)/,index.html app.js app.css)
HAS_PAGE   := $(if $(filter 3,$(words $(wildcard $(PAGE_FILES)))),yes)
.PHONY: page
page:
	cd src/page && npm ci --no-audit --no-fund && npm run build -- --outDir '$(abspath $(PAGE))' --emptyOutDir

$(BUILD)/src/page_data.o: private CFLAGS += $(if $(HAS_PAGE),-DVEIL_PAGE='"$(PAGE)"')
$(BUILD)/src/page_data.o: $(wildcard $(PAGE_FILES)) $(BUILD)/page.state
$(BUILD)/page.state: FORCE
	@mkdir -p $(@D)
	@echo '$(HAS_PAGE) $(PAGE)' | cmp -s - $@ || echo '$(HAS_PAGE) $(PAGE)' > $@

# The engine needs neither FFmpeg nor OpenCV, so its NEON kernels are built and tested anywhere.
NEON_CC   ?= aarch64-linux-gnu-gcc
NEON_RUN  ?= qemu-aarch64 -L /usr/aarch64-linux-gnu
NEON_TEST := $(patsubst %,$(BUILD)/neon/%,test_nn_kernels test_nn_file)
.PHONY: test-neon
test-neon: $(NEON_TEST)
	@for t in $^; do echo "# $$t"; $(NEON_RUN) $$t || exit 1; done

$(BUILD)/neon/%: tests/unit/%.c $(wildcard filters/nn/*.[ch] tests/neon/*.h filters/nn/weights/*.veilnn)
	@mkdir -p $(@D)
	$(NEON_CC) -std=c17 $(OPT) -O3 $(WARN) -D_GNU_SOURCE -I. -Itests/neon -pthread -o $@ $(filter %.c,$^) -lm

# Changed flags rebuild everything, and nothing else does.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS) $(CXXFLAGS)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(CXXFLAGS)' > $@
.PHONY: FORCE
FORCE:

# ---- packages ----------------------------------------------------------------
# Asks apt only for what is missing, so that a machine without network can build.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
missing = $(shell dpkg-query -W -f='$${db:Status-Status} $${Package}\n' $(1) 2>&1 | \
    awk '/no packages found matching/ { print $$NF } $$1 != "installed" && NF == 2 && !/:/ { print $$2 }')
define install
	@set -- $(call missing,$(1)); [ $$# -eq 0 ] || { $(SUDO) apt-get update -q && \
	    DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qy --no-install-recommends "$$@"; }
endef

deps:
	$(call install,$(PACKAGES))
deps-test:
	$(call install,$(PACKAGES) $(TEST_PACKAGES))
deps-dev:
	$(call install,$(PACKAGES) $(TEST_PACKAGES) $(DEV_PACKAGES))

# ---- tests -------------------------------------------------------------------
# make deps runs first, in its own make: the flags above ask pkg-config.
test: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) test-built

TESTED = $(UNIT) $(sort $(wildcard tests/e2e/*.t))
run_tests = CMOCKA_MESSAGE_OUTPUT=TAP VEIL=$(BUILD)/veil VEIL_BUILD=$(BUILD) \
    prove -j$(JOBS) --merge --exec tests/lib/run-test $(1)

# Built with the tests, so that they do not rot between measurements.
BENCH := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
VAULTTOOL := $(addprefix $(BUILD)/tests/lib/,vaulttool sealtool courttool)
test-built: all veil-keys $(UNIT) $(VAULTTOOL) $(BENCH)
	$(call run_tests,$(TESTED))
test-unit: all $(UNIT)
	$(call run_tests,$(UNIT))
test-e2e: all veil-keys $(VAULTTOOL)
	$(call run_tests,$(sort $(wildcard tests/e2e/*.t)))

# The page in a real browser: unit tests of its model, the whole story, and how quick it is on an hour with 500 tracks.
BROWSER_PACKAGES := chromium nodejs npm ffmpeg jq
.PHONY: test-browser page-test
test-browser:
	$(call install,$(filter-out $(if $(shell command -v npm),nodejs npm),$(BROWSER_PACKAGES)))
	cd tests/browser && npm ci --no-audit --no-fund
	@$(MAKE) --no-print-directory page
	@$(MAKE) --no-print-directory -j$(JOBS) all page-test
	prove -v --exec bash tests/e2e/72-browser.t
	@d=$$(mktemp -d); VEIL=$(BUILD)/veil node tests/browser/latency.mjs $$d; r=$$?; rm -rf $$d; exit $$r
page-test:
	cd src/page && npm test

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
check-asan: deps-test
	@ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=tests/lib/lsan.supp:print_suppressions=0 \
	    $(MAKE) --no-print-directory -j$(JOBS) BUILD=build/asan OPT='-O1 -g' SANITIZE='$(ASAN)' test-built
check-tsan: deps-test
	@TSAN_OPTIONS=suppressions=tests/lib/tsan.supp:halt_on_error=1 \
	    $(MAKE) --no-print-directory -j$(JOBS) BUILD=build/tsan OPT='-O1 -g' SANITIZE=-fsanitize=thread test-built

# ---- lint --------------------------------------------------------------------
# kern_simd.h is the text of every vector kernel: each instruction set defines its words first.
HEADERS := $(filter-out filters/nn/kern_simd.h,$(wildcard src/*.h filters/*.h filters/nn/*.h keys/*.h))
SHELL_SRC := $(wildcard tests/e2e/*.t tests/*.sh tests/lib/*.sh tests/lib/run-test tests/bench/*.sh samples/*.sh .ci/run)

lint: deps-dev arrows hdr-check
	cppcheck -q --std=c11 --error-exitcode=1 --inline-suppr --suppress=missingIncludeSystem \
	    --enable=warning,portability -I. src filters keys samples
	shellcheck -x -S warning $(SHELL_SRC)
	mandoc -T lint -W warning docs/veil.1
	@! grep -rLI 'SPDX-License-Identifier: GPL-3.0-or-later' src filters keys samples tests config docs Makefile .ci \
	    --include='*.[ch]' --include='*.cpp' --include='*.sh' --include='*.t' --include='*.py' --include='*.cfg' \
	    --include=Makefile --include='*.1' --include='*.bash' --include=run | sed 's/$$/: no SPDX line/' | grep .

# Includes go one way: src -> filters -> keys.
arrows:
	@! grep -nE '#include "(src|filters)/' $(wildcard keys/*.[ch]) /dev/null
	@! grep -nE '#include <(libav|opencv|libconfig|jansson)' $(wildcard keys/*.[ch]) /dev/null
	@! grep -nE '#include "(\.\./)?src/' filters/*.[ch] filters/*.cpp $(wildcard filters/nn/*.[ch]) /dev/null
	@! grep -nE '^[^*]*cv::' filters/*.[ch] /dev/null

# Each header compiles alone.
hdr-check:
	@for h in $(HEADERS); do \
	    $(CC) -std=c17 -D_GNU_SOURCE -I. $(call pkg,cflags,$(VIDEO_LIBS) $(KEYS_LIBS)) -fsyntax-only -x c $$h || exit 1; done

# ---- measuring, breaking, installing -------------------------------------------
$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libveil.a
	$(call say,LINK,$@)
	$(Q)$(CXX) $(LDFLAGS) -o $@ $^ $(call pkg,libs,$(VIDEO_LIBS) $(KEYS_LIBS)) $(CV_LIBS) -lm

bench: all $(BENCH)
	@for b in $(BENCH) $(sort $(wildcard tests/bench/*.sh)); do echo "== $$b"; VEIL=$(BUILD)/veil $$b || exit 1; done

FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz: deps-dev
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build/fuzz CC=clang CXX=clang++ OPT='-O1 -g' \
	    SANITIZE='-fsanitize=fuzzer-no-link,address,undefined' fuzz-built
fuzz-built: $(patsubst %,$(BUILD)/%,$(FUZZERS))
	@for f in $(FUZZERS); do echo "== $$f for $(FUZZ_S) s"; mkdir -p $(BUILD)/corpus/$$f; \
	    $(BUILD)/$$f -max_total_time=$(FUZZ_S) -print_final_stats=1 $(BUILD)/corpus/$$f \
	    $$(ls -d tests/fuzz/corpus/$${f#fuzz_} 2>/dev/null) || exit 1; done
$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/libveil.a
	$(Q)$(CXX) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(call pkg,libs,$(VIDEO_LIBS) $(KEYS_LIBS)) $(CV_LIBS) -lm

demo: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@VEIL=$(BUILD)/veil STREET=$(SAMPLES) samples/demo.sh demo

install: all veil-keys
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/veil/config \
	    $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install $(BUILD)/veil $(BUILD)/veil-keys $(DESTDIR)$(PREFIX)/bin/
	install -m 644 config/*.cfg $(DESTDIR)$(PREFIX)/share/veil/config/
	install -m 644 docs/veil.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 docs/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/veil

help:
	@echo 'make             build the program and the sample street'
	@echo 'make demo        install what is missing, render a street, redact it, show the result'
	@echo 'make test        install what is missing, build, run all tests'
	@echo 'make test-unit, test-e2e, test-attacks   parts of it, without installing'
	@echo 'make test-neon   kernels of the network for aarch64, under qemu-user'
	@echo 'make check-asan, check-tsan   the same tests under sanitizers'
	@echo 'make lint        static checks, include direction, headers, licence lines'
	@echo 'make bench       measurements, as name=value lines'
	@echo 'make fuzz        every fuzz target for FUZZ_S=$(FUZZ_S) seconds'
	@echo 'make test-browser  install chromium and playwright-core, build the page, test it in a real browser'
	@echo 'make page        build the page of veil review, with npm; the next make puts it into the binary'
	@echo 'make veil-keys   the commands of a key holder alone, without video libraries'
	@echo 'make install     to DESTDIR and PREFIX ($(PREFIX))'
	@echo 'make clean       remove what was built'
	@echo 'DEV=1 adds warnings as errors; V=1 prints commands; SANITIZE=, OPT=, BUILD= as named'

clean:
	rm -rf build demo

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
