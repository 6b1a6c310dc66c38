# gilscope: build, run, draw, test. 'make help' lists the targets.

CC      = cc
CFLAGS  = -O2 -g
PREFIX  = /usr/local
DESTDIR =
RESULTS = results
# BENCH: options of the comparison that 'make bench' runs.
BENCH   = --pin=core,none
# BREAKEVEN: options of the sweep that 'make breakeven' runs.
BREAKEVEN =
# CONVOY: options of the server that 'make convoy' runs.
CONVOY  =
QUICK_SWEEP := --length=100ns,1us,10us,100us,1ms --time=50ms
QUICK   =
# DEBUG=1: the locks check at run time that they are used as they must be, into a folder of its own.
DEBUG   =

comma := ,
BUILD := .build/$(notdir $(firstword $(CC)))$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))$(if $(DEBUG),-debug)
# The rule of thread_safety.h, which clang alone can check, and by which it refuses.
RULE := $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),-Wthread-safety-beta -Werror=thread-safety)
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(RULE) $(if $(WERROR),-Werror)
HWLOC_CFLAGS := $(shell pkg-config --cflags hwloc 2>/dev/null)
HWLOC_LIBS := $(shell pkg-config --libs hwloc 2>/dev/null || echo -lhwloc)
SANITIZER := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer)
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -Iinclude $(WARNINGS) -fopenmp -pthread \
             $(HWLOC_CFLAGS) $(SANITIZER) $(if $(DEBUG),-DGILSCOPE_DEBUG) $(CFLAGS)
# -ldl: dladdr is in libc only since glibc 2.34.
ALL_LIBS = $(HWLOC_LIBS) -lm -ldl $(LDLIBS)
# V=1 shows the commands as they are.
SAY = @$(if $(V),:,echo '  $1 $@');
DO  = $(if $(V),,@)
# Names from the command line reach the shell as variables: whatever is in them.
export RESULTS PREFIX DESTDIR

