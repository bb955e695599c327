# Blink and blinkctl.  `make help` lists the targets.
#
# Sources are found by folder: every .c under a folder belongs to its library,
# every tests/**/test_*.c is one test program, every tests/**/fuzz_*.c one fuzzer.

CC      ?= gcc
CLANG   ?= clang
PREFIX  ?= /usr/local
B       ?= build
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2);)
comma   := ,

PKGS    := json-c snappy libzstd libxxhash libpng egl gl x11 libxml-2.0
OPT     ?= -O2 -g
WARN    := -Wall -Wextra -Wconversion -Wshadow -Werror
STD     := -std=c17 -D_GNU_SOURCE
# libsnappy has a C interface but no .pc file
REALPKGS := $(filter-out snappy,$(PKGS))
CFLAGS_ALL  = $(STD) $(OPT) $(WARN) -fvisibility=hidden -fno-strict-aliasing -I. -I$(B)/gen \
              $(shell pkg-config --cflags $(REALPKGS)) $(FEATURES) $(SAN) $(CFLAGS)
LDLIBS_ALL  = $(shell pkg-config --libs $(REALPKGS)) -lsnappy $(FEATURE_LIBS) -ldl -lm -lpthread $(SAN) $(LDFLAGS)

# Optional libraries: a missing one switches its feature off (see blinkctl doctor).
have     = $(shell pkg-config --exists $(1) && echo 1)
ifeq ($(call have,capstone),1)
FEATURES     += -DHAVE_CAPSTONE $(shell pkg-config --cflags capstone)
FEATURE_LIBS += $(shell pkg-config --libs capstone)
endif

KHRONOS ?= /usr/share/khronos-api
TABLES  := $(wildcard blink/gl/tables/*.tbl)
GEN     := $(B)/gen/gl_table.gen.c
GENH    := $(B)/gen/gl_ops.gen.h

GEN_SRC := $(wildcard blink/gl/gen/*.c)
LIB_SRC := $(filter-out blink/gl/gen/%,$(wildcard blink/*/*.c blink/*/*/*.c)) \
           $(wildcard capture/*.c replay/*.c jit-bench/*.c reports/*.c corpora/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(B)/gen/gl_table.gen.o
CLI_SRC := $(wildcard cli/*.c)
COMMANDS := $(sort $(patsubst cli/cmd_%.c,%,$(wildcard cli/cmd_*.c)))
CLI_OBJ := $(CLI_SRC:%.c=$(B)/%.o)
TEST_SRC := $(wildcard tests/*/test_*.c)
TESTS   := $(TEST_SRC:%.c=$(B)/%)
TEST_HELP := $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*.c))

all: $(B)/blinkctl

$(B)/gen/gengl: $(GEN_SRC) $(wildcard blink/gl/gen/*.h) blink/base/base.c
	$(call say,GEN,$@)mkdir -p $(@D) && $(CC) $(STD) -O1 -g $(WARN) -I. \
	   $(shell pkg-config --cflags libxml-2.0) $(filter %.c,$^) -o $@ $(shell pkg-config --libs libxml-2.0) -lm

# one run makes both files
$(GENH): $(GEN)
$(GEN): $(B)/gen/gengl $(TABLES) $(KHRONOS)/gl.xml $(KHRONOS)/glx.xml
	$(call say,TABLE,$@)$(B)/gen/gengl -r $(KHRONOS) -t blink/gl/tables -o $(B)/gen

# one COMMAND(name) per cli/cmd_name.c; rewritten only when the folder changed
$(B)/gen/commands.gen.h: FORCE
	$(Q)mkdir -p $(@D) && { echo '/* made by the Makefile from cli/cmd_*.c */'; \
	   printf 'COMMAND(%s)\n' $(COMMANDS); } > $@.new && \
	   if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(B)/cli/commands.o: $(B)/gen/commands.gen.h

$(B)/%.o: %.c $(GENH)
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@
$(B)/gen/%.o: $(B)/gen/%.c $(GENH)
	$(call say,CC,$<)$(CC) $(CFLAGS_ALL) -Wno-unused-parameter -MMD -MP -c $< -o $@
$(B)/libblink.a: $(LIB_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^
$(B)/blinkctl: $(CLI_OBJ) $(B)/libblink.a
	$(call say,LD,$@)$(CC) $(CLI_OBJ) $(B)/libblink.a -o $@ $(LDLIBS_ALL)
$(B)/tests/%: $(B)/tests/%.o $(TEST_HELP) $(B)/libblink.a
	$(call say,LD,$@)$(CC) $^ -o $@ $(LDLIBS_ALL) -lcmocka

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TESTS:%=%.d)

clean:
	rm -rf $(B)
.PHONY: all clean FORCE
.SECONDARY:
