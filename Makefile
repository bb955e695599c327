# Blink and blinkctl.  `make help` lists the targets.
#
# Sources are found by folder: every .c under a library folder belongs to libblink,
# every cli/cmd_NAME.c is one subcommand, every tests/*/test_* one test program, every
# tests/*/fuzz_*.c one fuzzer.  Objects go to $(B); nothing is written beside a source.

CC      := $(if $(filter default undefined,$(origin CC)),$(if $(shell command -v gcc),gcc,clang),$(CC))
CLANG   ?= clang
PREFIX  ?= /usr/local
B       ?= build
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2);)
VERSION := $(shell sed -n 's/^\#define BLINKCTL_VERSION "\(.*\)"/\1/p' cli/cli.h)

# -- libraries ----------------------------------------------------------------------
# libsnappy has a C interface but no .pc file.
PKGS    := json-c libzstd libxxhash libpng egl gl x11 libxml-2.0
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
# Optional libraries: a missing one switches its feature off (see blinkctl doctor).
have     = $(shell pkg-config --exists $(1) 2>/dev/null && echo 1)
ifeq ($(call have,capstone),1)
FEATURES     += -DHAVE_CAPSTONE $(shell pkg-config --cflags capstone)
FEATURE_LIBS += $(shell pkg-config --libs capstone)
endif

ifeq ($(wildcard /usr/include/perfmon/pfmlib.h),/usr/include/perfmon/pfmlib.h)
FEATURES     += -DHAVE_PFM
FEATURE_LIBS += -lpfm
endif

# -- flags --------------------------------------------------------------------------
STD     := -std=c17 -D_GNU_SOURCE
OPT     ?= -O2 -g
WARN    := -Wall -Wextra -Wconversion -Wshadow -Werror
CFLAGS_ALL = $(STD) $(OPT) $(WARN) -fvisibility=hidden -fno-strict-aliasing -I. -I$(B)/gen \
             $(PKG_CFLAGS) $(FEATURES) $(SAN) $(CFLAGS)
# slowdowns made on purpose, for ci/campaign.sh (blink/engine/slow.h)
CFLAGS_ALL += $(if $(SLOWDOWN),-DBLINK_SLOWDOWN=$(SLOWDOWN)) $(if $(SHAPE),-DBLINK_SHAPE=$(SHAPE))
# the command table is full of pointers: packed relocations start the program sooner
LINK       = -Wl,--as-needed -Wl,-z,pack-relative-relocs
# what drivers make executable, and what they allocate, is counted (blink/server/code_account.h,
# heap.h)
COUNTED    = mprotect munmap malloc calloc realloc free memalign aligned_alloc posix_memalign
LINK      += $(COUNTED:%=-Wl,--export-dynamic-symbol=%)
LDLIBS_ALL = $(LINK) $(PKG_LIBS) -lsnappy $(FEATURE_LIBS) -ldl -lm -lpthread $(SAN) $(LDFLAGS)

# -- sources ------------------------------------------------------------------------
KHRONOS ?= /usr/share/khronos-api
TABLES  := $(wildcard blink/gl/tables/*.tbl)
GEN     := $(B)/gen/gl_table.gen.c
GENH    := $(B)/gen/gl_ops.gen.h
GEN_SRC := $(wildcard blink/gl/gen/*.c)

LIB_SRC := $(filter-out blink/gl/gen/% blink/client/programs/%,$(wildcard blink/*/*.c blink/*/*/*.c)) \
           $(wildcard capture/*.c replay/*.c jit-bench/*.c reports/*.c corpora/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(B)/gen/gl_table.gen.o
CLI_SRC := $(wildcard cli/*.c)
CLI_OBJ := $(CLI_SRC:%.c=$(B)/%.o)
COMMANDS := $(sort $(patsubst cli/cmd_%.c,%,$(wildcard cli/cmd_*.c)))

TESTS   := $(patsubst %.c,$(B)/%,$(wildcard tests/*/test_*.c))
SCRIPTS := $(wildcard tests/*/test_*.sh)
FUZZERS := $(patsubst %.c,$(B)/%,$(wildcard tests/*/fuzz_*.c))
MINIMISE := $(B)/tests/log/minimise/minimise
SUPPORT := $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*.c))
SAN_OBJ := $(if $(SAN),$(B)/tests/sanitize/keep_loaded.o)