# A new file in one of these folders is built without being named here.
SOURCES := $(filter-out src/main.c,$(wildcard src/*.c src/*/*.c))
SCRIPTS := $(filter-out src/python/interpreter.py,$(wildcard src/python/*.py))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(SCRIPTS:src/python/%.py=$(BUILD)/python/%.o)
UNITS := $(wildcard tests/unit/test_*.c)
UNIT_TESTS := $(UNITS:tests/unit/%.c=$(BUILD)/tests/%)
FUZZERS := $(wildcard tests/fuzz/fuzz_*.c)
# The targets of the fuzzers, given the files that are kept of them: tests/check/fuzz_cases.t.
REPLAYS := $(FUZZERS:tests/fuzz/%.c=$(BUILD)/tests/%)

all: gilscope python plugins ## build ./gilscope (the default)

# What is compiled is compiled by a make of its own, on all cores: goals of one command run one after
# the other (see the end).
JOBS = --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))

# Linked where it was built and copied here only when it changed: so gcc and clang builds can
# take turns. Moved here, for a program that is running cannot be written to.
gilscope: FORCE
	@$(MAKE) $(JOBS) program
	@cmp -s $(BUILD)/gilscope $@ || { cp $(BUILD)/gilscope $(BUILD)/gilscope.copy && mv $(BUILD)/gilscope.copy $@; }

program: $(BUILD)/gilscope
	@:

units: FORCE
	@$(MAKE) $(JOBS) test-programs

test-programs: $(UNIT_TESTS) $(REPLAYS)
	@:

$(BUILD)/gilscope: $(BUILD)/src/main.o $(OBJECTS) $(BUILD)/flags
	$(call SAY,LINK)
	$(DO)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(ALL_LIBS)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call SAY,CC)
	$(DO)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The scripts are part of the program, which so works wherever it is installed; what they have in common
# stands in the place of its import.
$(BUILD)/python/%.c: src/python/%.py src/python/interpreter.py
	@mkdir -p $(@D)
	@{ echo '#include "interpreters/job.h"'; echo 'const unsigned char python_$*[] = {'; } >$@.tmp
	@sed -e '/^from interpreter import/{' -e 'r src/python/interpreter.py' -e d -e '}' $< | od -An -v -tx1 >$@.od
	@sed 's/ \(..\)/0x\1,/g' $@.od >>$@.tmp
	@echo '0};' >>$@.tmp && rm $@.od && mv $@.tmp $@

$(BUILD)/python/%.o: $(BUILD)/python/%.c src/interpreters/job.h $(BUILD)/flags
	@$(CC) $(ALL_CFLAGS) -Isrc -c -o $@ $<

# The Cython module, for python3 alone; without it everything else works.
MODULE := .build/python
$(MODULE)/built: src/python/build src/python/gilscope_nogil.pyx src/kernels/countdown.c \
                 include/gilscope/kernel.h $(MODULE)/python
	@CC='$(CC)' src/python/build $(MODULE)

# Another python3 (or PYTHON) than last time: its module is another one, too.
$(MODULE)/python: FORCE
	@mkdir -p $(@D)
	@python=$${PYTHON:-python3}; { command -v "$$python"; "$$python" -V; } >$@.tmp 2>&1 || :
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

# Kernels that are plug-ins: each file a shared object, from what NEEDS says it needs beyond C. Where
# that is missing a line says so, and the next make tries again.
PLUGINS := .build/kernels
plugins: $(patsubst src/kernels/plugins/%.c,$(PLUGINS)/%.built,$(wildcard src/kernels/plugins/*.c))
$(PLUGINS)/crc32.built: private NEEDS = -include zlib.h -lz

$(PLUGINS)/%.built: src/kernels/plugins/%.c include/gilscope/kernel.h
	@mkdir -p $(@D) && rm -f $(@D)/$*.so
	@if ! echo 'int main(void) { return 0; }' | $(CC) -x c - -o $@.tmp $(NEEDS) 2>$@.log; then \
	    echo "make: no kernel $*.so, which needs $(patsubst -include,,$(NEEDS)) (make deps installs it): see $@.log" >&2; \
	else \
	    $(if $(V),,echo '  PLUGIN $(@D)/$*.so' &&) \
	    $(CC) -std=c17 -D_GNU_SOURCE -Iinclude $(WARNINGS) $(CFLAGS) -fPIC -shared -o $@.tmp $< \
	        $(filter -l%,$(NEEDS)) && mv $@.tmp $(@D)/$*.so && touch $@; \
	fi
	@rm -f $@.tmp

# clang warns of the loop counter that it makes for a taskloop itself.
$(BUILD)/src/variants/tasks.o: private ALL_CFLAGS += -Wno-sign-conversion -Wno-sign-compare -Wno-shorten-64-to-32

# Under 'make coverage' their loops count without a lock on the bus: tests wait for 10^9 decrements.
ifneq ($(findstring --coverage,$(CFLAGS)),)
$(BUILD)/src/kernels/countdown.o $(BUILD)/src/kernels/floor.o $(BUILD)/src/kernels/triad.o: private ALL_CFLAGS += -fprofile-update=single
endif

# Other flags than last time: build again.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo "$$FLAGS" | cmp -s - $@ || echo "$$FLAGS" >$@
$(BUILD)/flags: export FLAGS = $(CC) $(ALL_CFLAGS) $(LDFLAGS) $(ALL_LIBS)

# The table comes last, so that it is what stays on the screen; it is kept beside the CSV. The
# trap: Ctrl-C is for gilscope, and what it then says of the interrupted run is shown.
# A picture that cannot be drawn, of whatever command, keeps nobody from the table; it is told at the end.
bench: gilscope python plugins ## measure, write CSV to results/, draw, show the table (QUICK=1: in 10 s)
	@mkdir -p "$$RESULTS"
	@trap : INT TERM; ./gilscope bench $(if $(QUICK),--reps=6 --time=15ms --python=none) $(BENCH) \
	    --output="$$RESULTS" >"$$RESULTS/table.txt.part" || \
	    { status=$$?; cat "$$RESULTS/table.txt.part"; exit $$status; }
	@mv "$$RESULTS/table.txt.part" "$$RESULTS/table.txt"
	@failed=0; plot/plot "$$RESULTS" || failed=$$?; \
	    $(if $(QUICK),,{ .ci/reach "$$RESULTS" && echo; } || failed=$$?;) \
	    cat "$$RESULTS/table.txt" && exit $$failed

breakeven: gilscope ## should my function release the GIL? To results/, three minutes (QUICK=1: 20 s)
	@mkdir -p "$$RESULTS"
	@trap : INT TERM; ./gilscope breakeven $(if $(QUICK),$(QUICK_SWEEP)) \
	    $(BREAKEVEN) --output="$$RESULTS" >"$$RESULTS/breakeven.txt.part" || \
	    { status=$$?; cat "$$RESULTS/breakeven.txt.part"; exit $$status; }
	@mv "$$RESULTS/breakeven.txt.part" "$$RESULTS/breakeven.txt"
	@failed=0; plot/plot "$$RESULTS" || failed=$$?; cat "$$RESULTS/breakeven.txt" && exit $$failed

# ticks and release have events every few hundred ns.
gallery: gilscope ## who had the lock, when: four traces, one picture, to results/gallery/ (a few seconds)
	@set -e; trap : INT TERM; trace() { name=$$1; shift; \
	    ./gilscope trace --quiet --time=50ms --variant=$$name "$$@" --output="$$RESULTS/gallery/$$name"; }; \
	trace ticks --events=256k; trace gil; trace nogil; \
	trace release --length=1us --held=1us --events=256k
	@plot/plot "$$RESULTS/gallery"

convoy: gilscope ## what a busy thread does to an answer. To results/, two minutes (QUICK=1: 10 s)
	@mkdir -p "$$RESULTS"
	@trap : INT TERM; ./gilscope convoy $(if $(QUICK),--reps=2 --time=250ms) $(CONVOY) \
	    --output="$$RESULTS" >"$$RESULTS/convoy.txt.part" || \
	    { status=$$?; cat "$$RESULTS/convoy.txt.part"; exit $$status; }
	@mv "$$RESULTS/convoy.txt.part" "$$RESULTS/convoy.txt"
	@failed=0; plot/plot "$$RESULTS" || failed=$$?; cat "$$RESULTS/convoy.txt" && exit $$failed

plot: ## draw the pictures again from the CSV in RESULTS=results
	@plot/plot "$$RESULTS"

# TESTS: those to run, for instance TESTS=tests/cli/plot.t; SKIP: those of them to leave out.
TESTS = $(UNIT_TESTS) $(wildcard tests/cli/*.t tests/check/*.t)
SKIP =
test: gilscope python plugins units ## run the tests
	@GILSCOPE_PYTHON=none CC='$(CC)' BUILD='$(BUILD)' prove --timer -j2 $(filter-out $(SKIP),$(TESTS))

# Each of tests/check/ is run by 'make test' as well, and there does only what is quick.
check: test check-locks check-rule check-faults fuzz coverage sanitize valgrind ## all that can be checked, two hours

check-locks: gilscope units ## the locks: models, races, random pauses (STRESS_S=60 seconds a lock)
	@CHECK=full GILSCOPE_PYTHON=none CC='$(CC)' prove --timer $(wildcard tests/check/locks*.t)

check-rule: gilscope units ## no protected data without the lock: what compilers and make DEBUG=1 say
	@CHECK=full GILSCOPE_PYTHON=none CC='$(CC)' prove --timer $(wildcard tests/check/rule*.t)

check-faults: gilscope units ## killed workers, full disks, clocks set back and what else goes wrong
	@CHECK=full GILSCOPE_PYTHON=none CC='$(CC)' prove --timer $(wildcard tests/check/faults*.t)

# FUZZ_S: seconds for each target.
FUZZ_S = 600
fuzz: ## bad input: the parsers under libFuzzer, the readers of CSV under mutations (FUZZ_S=600 each)
	@tests/fuzz/run $(FUZZ_S)
	@tests/fuzz/csv $(FUZZ_S)

# A build of its own, whose program the tests then run. The module for Python and the plug-ins are
# looked for beside the program.
OTHER_TESTS = $(UNITS:tests/unit/%.c=$(OTHER)/tests/%) tests/cli tests/check/fuzz_cases.t
OTHER_RUN = GILSCOPE_PYTHON=none GILSCOPE='$(CURDIR)/$(OTHER)/gilscope' CC='$(CC)' BUILD='$(OTHER)'

coverage sanitize: gilscope python plugins
coverage: private OTHER = .build/cc-coverage
coverage: private override CC = gcc
sanitize: private OTHER = .build/$(notdir $(firstword $(CC)))-address-undefined

# What a test runs as another user has to be able to write what it counted, or says that it cannot.
coverage: ## the lines that the tests reach, by file, and those that none does: at least 90 % (four minutes)
	@command -v gcovr >/dev/null || { echo "make: coverage needs gcovr ('make deps coverage' installs it)" >&2; exit 1; }
	@mkdir -p $(OTHER) && find $(OTHER) -name '*.gcda' -exec rm {} + && ln -sfn .. $(OTHER)/.build
	@$(MAKE) -s SAY=@: CC='$(CC)' BUILD=$(OTHER) CFLAGS='-O1 -g --coverage -fprofile-update=atomic' \
	    LDFLAGS='-Wl,--wrap=_exit $(OTHER)/tests/coverage/exit.o' \
	    $(OTHER)/tests/coverage/exit.o units $(OTHER)/gilscope
	@$(OTHER)/gilscope list >/dev/null && chmod -R a+rwX $(OTHER)
	@status=0; $(OTHER_RUN) prove --timer -j2 $(OTHER_TESTS) \
	    $(wildcard tests/check/faults*.t) || status=1; \
	gcovr --root . --object-directory $(OTHER) --filter src/ --output $(OTHER)/uncovered.txt \
	    --print-summary --fail-under-line 90 || status=1; \
	echo "coverage: the lines that no test reaches, file by file (Missing): $(OTHER)/uncovered.txt"; exit $$status

# What a sanitizer has to say goes to files: a test may take a program that it ended for one that
# failed as it should. The tests of faults put a library of theirs before the C library, and so before
# gcc's sanitizer, which is told not to mind; what the library takes memory from is then the sanitizer's.
# With clang, whose sanitizer is inside the program and comes first, no allocation would fail: they are
# left out. So are limits on addresses, of which the sanitizer takes 16 TiB, and on processes: leaks are
# looked for at the end by one of its own, with ptrace. Where a test stops and continues the program,
# again and again, that once did not come to an end: there they are not looked for.
OF_SANITIZER := $(foreach call,malloc calloc realloc memalign,-D__libc_$(call)=__interceptor_$(call))
WITH_FAULTS = $(OTHER_RUN) CC='$(CC) $(OF_SANITIZER)' PERL5LIB='$(CURDIR)/tests/check:$(CURDIR)/tests/cli' prove --timer -j2
sanitize: ## the tests under the address and undefined-behaviour sanitizers (eight minutes)
	@$(MAKE) -s SAY=@: SANITIZE=address,undefined CFLAGS='-O1 -g -fno-sanitize-recover=all' units $(OTHER)/gilscope
	@ln -sfn .. $(OTHER)/.build && rm -rf $(OTHER)/reports && mkdir -m 1777 $(OTHER)/reports
	@status=0; log=log_path=$(CURDIR)/$(OTHER)/reports/report; \
	export ASAN_OPTIONS="$$log" UBSAN_OPTIONS="$$log:print_stacktrace=1"; \
	$(OTHER_RUN) prove --timer -j2 $(OTHER_TESTS) || status=1; \
	$(if $(RULE),,sed '/(ulimit -[uv])/d' tests/check/faults_processes.t >$(OTHER)/faults_processes.t; \
	export ASAN_OPTIONS="$$log:verify_asan_link_order=0"; \
	$(WITH_FAULTS) $(OTHER)/faults_processes.t tests/check/faults_disk.t tests/check/faults_folder.t \
	    tests/check/faults_plot.t || status=1; \
	ASAN_OPTIONS="$$ASAN_OPTIONS:detect_leaks=0" $(WITH_FAULTS) tests/check/faults_machine.t || status=1;) \
	cat $(OTHER)/reports/* 2>/dev/null && status=1; \
	echo "sanitize: $$(ls $(OTHER)/reports | wc -l) reports"; exit $$status

valgrind: gilscope units ## memcheck over the short unit tests and the short commands (five minutes)
	@CHECK=full CC='$(CC)' BUILD='$(BUILD)' prove --timer tests/check/valgrind.t

python: $(MODULE)/built

# As a library: a test takes what it uses, and not the commands, whose table is main's.
$(BUILD)/gilscope.a: $(OBJECTS)
	@rm -f $@
	@$(AR) rcs $@ $^

# The locks alone, and the recording of what happens, for programs of others. kernel.h is the header
# of plug-ins, which link nothing.
INSTALLED_HEADERS := $(patsubst %,include/gilscope/%.h,error gil gil_debug kernel thread_safety trace)
LIBRARY := $(wildcard src/gil/*.c) src/error.c src/machine/clock.c src/trace/trace.c
$(BUILD)/libgilscope.a: $(LIBRARY:%.c=$(BUILD)/%.o)
	@rm -f $@
	@$(AR) rcs $@ $^

library: $(BUILD)/libgilscope.a ## the locks of gil.h for programs of your own (DEBUG=1: with checks)

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/gilscope.a
	@mkdir -p $(@D)
	$(call SAY,LINK)
	$(DO)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(ALL_LIBS)

$(REPLAYS): $(BUILD)/tests/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/gilscope.a
	@mkdir -p $(@D)
	$(call SAY,LINK)
	$(DO)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

# The pages of the README: topology.xml would tell the machine's name, PNG is drawn from the same.
# bench comes last, so that machine.csv is its own; the rows of breakeven and of traces are many.
EXAMPLE := results/example
example: gilscope python ## make the committed example run again (results/example/)
	@$(MAKE) --no-print-directory breakeven RESULTS=$(EXAMPLE) BREAKEVEN='--python=auto'
	@./gilscope costs --output=$(EXAMPLE) >$(EXAMPLE)/costs.txt
	@$(MAKE) --no-print-directory convoy RESULTS=$(EXAMPLE) CONVOY='--python=auto'
	@$(MAKE) --no-print-directory gallery RESULTS=$(EXAMPLE)
	@mv $(EXAMPLE)/gallery/gallery.svg $(EXAMPLE)/gallery.svg
	@$(MAKE) --no-print-directory bench RESULTS=$(EXAMPLE)
	@.ci/reach $(EXAMPLE) >$(EXAMPLE)/reach.txt
	@rm -r $(EXAMPLE)/gallery
	@.ci/systems $(EXAMPLE) >$(EXAMPLE)/systems.txt
	@awk '/^With 1 thread/ { found = 1 } found' $(EXAMPLE)/breakeven.txt >$(EXAMPLE)/answers.txt
	@awk '/^In words/ { found = 1 } found' $(EXAMPLE)/convoy.txt >$(EXAMPLE)/convoy-answers.txt
	@rm -f $(EXAMPLE)/*.png $(EXAMPLE)/topology.xml $(EXAMPLE)/breakeven.csv $(EXAMPLE)/breakeven.txt \
	    $(EXAMPLE)/convoy.csv $(EXAMPLE)/convoy.txt
	@.ci/figures

deps: ## install what is missing, with the system's package manager
	@CC='$(CC)' .ci/deps run $(filter test lint check check-locks check-rule check-faults fuzz coverage sanitize valgrind,$(MAKECMDGOALS))

lint: ## clang-format, clang-tidy, cppcheck, shellcheck
	@.ci/lint

install: gilscope python plugins library ## install to $(DESTDIR)$(PREFIX): bin/gilscope, share/gilscope, headers and library for your own programs
	install -d "$$DESTDIR$$PREFIX/bin" "$$DESTDIR$$PREFIX/share/gilscope/plot"
	install -m 755 gilscope "$$DESTDIR$$PREFIX/bin/gilscope"
	install -m 644 plot/*.gp plot/*.awk "$$DESTDIR$$PREFIX/share/gilscope/plot"
	install -m 755 plot/plot "$$DESTDIR$$PREFIX/share/gilscope/plot/plot"
	install -d "$$DESTDIR$$PREFIX/share/gilscope/python"
	install -d "$$DESTDIR$$PREFIX/share/gilscope/kernels" "$$DESTDIR$$PREFIX/include/gilscope"
	install -d "$$DESTDIR$$PREFIX/lib"
	install -m 644 $(INSTALLED_HEADERS) "$$DESTDIR$$PREFIX/include/gilscope"
	install -m 644 $(BUILD)/libgilscope.a "$$DESTDIR$$PREFIX/lib/libgilscope.a"
	@for plugin in $(PLUGINS)/*.so; do [ ! -e "$$plugin" ] || \
	    install -m 644 "$$plugin" "$$DESTDIR$$PREFIX/share/gilscope/kernels"; done
	@for module in $(MODULE)/gilscope_nogil.*.so; do [ ! -e "$$module" ] || \
	    install -m 644 "$$module" "$$DESTDIR$$PREFIX/share/gilscope/python"; done

uninstall: ## remove what install put there
	rm -f "$$DESTDIR$$PREFIX/bin/gilscope" "$$DESTDIR$$PREFIX/lib/libgilscope.a"
	rm -rf "$$DESTDIR$$PREFIX/share/gilscope" "$$DESTDIR$$PREFIX/include/gilscope"

clean: ## remove what was built; results stay
	rm -rf .build gilscope

help: ## this list
	@echo "usage: make [TARGET...] [QUICK=1] [BENCH='options of bench'] [BREAKEVEN=…] [CONVOY=…] [RESULTS=DIR] [CC=clang] [DEBUG=1] [V=1]"
	@awk -F ' ## ' '/^[a-z-]+:.* ## / { split($$1, t, ":"); printf "  make %-12s %s\n", t[1], $$2 }' Makefile
	@echo "the rest (costs, trace, topo): ./gilscope --help"

# Goals of one command run in the order given: deps first, whatever -j says.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

.PHONY: all program python plugins library test-programs bench breakeven gallery convoy plot test check check-locks check-rule check-faults fuzz coverage sanitize valgrind units example deps lint install uninstall clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY: $(UNITS:%.c=$(BUILD)/%.o) $(FUZZERS:%.c=$(BUILD)/%.o) $(SCRIPTS:src/python/%.py=$(BUILD)/python/%.c)
-include $(OBJECTS:.o=.d) $(BUILD)/src/main.d $(UNITS:%.c=$(BUILD)/%.d) $(FUZZERS:%.c=$(BUILD)/%.d)
