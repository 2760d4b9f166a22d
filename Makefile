# make build       the module for the installed nginx: build/*.so
# make run         nginx and a private Redis on 127.0.0.1:8480, until Ctrl-C
# make test        all tests, on the plain and on the sanitizer build
# make fuzz        what is fuzzed: FUZZ_SECONDS (10) for each target
# make check-asan  the sanitizer half alone, with longer fuzzing and attack
# make worst-case  what the worst requests cost, and what others feel of them
# make tree        the source tree in figures, and who uses whom in a circle
# make bench       what a request costs, beside what else could do the job
# make bench-pair  what a record costs, beside the build in the folder OLD
# make bench-callers  what it costs to find out who calls
# make bench-find  what it costs to find records, among few and among many
# make bench-events  what an event costs beside a record, and a decision
# make chaos       breaks Redis under load: what is lost, what is not
# make install     copies the module to nginx's own modules
# make clean       removes what was built; never the data of make run
#
# SECOPS_PORT, SECOPS_RUN_DIR, SECOPS_REDIS: see scripts/run.sh
# RUNS, DURATION, CONNS, PEERS, WHAT, BENCH_RECORDS: see bench/run.sh
# RUNS, DURATION, CONNS, SUBJECTS, SETTINGS of make bench-pair: see bench/pair.pl
# RUNS, DURATION, CONNS, WHAT, BENCH_EVENTS of make bench-events: bench/events.pl
# ATTACK_SECONDS, ATTACK_SEED: see t/510-attack.t
# TIMES, SECONDS, WRITE, PATTERN (of its rows): see bench/worst.pl
# What make chaos takes: see t/chaos/chaos.pl and t/chaos/cost.pl
# TESTS, PROVE_FLAGS: what make test runs, all of t unless set, and how
# JOBS: so many tests at a time on each build, two for each processor unless set:
# they wait for one another's servers more than they work
# NGX_SRC: an nginx source tree to build against, instead of Debian's nginx-dev

TESTS ?= t
JOBS ?= $(shell echo $$((2 * $$(nproc 2>/dev/null || echo 1))))

# the sanitizer half from the start, beside the other one
ORDER = $(if $(filter t,$(TESTS)),t/900-asan.t \
	$(filter-out t/900-asan.t,$(sort $(wildcard t/*.t))),$(TESTS))

.PHONY: all build build-asan run test fuzz check-asan tree bench bench-pair \
	bench-callers bench-find bench-events chaos worst-case install clean \
	deps-build deps-run deps-test deps-bench

all: build

deps-build deps-run deps-test deps-bench:
	@scripts/deps.sh $(@:deps-%=%)

build: deps-build
	@scripts/build.sh module

build-asan: deps-test
	@scripts/build.sh asan

run: deps-run build
	@scripts/run.sh

test: deps-test build build-asan
	@SECOPS_SANITIZE=1 SECOPS_JOBS=$(JOBS) \
	    prove -j $(JOBS) --timer $(PROVE_FLAGS) $(ORDER)
ifeq ($(TESTS),t)
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-2} prove --timer t/fuzz/fuzz.t
endif

fuzz: deps-test
	@prove --timer t/fuzz/fuzz.t

check-asan: deps-test build build-asan
	@SECOPS_SANITIZE=1 SECOPS_JOBS=$(JOBS) \
	    FUZZ_SECONDS=$${FUZZ_SECONDS:-60} \
	    ATTACK_SECONDS=$${ATTACK_SECONDS:-60} \
	    prove -j 2 --timer t/000-unit.t t/900-asan.t t/fuzz/fuzz.t

tree:
	@perl t/tools/tree.pl

bench: deps-bench build
	@bench/run.sh

bench-pair: deps-bench build
	@perl bench/pair.pl "$(OLD)"

bench-callers: deps-bench build
	@perl bench/callers.pl

bench-find: deps-bench build
	@perl bench/find.pl

bench-events: deps-bench build
	@perl bench/events.pl

worst-case: deps-test build
	@perl bench/worst.pl "$(PATTERN)"

chaos: deps-test deps-bench build
	@perl t/chaos/chaos.pl --write
	@perl t/chaos/cost.pl --write

install: build
	@scripts/install.sh

clean:
	rm -rf "$${SECOPS_BUILD_DIR:-build}"