# -- building -----------------------------------------------------------------------
all: $(B)/blinkctl

ifeq ($(wildcard $(KHRONOS)/gl.xml),)
$(KHRONOS)/gl.xml $(KHRONOS)/glx.xml:
	@echo "make: $@: the Khronos registry is missing (sh ci/install.sh build)" >&2; exit 1
endif
ifeq ($(PKG_LIBS),)
$(GENH): needs-libraries
needs-libraries:
	@echo "make: libraries are missing (sh ci/install.sh build)" >&2; exit 1
endif

$(B)/gen/gengl: $(GEN_SRC) $(wildcard blink/gl/gen/*.h) blink/base/base.c
	$(call say,GEN,$@)mkdir -p $(@D) && $(CC) $(STD) -O1 -g $(WARN) -I. \
	   $(PKG_CFLAGS) $(filter %.c,$^) -o $@ $(PKG_LIBS) -lm
# one run makes both files
$(GENH): $(GEN)
	@:
$(GEN): $(B)/gen/gengl $(TABLES) $(KHRONOS)/gl.xml $(KHRONOS)/glx.xml
	$(call say,TABLE,$@)mkdir -p $(B)/gen/blink/client && $(B)/gen/gengl -r $(KHRONOS) -t blink/gl/tables -o $(B)/gen

# one COMMAND(name) per cli/cmd_name.c; rewritten only when the folder changed
$(B)/gen/commands.gen.h: FORCE
	$(Q)mkdir -p $(@D) && { echo '/* made by the Makefile from cli/cmd_*.c */'; \
	   printf 'COMMAND(%s)\n' $(COMMANDS); } > $@.new && \
	   if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(B)/cli/commands.o: $(B)/gen/commands.gen.h

# the tree's revision, which every result names; rewritten only when it changed
$(B)/gen/revision.gen.h: FORCE
	$(Q)mkdir -p $(@D) && { echo '/* made by the Makefile from git describe */'; \
	   echo "#define BLINK_REVISION \"$$(git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)\""; \
	   } > $@.new && if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(B)/jit-bench/environment.o: $(B)/gen/revision.gen.h

# the papers' own figures, as text in the program
PAPERS := $(wildcard reports/paper/*.tsv)
$(B)/gen/paper_figures.gen.h: $(PAPERS)
	$(call say,GEN,$@)mkdir -p $(@D) && { echo '/* made by the Makefile from $(PAPERS) */'; \
	   echo 'static const struct { const char *name, *text; } papers[] = {'; \
	   for f in $(PAPERS); do echo "{ \"$$(basename $$f .tsv)\","; \
	      sed 's/["\\]/\\&/g; s/^/"/; s/$$/\\n"/' $$f; echo '},'; done; echo '};'; } > $@
$(B)/reports/paper.o: $(B)/gen/paper_figures.gen.h

$(B)/%.o: %.c $(GENH)
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@
$(B)/gen/%.o: $(B)/gen/%.c $(GENH)
	$(call say,CC,$<)$(CC) $(CFLAGS_ALL) -Wno-unused-parameter -MMD -MP -c $< -o $@
$(B)/libblink.a: $(LIB_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) qcs $@ $^
$(B)/blinkctl: $(CLI_OBJ) $(SAN_OBJ) $(B)/libblink.a
	$(call say,LD,$@)$(CC) $(CLI_OBJ) $(SAN_OBJ) $(B)/libblink.a -o $@ $(LDLIBS_ALL)
# a test is linked with what else lies in its folder, and with tests/support
beside = $(patsubst %.c,$(B)/%.o,$(filter-out $(dir $1)test_%.c $(dir $1)fuzz_%.c,$(wildcard $(dir $1)*.c)))
.SECONDEXPANSION:
$(TESTS): $(B)/%: $(B)/%.o $$(call beside,$$*) $(SUPPORT) $(SAN_OBJ) $(B)/libblink.a
	$(call say,LD,$@)$(CC) $^ -o $@ $(LDLIBS_ALL) -lcmocka
$(FUZZERS): $(B)/%: $(B)/%.o $(B)/libblink.a
	$(call say,LD,$@)$(CC) -fsanitize=fuzzer $^ -o $@ $(LDLIBS_ALL)

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(patsubst %.c,$(B)/%.d,$(wildcard tests/*/*.c tests/*/*/*.c))

# -- clients of the display server (blink/client/programs) ------------------------------
# A program per blink-NAME.c, linked with what it needs of the rest; those that show films
# need FFmpeg's libraries.
CLIENT_DIR := blink/client/programs
CLIENT_SRC := $(wildcard $(CLIENT_DIR)/*.c)
CLIENT_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out $(CLIENT_DIR)/blink-%,$(CLIENT_SRC)))
AV_PKGS    := libavformat libavcodec libswscale libavutil
ifeq ($(call have,$(AV_PKGS)),1)
AV_LIBS    := $(shell pkg-config --libs $(AV_PKGS))
$(B)/$(CLIENT_DIR)/%.o: CFLAGS_ALL += $(shell pkg-config --cflags $(AV_PKGS))
else
CLIENT_OBJ := $(filter-out $(B)/$(CLIENT_DIR)/film.o,$(CLIENT_OBJ))
CLIENT_SRC := $(filter-out $(CLIENT_DIR)/blink-video%,$(CLIENT_SRC))
endif
PROGRAMS   := $(patsubst $(CLIENT_DIR)/%.c,$(B)/%,$(filter $(CLIENT_DIR)/blink-%,$(CLIENT_SRC)))
$(B)/libclients.a: $(CLIENT_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) qcs $@ $^
$(PROGRAMS): $(B)/%: $(B)/$(CLIENT_DIR)/%.o $(B)/libclients.a $(SAN_OBJ) $(B)/libblink.a
	$(call say,LD,$@)$(CC) $^ -o $@ $(LDLIBS_ALL) $(AV_LIBS)
-include $(patsubst %.c,$(B)/%.d,$(CLIENT_SRC))
all: $(PROGRAMS)
# their tests use what they use
CLIENT_TESTS := $(filter $(B)/tests/client/%,$(TESTS))
$(CLIENT_TESTS): | $(B)/libclients.a
$(CLIENT_TESTS): LINK += $(B)/libclients.a $(B)/libblink.a

# -- a null libGL, to measure on (jit-bench/nullgl/README.md) --------------------------
# Another program loads it: no sanitizers in it.
NULLGL := $(B)/jit-bench/libGL.so.1
$(B)/jit-bench/nullgl-names: jit-bench/nullgl/names.c $(B)/gen/gl_table.gen.o $(B)/blink/gl/lookup.o \
                             $(B)/blink/gl/size.o
	$(call say,LD,$@)mkdir -p $(@D) && $(CC) $(STD) $(OPT) $(WARN) -I. -I$(B)/gen $(SAN) $^ -o $@ $(LDFLAGS)
$(B)/jit-bench/nullgl.gen.c: $(B)/jit-bench/nullgl-names
	$(call say,GEN,$@)$< > $@
$(NULLGL): $(B)/jit-bench/nullgl.gen.c jit-bench/nullgl/gl.c jit-bench/nullgl/glx.c jit-bench/nullgl/nullgl.h
	$(call say,LD,$@)$(CC) $(STD) -O2 -g $(WARN) -I. -fvisibility=hidden -fPIC -shared -Wl,-soname,libGL.so.1 -Wl,-Bsymbolic \
	   $(filter %.c,$^) -o $@ -lX11
NULLCALLS := $(B)/jit-bench/null-calls
$(NULLCALLS): jit-bench/nullgl/calls.c $(NULLGL)
	$(call say,LD,$@)$(CC) $(STD) -O2 -g $(WARN) $< -o $@ $(NULLGL) -Wl,--allow-shlib-undefined
all: $(NULLGL) $(NULLCALLS)

# -- the recorder library (capture/record/lib/lib.h) ------------------------------------
# Other programs load it, too: no sanitizers, no library but libc, only entry points
# exported.  Its functions that only jump on need optimization, whatever OPT says.
RECORDER := $(B)/libblink-record.so
REC_DIR  := $(B)/capture/record/lib
REC_SRC  := $(wildcard capture/record/lib/*.c)
REC_OBJ  := $(REC_SRC:%.c=$(B)/%.o) $(REC_DIR)/gl_record.o $(REC_DIR)/gl_table.o \
            $(REC_DIR)/gl_size.o $(REC_DIR)/gl_lookup.o
REC_CFLAGS = $(STD) -O2 -g $(WARN) -fPIC -fvisibility=hidden -fno-strict-aliasing \
             -fno-stack-protector -fno-semantic-interposition -I. -I$(B)/gen $(CFLAGS)
rec_cc     = $(call say,CC,$<)mkdir -p $(@D) && $(CC) $(REC_CFLAGS) -MMD -MP -c $< -o $@
$(B)/gen/gl_record.gen.c $(B)/gen/gl_record.gen.h: $(GEN)
	@:
$(REC_DIR)/%.o: capture/record/lib/%.c $(GENH) $(B)/gen/gl_record.gen.h
	$(rec_cc)
$(REC_DIR)/hash_avx2.o: REC_CFLAGS += -mavx2
$(REC_DIR)/index.o: REC_CFLAGS += -O3
$(REC_DIR)/index_avx2.o: REC_CFLAGS += -O3 -mavx2
$(REC_DIR)/gl_record.o: $(B)/gen/gl_record.gen.c $(GENH)
	$(rec_cc)
$(REC_DIR)/gl_table.o: $(GEN) $(GENH)
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(REC_CFLAGS) -Wno-unused-parameter -MMD -MP -c $< -o $@
$(REC_DIR)/gl_size.o: blink/gl/size.c $(GENH)
	$(rec_cc)
$(REC_DIR)/gl_lookup.o: blink/gl/lookup.c $(GENH)
	$(rec_cc)
$(RECORDER): $(REC_OBJ)
	$(call say,LD,$@)$(CC) -shared -Wl,-soname,libblink-record.so -Wl,-z,pack-relative-relocs \
	   -Wl,--no-undefined -Wl,-Bsymbolic $^ -o $@ -ldl -lpthread
-include $(REC_OBJ:.o=.d)
all: $(RECORDER)
# the program that its tests run; no sanitizers in it, either
REC_CLIENT := $(B)/tests/record/client/client
$(REC_CLIENT): $(wildcard tests/record/client/*.c) tests/record/client/client.h
	$(call say,LD,$@)mkdir -p $(@D) && $(CC) $(STD) -O1 -g $(WARN) -I. $(filter %.c,$^) -o $@ -lEGL -lOpenGL -lpthread -ldl
$(B)/tests/record/test_library: | $(REC_CLIENT) $(RECORDER)

# -- other code generators, to measure beside ours (jit-bench/peer.h) ------------------
# None of their libraries is needed: what is there is linked, to this program alone; what
# does not compile or link with the release that is there is left out, in words.
PEERS     := $(B)/jit-bench/blink-peers
PEER_MAIN := $(B)/jit-bench/peers/main.o
PEER_OBJ  :=
peer_else  = { echo "  without $(notdir $<): it does not compile here"; echo | $(CC) -c -x c - -o $@; }
LLVM_CONFIG ?= $(shell command -v llvm-config llvm-config-14 | head -n 1)
GCCJIT_H  := $(shell echo '\#include <libgccjit.h>' | $(CC) -E -x c - >/dev/null 2>&1 && echo 1)
CXX_OK    := $(shell echo '\#include <asmjit/asmjit.h>' | $(CXX) -std=c++17 -E -x c++ - >/dev/null 2>&1 && echo 1)
ifneq ($(wildcard /usr/include/libtcc.h),)
PEER_OBJ  += $(B)/jit-bench/peers/tcc.o
PEER_HAVE += -DHAVE_LIBTCC
PEER_LIBS += -ltcc
endif
ifneq ($(GCCJIT_H),)
PEER_OBJ  += $(B)/jit-bench/peers/gccjit.o
PEER_HAVE += -DHAVE_LIBGCCJIT
PEER_LIBS += -lgccjit
endif
# (llvm-config may be there without headers)
ifneq ($(and $(LLVM_CONFIG),$(wildcard $(shell $(LLVM_CONFIG) --includedir 2>/dev/null)/llvm-c/Core.h)),)
PEER_OBJ  += $(B)/jit-bench/peers/llvm.o
PEER_HAVE += -DHAVE_LLVM
PEER_LIBS += $(shell $(LLVM_CONFIG) --ldflags --libs --link-shared)
LLVM_INCLUDE := -isystem $(shell $(LLVM_CONFIG) --includedir)
endif
ifneq ($(CXX_OK),)
PEER_OBJ  += $(B)/jit-bench/peers/asmjit.o
PEER_HAVE += -DHAVE_ASMJIT
PEER_LIBS += -lasmjit -lstdc++
endif
# what was there is told by blinkctl doctor
$(B)/cli/cmd_doctor.o: CFLAGS_ALL += $(PEER_HAVE)
$(B)/jit-bench/peers/llvm.o: CFLAGS_ALL += $(LLVM_INCLUDE)
$(B)/jit-bench/peers/asmjit.o: jit-bench/peers/asmjit.cpp jit-bench/peer.h
	$(call say,CXX,$<)mkdir -p $(@D); $(CXX) -std=c++17 $(OPT) -Wall -Wextra -I. $(SAN) -c $< -o $@ || $(peer_else)
ifneq ($(PEER_OBJ:%/asmjit.o=),)
$(PEER_OBJ:%/asmjit.o=): $(B)/%.o: %.c jit-bench/peer.h
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(filter-out -Werror,$(CFLAGS_ALL)) -c $< -o $@ || $(peer_else)
endif
$(PEERS): $(PEER_MAIN) $(PEER_OBJ) $(SAN_OBJ) $(B)/libblink.a
	$(call say,LD,$@)$(CC) $^ -o $@ $(LDLIBS_ALL) $(PEER_LIBS) || { \
	   echo "  without code generators: they do not link here"; \
	   $(CC) $(filter-out $(PEER_OBJ),$^) -o $@ $(LDLIBS_ALL); }
all: $(PEERS)

# -- checking -----------------------------------------------------------------------
# As many jobs as processors, unless -j was given.
MAKE_MANY = $(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

# Installs what is missing, builds, runs every test.
check:
	$(Q)sh ci/install.sh build run
	$(Q)+$(MAKE_MANY) tests
	$(Q)BLINKCTL=$(abspath $(B)/blinkctl) tests/run -l $(B)/tests/logs $(TESTS) $(SCRIPTS)

tests: all $(TESTS) $(MINIMISE)

# The same tests under the address and undefined-behaviour sanitizers.
# New memory is filled as MALLOC_PERTURB_ fills it for glretrace, its other side.
asan: export ASAN_OPTIONS := detect_stack_use_after_return=1:strict_string_checks=1:max_malloc_fill_size=1073741824:malloc_fill_byte=85
asan: export LSAN_OPTIONS := suppressions=$(CURDIR)/tests/support/leaks.supp:print_suppressions=0
asan: export UBSAN_OPTIONS := print_stacktrace=1
asan:
	$(Q)+$(MAKE) --no-print-directory B=$(B)-asan OPT="-O1 -g -fno-omit-frame-pointer" \
	   SAN="-fsanitize=address,undefined -fno-sanitize-recover=all" check

# Stored procedures by the grammar, and hostile ones, SOUND_PROGRAMS of each, through verifier,
# engines and oracle (docs/VERIFIER.md).  SOUND_TIME: seconds at most, 0 as long as it takes.
# One that was cut short goes on where it was, unless what it tries has been built anew since.
SOUND_PROGRAMS ?= 1000000
SOUND_TIME     ?= 0
SOUND          := $(B)/tests/soundness/test_soundness
soundness: $(SOUND)
	$(Q)mkdir -p $(B)/findings
	$(Q)FINDINGS=$(B)/findings LEDGER=$(B)/findings/grammar.ledger TIME_LIMIT=$(SOUND_TIME) $(SOUND) grammar $(SOUND_PROGRAMS)
	$(Q)FINDINGS=$(B)/findings LEDGER=$(B)/findings/hostile.ledger TIME_LIMIT=$(SOUND_TIME) $(SOUND) hostile $(SOUND_PROGRAMS)

# Scenes at random on this machine's driver, as a display server's client: what the verifier
# accepts, the driver has to survive (docs/VERIFIER.md).  What comes back from malloc and what
# goes there is filled, so that what is used before or after is noticed sooner.
DRIVER_PROGRAMS ?= 1000000
DRIVER_TIME     ?= 600
DRIVER_SEED     ?= 1
driver-scan: $(SOUND)
	$(Q)mkdir -p $(B)/findings
	$(Q)LP_NUM_THREADS=0 MALLOC_PERTURB_=165 FINDINGS=$(B)/findings TIME_LIMIT=$(DRIVER_TIME) \
	   $(SOUND) confined $(DRIVER_PROGRAMS) $(DRIVER_SEED)

# libFuzzer for FUZZ_TIME seconds each, from the seeds beside the sources.
FUZZ_TIME ?= 60
fuzz: soundness
	$(Q)sh ci/install.sh build fuzz
	$(Q)+$(MAKE_MANY) B=$(B)-fuzz CC=$(CLANG) OPT="-O1 -g" \
	   SAN="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" fuzzers
	$(Q)tests/fuzz -t $(FUZZ_TIME) -d $(B)-fuzz/work $(patsubst $(B)/%,$(B)-fuzz/%,$(FUZZERS))
fuzz-short:
	$(Q)+$(MAKE) --no-print-directory FUZZ_TIME=10 SOUND_TIME=30 fuzz
fuzzers: $(FUZZERS)

# -- using --------------------------------------------------------------------------
# Captures, converts, replays and compares a real game; ends with out/demo/index.html.
demo:
	$(Q)sh ci/install.sh build run
	$(Q)+$(MAKE_MANY) all
	$(Q)BLINKCTL=$(abspath $(B)/blinkctl) sh ci/demo.sh

# A display server with two gears, a film and a captured game on one screen, live; ends with
# out/demo-server/screen.png and a short film.
demo-server:
	$(Q)sh ci/install.sh build run -- ffmpeg
	$(Q)+$(MAKE_MANY) all
	$(Q)BLINKCTL=$(abspath $(B)/blinkctl) sh ci/demo-server.sh

# Records the programs of corpora/ (installs them first: about 1 GB).
corpora: all
	$(Q)BLINKCTL=$(abspath $(B)/blinkctl) sh ci/corpora.sh

bench: all
	$(Q)BLINKCTL=$(abspath $(B)/blinkctl) sh ci/bench.sh

# The experiments of the record-prune-replay paper; ends with out/paper/report/index.html.
paper: all
	$(Q)BLINKCTL=$(abspath $(B)/blinkctl) sh ci/paper.sh

# Is this tree slower than BASE?  Exit status 0 no, 1 yes, 3 not known.
BASE ?= HEAD~1
gate:
	$(Q)sh ci/gate.sh $(BASE)

# Prunes the programs of corpora/ at every 25th frame: the same state, and pictures after it?
prune-check: all
	$(Q)BLINKCTL=$(abspath $(B)/blinkctl) sh ci/prune.sh

# Generated programs pruned and run, and in some every kept call left out in turn (minutes).
$(MINIMISE): $(patsubst %.c,$(B)/%.o,$(wildcard tests/log/minimise/*.c)) $(SUPPORT) $(SAN_OBJ) $(B)/libblink.a
	$(call say,LD,$@)$(CC) $^ -o $@ $(LDLIBS_ALL)
minimise: $(MINIMISE)
	$(Q)$(MINIMISE)

# -- installing ---------------------------------------------------------------------
HEADERS := $(filter-out blink/gl/gen/%,$(wildcard blink/*/*.h blink/*/*.def)) $(wildcard capture/trace.h capture/convert.h replay/player.h)
D        = $(DESTDIR)$(PREFIX)
install: all
	$(call say,INSTALL,$(D))install -d $(D)/bin $(D)/lib/pkgconfig $(D)/lib/blink $(D)/include $(D)/share/man/man1 \
	   $(D)/share/bash-completion/completions $(D)/share/blink/corpora $(D)/share/doc/blink && \
	install -m 755 $(B)/blinkctl $(D)/bin && \
	install -m 644 $(B)/libblink.a $(D)/lib && install -m 644 $(NULLGL) $(RECORDER) $(D)/lib/blink && \
	install -m 755 $(PEERS) $(NULLCALLS) $(D)/lib/blink && \
	$(if $(PROGRAMS),install -m 755 $(PROGRAMS) $(D)/bin && )\
	install -D -m 644 $(B)/gen/blink/client/blinkgl.h $(D)/include/blink/client/blinkgl.h && \
	for h in $(HEADERS); do install -D -m 644 $$h $(D)/include/$$h || exit 1; done && \
	install -m 644 $(GENH) $(D)/include/blink/gl/ && \
	for c in $(COMMANDS); do \
	   $(B)/blinkctl help --man $$c > $(D)/share/man/man1/blinkctl-$$c.1 || exit 1; done && \
	$(B)/blinkctl help --man > $(D)/share/man/man1/blinkctl.1 && \
	$(B)/blinkctl help --completion > $(D)/share/bash-completion/completions/blinkctl && \
	cp -R corpora/recipes $(D)/share/blink/corpora/ && \
	install -m 644 README.md LICENSE CHANGELOG.md $(D)/share/doc/blink && \
	printf '%s\n' 'prefix=$(PREFIX)' 'Name: blink' 'Version: $(VERSION)' \
	   'Description: OpenGL as small verified programs' \
	   'Cflags: -I$${prefix}/include' 'Libs: -L$${prefix}/lib -lblink' \
	   'Libs.private: -lsnappy -ldl -lm -lpthread' \
	   'Requires.private: $(PKGS)' > $(D)/lib/pkgconfig/blink.pc

clean:
	rm -rf $(B) $(B)-asan $(B)-fuzz

help:
	@echo 'make            blinkctl and libblink, in $(B)/'
	@echo 'make check      install what is missing, build, run all tests'
	@echo 'make demo       a real game captured, converted, replayed, compared: out/demo/index.html'
	@echo 'make demo-server  many clients of a display server, live: out/demo-server/screen.png'
	@echo 'make asan       the tests under the address and undefined-behaviour sanitizers'
	@echo 'make fuzz       the soundness campaign, then the fuzzers, FUZZ_TIME=$(FUZZ_TIME) seconds each'
	@echo 'make fuzz-short the same, 30 seconds and 10 seconds each'
	@echo 'make soundness  SOUND_PROGRAMS=$(SOUND_PROGRAMS) by the grammar, as many hostile ones'
	@echo 'make driver-scan  scenes at random on the GL driver, DRIVER_TIME=$(DRIVER_TIME) s of DRIVER_SEED=$(DRIVER_SEED)'
	@echo 'make corpora    install and record the programs of corpora/'
	@echo 'make paper      the experiments of the record-prune-replay paper: out/paper/report'
	@echo 'make bench      the measurements of docs/MEASURING.md'
	@echo 'make gate       the quick suite in turns with the revision BASE=$(BASE)'
	@echo 'make prune-check  is every state and picture the same after pruning, in the programs of corpora/'
	@echo 'make install    to PREFIX=$(PREFIX), below DESTDIR'
	@echo 'make clean      remove what was built'
	@echo 'V=1 shows commands; CC=clang, OPT=, CFLAGS=, LDFLAGS=, B= (build folder) are understood.'

.PHONY: minimise all check tests asan soundness driver-scan fuzz fuzz-short fuzzers demo demo-server corpora bench prune-check paper gate install clean help \
        needs-libraries FORCE
.SECONDARY:
.DELETE_ON_ERROR:
