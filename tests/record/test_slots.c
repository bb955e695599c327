/* test_slots.c - recordings whose segments lie in slots: emptied while the program runs,
 * afterwards, or never, they hold the same calls; and whatever a header says of its slots,
 * nothing is read or written that is not there. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "capture/record/format.h"
#include "tests/record/record.h"

/* Skips where there is no GL, or where the file system has no slots. */
static struct record_header *run(struct record_run *r, unsigned flags)
{
	struct record_header *h;

	record_run(r, "session", flags);
	if (r->lacking) {
		record_finish(r);
		print_message("no surfaceless EGL with OpenGL here\n");
		skip();
	}
	if (!r->recording)
		fail_msg("%s", r->err.text);
	h = recording_header_map(r->path);
	assert_non_null(h);
	if (flags & RECORD_SLOTTED && !h->slots) {
		recording_header_unmap(h);
		record_finish(r);
		print_message("no slots in /tmp: a file system in memory\n");
		skip();
	}
	return h;
}

/* Of all that was called, but for addresses. */
static uint64_t digest(struct recording *r, uint64_t *frames)
{
	uint64_t sum = 0;
	struct trace_call call;
	struct error err;
	int code;

	while ((code = recording_next(r, &call, &err)) > 0) {
		sum = XXH3_64bits_withSeed(call.sig->name, strlen(call.sig->name), sum);
		for (unsigned i = 0; !call.words && i < call.sig->nargs; i++)
			if (call.args[i].kind == TRACE_BLOB)
				sum = XXH3_64bits_withSeed(call.args[i].bytes,
							   call.args[i].count, sum);
		*frames += recording_frame(r) != NULL;
	}
	if (code < 0)
		fail_msg("%s", err.text);
	return sum;
}

static uint64_t file_digest(const char *path)
{
	struct recording *r;
	struct error err;
	uint64_t frames = 0, sum;

	if (recording_open(&r, path, &err) < 0)
		fail_msg("%s", err.text);
	sum = digest(r, &frames);
	recording_close(r);
	assert_int_equal(frames, 100);
	return sum;
}

static unsigned slots_in(const struct record_header *h, enum record_slot state)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < h->slots; i++)
		n += (atomic_load(&h->slot[i]) & 3) == state;
	return n;
}

/* Nobody stores to them any more. */
static void slots_leave(struct record_header *h)
{
	for (uint32_t i = 0; i < h->slots; i++)
		if ((atomic_load(&h->slot[i]) & 3) == RECORD_SLOT_TAKEN)
			atomic_fetch_add(&h->slot[i], RECORD_SLOT_FULL - RECORD_SLOT_TAKEN);
}

static uint64_t plain;

static void test_plain(void **state)
{
	struct record_run r;
	struct record_header *h = run(&r, 0);

	(void)state;
	assert_int_equal(h->slots, 0);
	plain = file_digest(r.path);
	recording_header_unmap(h);
	record_finish(&r);
}

/* Nobody comes: the slots are taken once, and the rest is at its place. */
static void test_never(void **state)
{
	struct record_run r;
	struct record_header *h = run(&r, RECORD_SLOTTED);

	(void)state;
	assert_int_equal(slots_in(h, RECORD_SLOT_FREE), 0);
	assert_true(atomic_load(&h->segments) > 2 * h->slots);
	assert_int_equal(file_digest(r.path), plain);
	recording_header_unmap(h);
	record_finish(&r);
}

static void test_meanwhile(void **state)
{
	struct record_run r;
	struct record_header *h = run(&r, RECORD_SLOTTED | RECORD_DRAINED);

	(void)state;
	assert_true(slots_in(h, RECORD_SLOT_FREE) > 0);
	assert_int_equal(file_digest(r.path), plain);
	recording_header_unmap(h);
	record_finish(&r);
}

static void test_afterwards(void **state)
{
	struct record_run r;
	struct record_header *h = run(&r, RECORD_SLOTTED);
	struct recording_drain *d;
	struct recording *reader;
	struct trace_call call;
	struct error err;

	(void)state;
	slots_leave(h);
	assert_int_equal(recording_drain_create(&d, r.path, h, &err), 0);
	/* while somebody reads who empties them himself */
	assert_int_equal(recording_follow(&reader, r.path, &err), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(recording_next(reader, &call, &err), 1);
	recording_drain_look(d);
	recording_drain_empty(d);
	recording_drain_destroy(d);
	assert_int_equal(slots_in(h, RECORD_SLOT_FREE), h->slots);
	assert_int_equal(recording_refresh(reader, &err), 1);
	while (recording_next(reader, &call, &err) > 0)
		;
	recording_close(reader);
	assert_int_equal(file_digest(r.path), plain);
	recording_header_unmap(h);
	record_finish(&r);
}

/* Reads all there is, and empties: neither may fall over. */
static void look(struct record_run *r, struct record_header *h)
{
	struct recording_drain *d;
	struct recording *reader;
	struct trace_call call;
	struct error err;

	if (recording_open(&reader, r->path, &err) == 0) {
		while (recording_next(reader, &call, &err) > 0)
			;
		recording_close(reader);
	}
	if (recording_drain_create(&d, r->path, h, &err) == 0) {
		recording_drain_look(d);
		recording_drain_empty(d);
		recording_drain_destroy(d);
	}
}

static void test_hostile(void **state)
{
	static const uint64_t said[] = {
		UINT64_MAX, UINT64_MAX << 2 | RECORD_SLOT_FULL, RECORD_SLOT_FULL,
		UINT64_C(1) << 2 | RECORD_SLOT_FULL, UINT64_C(0xfffffff) << 2 | RECORD_SLOT_FULL,
		UINT64_C(20) << 2 | 3,
	};
	struct record_run r;
	struct record_header *h = run(&r, RECORD_SLOTTED);
	struct stat before, after;

	(void)state;
	assert_int_equal(stat(r.path, &before), 0);
	for (unsigned i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		atomic_store(&h->slot[i], said[i]);
		look(&r, h);
		/* there is no such place: it stays */
		assert_int_equal(atomic_load(&h->slot[i]), said[i]);
	}
	/* one segment in two slots */
	atomic_store(&h->slot[6], UINT64_C(25) << 2 | RECORD_SLOT_FULL);
	atomic_store(&h->slot[7], UINT64_C(25) << 2 | RECORD_SLOT_FULL);
	look(&r, h);
	h->slots = RECORD_SLOTS + 1;
	recording_close(r.recording);
	assert_int_equal(recording_open(&r.recording, r.path, &r.err), -EBADMSG);
	look(&r, h);
	h->slots = UINT32_MAX;
	look(&r, h);
	h->slots = 5;
	look(&r, h);
	assert_int_equal(stat(r.path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	h->slots = RECORD_SLOTS;
	assert_int_equal(truncate(r.path, RECORD_HEADER + RECORD_SEGMENT), 0);
	assert_int_equal(recording_open(&r.recording, r.path, &r.err), -EBADMSG);
	recording_header_unmap(h);
	record_finish(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_meanwhile),
		cmocka_unit_test(test_afterwards),
		cmocka_unit_test(test_hostile),
	};

	if (!record_library()) {
		printf("skipped: libblink-record.so is not built\n");
		return 77;
	}
	setenv("SECONDS_LONG", "0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
