/* test_faults.c - every way of being wrong, and what a client gets for it: each row of
 * faults.def is reached, and the client can read it; docs/PROTOCOL.md lists the same. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "tests/vso/fault_cases.h"
#include "tests/vso/pair.h"

/* What clients were told, by the tests before the last. */
static bool told[VSO_FAULTS];

/* ---- hellos ------------------------------------------------------------------------- */

static int hello_try(const struct hello_case *k, const char *name, struct error *err)
{
	struct vso_wishes w = { .name = "test", .objects = OBJECTS, .data_bytes = DATA,
				.stream_bytes = STREAM };
	struct vso_loopback_options opt = { .pages = vso_client_pages(&w), .guard = true };
	struct vso_server *s = NULL;
	struct vso_client *c;
	struct vso_link *l;
	struct vso_peer *p;
	uint8_t *root;
	int r;

	assert_int_equal(vso_loopback_create(&l, &p, &opt, err), 0);
	assert_int_equal(vso_client_create(&c, l, &w, err), 0);
	root = l->ops->page(l, VSO_PAGE_ROOT);
	if (k)
		memcpy(root + k->at, &k->value, sizeof(k->value));
	if (name)
		memcpy(root + FIELD(name), name, VSO_NAME);
	r = vso_server_create(&s, p, NULL, err);
	if (r) {
		const struct vso_server_page *page = vso_client_server(c);

		assert_null(s);
		assert_int_equal(page->phase, VSO_PHASE_REFUSED);
		assert_int_equal(vso_client_start(c, 0, err), -EACCES);
		assert_non_null(strstr(err->text, page->why));
		told[page->refusal] = true;
		r = -(int)page->refusal;
	} else {
		snprintf(err->text, sizeof(err->text), "%s", vso_server_hello(s)->name);
		vso_server_destroy(s, VSO_FAULT_OK, NULL);
	}
	vso_client_destroy(c);
	return r;
}

static void test_hello(void **state)
{
	char name[VSO_NAME];
	struct error err;

	(void)state;
	assert_int_equal(hello_try(NULL, NULL, &err), 0);
	for (unsigned i = 0; i < sizeof(hellos) / sizeof(*hellos); i++) {
		int r = hello_try(&hellos[i], NULL, &err);

		if (r != -(int)hellos[i].fault)
			fail_msg("%s: %s", hellos[i].name, r < 0 ? vso_fault_name((unsigned)-r) : "taken");
	}
	/* a name is shown to people: it ends, and holds nothing but letters */
	memset(name, 'x', sizeof(name));
	assert_int_equal(hello_try(NULL, name, &err), -VSO_FAULT_HELLO);
	memcpy(name, "a\033[2J\n\x80z", 9);
	assert_int_equal(hello_try(NULL, name, &err), 0);
	assert_string_equal(err.text, "a?[2J??z");
}

/* A client that granted, or says that it granted, less than the pages of the protocol. */
static void test_no_pages(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	for (uint32_t i = 2; i < 12; i++) {
		uint32_t n = i / 2;

		struct vso_server *s;
		struct vso_link *l;
		struct vso_peer *p;
		struct error err;

		assert_int_equal(vso_loopback_create(&l, &p, &(struct vso_loopback_options){
							     .pages = i & 1 ? 50 : n,
							     .guard = true }, &err), 0);
		*(struct vso_hello *)l->ops->page(l, 0) = (struct vso_hello){
			.magic = VSO_MAGIC, .version = VSO_VERSION, .table_hash = gl_table_hash(),
			.pages = n, .objects = 1, .spaces = GL_SPACE_COUNT };
		assert_int_equal(vso_server_create(&s, p, NULL, n % 2 ? &err : NULL), -EACCES);
		l->ops->close(l);
	}
	assert_int_equal(open_descriptors(), before);
}

/* ---- objects ----------------------------------------------------------------------------- */

static uint32_t here(struct pair *p, uint32_t page)
{
	if (page == UINT32_MAX || page < HERE - 1)
		return page;
	return pair_free_page(p) + page - HERE;
}

/* Each is preceded and followed by a good version of the same object, which is shown. */
static void test_objects(void **state)
{
	(void)state;
	for (unsigned map = 0; map < 2; map++)
		for (unsigned i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
			const struct object_case *k = &objects[i];
			struct vso_desc d = k->d;
			struct vso_object o;
			enum vso_fault fault;
			struct pair p;
			uint64_t taken;
			uint32_t n;

			pair_open(&p, OBJECTS, DATA, 0, &(struct vso_loopback_options){
					.guard = true, .no_map = !map }, NULL);
			pair_show(&p, 7, &(struct vso_desc){ .type = VSO_DATA, .size = 8,
							     .pages = here(&p, HERE + 9) });
			assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
			assert_int_equal(n, 1);
			d.pages = here(&p, d.pages);
			for (unsigned j = 0; j < 4 && k->list[j][2]; j++)
				((uint32_t *)pair_page(&p, here(&p, HERE + k->list[j][0])))
					[k->list[j][1]] = here(&p, k->list[j][2]);
			pair_show(&p, 7, &d);
			pair_change(&p, &o);
			if (o.fault != k->fault)
				fail_msg("%s: %s", k->name, vso_fault_name(o.fault));
			assert_true((o.fault || !d.type) == !o.data);
			vso_server_taken(p.server, &o, 5, 6);
			vso_object_release(p.server, &o);
			fault = vso_client_fault(p.client, 7, &taken);
			assert_int_equal(fault, k->fault);
			assert_int_equal(taken, 2);
			assert_int_equal(pair_state(&p, 7)->released, 2);
			assert_int_equal(pair_state(&p, 7)->detail, 5);
			assert_int_equal(pair_state(&p, 7)->record, 6);
			told[fault] = true;
			pair_show(&p, 7, &(struct vso_desc){ .type = VSO_DATA, .size = 8,
							     .pages = here(&p, HERE + 9) });
			assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
			assert_int_equal(n, 1);
			pair_close(&p);
		}
}

/* Pages that were granted, but not said to be. */
static void test_unclaimed(void **state)
{
	struct vso_desc d = { .type = VSO_DATA, .size = 8 };
	struct vso_server *s;
	struct vso_link *l;
	struct vso_peer *peer;
	struct error err;
	struct pair p;

	(void)state;
	assert_int_equal(vso_loopback_create(&l, &peer, &(struct vso_loopback_options){
						     .pages = 50 }, &err), 0);
	*(struct vso_hello *)l->ops->page(l, 0) = (struct vso_hello){
		.magic = VSO_MAGIC, .version = VSO_VERSION, .table_hash = gl_table_hash(),
		.pages = 20, .objects = 5, .spaces = GL_SPACE_COUNT };
	assert_int_equal(vso_server_create(&s, peer, NULL, &err), 0);
	p = (struct pair){ .link = l, .server = s };
	for (d.pages = 18; d.pages < 22; d.pages++) {
		pair_show(&p, 1, &d);
		assert_int_equal(pair_take(&p, NULL), d.pages < 20 ? VSO_FAULT_OK
								   : VSO_FAULT_PAGE_RANGE);
	}
	vso_server_destroy(s, VSO_FAULT_OK, NULL);
	l->ops->close(l);
}

/* Lists in circles of every length, and long ones that are none. */
static void test_circles(void **state)
{
	enum { LISTS = 9 };

	(void)state;
	for (uint32_t back = 0; back <= LISTS; back++) {
		struct vso_desc d = { .type = VSO_DATA, .size = LISTS * VSO_LIST * VSO_PAGE };
		uint32_t first, n;
		struct pair p;

		pair_open(&p, OBJECTS, DATA, 0, &(struct vso_loopback_options){ .guard = true }, NULL);
		first = d.pages = pair_free_page(&p);
		for (uint32_t i = 0; i < LISTS; i++) {
			struct vso_list *l = pair_page(&p, first + i);

			for (uint32_t k = 0; k < VSO_LIST; k++)
				l->page[k] = first + LISTS;
			l->next = i + 1 < LISTS ? first + i + 1 : 0;
		}
		if (back < LISTS)
			((struct vso_list *)pair_page(&p, first + LISTS - 2))->next = first + back;
		pair_show(&p, 1, &d);
		if (back < LISTS - 1) {
			assert_int_equal(pair_take(&p, &n), VSO_FAULT_LIST);
			assert_true(vso_server_counters(p.server)->lists <= LISTS);
			told[vso_client_fault(p.client, 1, NULL)] = true;
		} else {
			/* long: it takes more than one frame */
			while (pair_take(&p, &n) == VSO_FAULT_OK && !n)
				;
			assert_int_equal(n, 1);
			assert_int_equal(vso_client_fault(p.client, 1, NULL), VSO_FAULT_OK);
		}
		pair_close(&p);
	}
}

static void test_version_backwards(void **state)
{
	struct vso_desc d = { .type = VSO_DATA, .size = 8 };
	struct pair p;
	uint32_t n;

	(void)state;
	pair_open(&p, OBJECTS, DATA, 0, NULL, NULL);
	d.pages = pair_free_page(&p);
	pair_show(&p, 3, &d);
	pair_show(&p, 3, &d);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	atomic_store(&pair_entry(&p, 3)->version, 1);
	pair_dirty(&p, 3);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_VERSION);
	assert_int_equal(pair_state(&p, 3)->taken, 2);
	told[vso_client_fault(p.client, 3, NULL)] = true;
	/* the greatest, and around it */
	atomic_store(&pair_entry(&p, 3)->version, UINT64_MAX - 1);
	pair_show(&p, 3, &d);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	assert_int_equal(pair_state(&p, 3)->taken, UINT64_MAX);
	pair_show(&p, 3, &d);
	assert_int_equal(atomic_load(&pair_entry(&p, 3)->version), 0);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_VERSION);
	assert_int_equal(pair_state(&p, 3)->taken, UINT64_MAX);
	/* a bit without a version */
	pair_dirty(&p, 4);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	assert_int_equal(n, 0);
	pair_close(&p);
}

/* A version that rises with every instruction of the server's. */
static struct { _Atomic uint64_t *version; volatile sig_atomic_t on; } flip;

/* Trap flag: a signal after each instruction. */
#define TRAP_FLAG 0x100

static void flip_start(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void flip_step(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info;
	if (flip.on)
		atomic_fetch_add(flip.version, 2);
	else
		((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static void test_torn(void **state)
{
	struct sigaction start = { .sa_sigaction = flip_start, .sa_flags = SA_SIGINFO };
	struct sigaction step = { .sa_sigaction = flip_step, .sa_flags = SA_SIGINFO }, was[2];
	enum vso_fault fault;
	struct pair p;
	uint32_t n;

	(void)state;
	pair_open(&p, OBJECTS, DATA, 0, NULL, NULL);
	pair_entry(&p, 5)->desc[0] = (struct vso_desc){ .type = VSO_DATA, .size = 8,
							.pages = pair_free_page(&p) };
	flip.version = &pair_entry(&p, 5)->version;
	atomic_store(flip.version, 2);
	pair_dirty(&p, 5);
	sigaction(SIGUSR1, &start, &was[0]);
	sigaction(SIGTRAP, &step, &was[1]);
	flip.on = 1;
	raise(SIGUSR1);
	fault = pair_take(&p, &n);
	flip.on = 0;
	sigaction(SIGUSR1, &was[0], NULL);
	sigaction(SIGTRAP, &was[1], NULL);
	assert_int_equal(fault, VSO_FAULT_TORN);
	assert_int_equal(n, 1);
	assert_int_equal(vso_server_counters(p.server)->torn, vso_quotas_default.torn + 1);
	assert_int_equal(vso_client_fault(p.client, 5, NULL), VSO_FAULT_TORN);
	told[VSO_FAULT_TORN] = true;
	assert_true(pair_state(&p, 5)->taken <= atomic_load(flip.version));
	/* and at rest */
	pair_dirty(&p, 5);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	assert_int_equal(n, 1);
	assert_int_equal(vso_client_fault(p.client, 5, NULL), VSO_FAULT_OK);
	pair_close(&p);
}

/* Many objects on the same pages are much memory of the server's: to a point. */
static void test_memory(void **state)
{
	struct vso_quotas q = vso_quotas_default;
	struct vso_object o[20];
	struct vso_desc d = { .type = VSO_DATA, .size = 8192 };
	uint32_t n, first;
	struct pair p;

	(void)state;
	q.copied_bytes = 10 * 8192 + 100;
	pair_open(&p, OBJECTS, DATA, 0, NULL, &q);
	first = d.pages = pair_free_page(&p);
	*(struct vso_list *)pair_page(&p, first) = (struct vso_list){ { first, first }, 0 };
	for (uint32_t i = 1; i <= 20; i++)
		pair_show(&p, i, &d);
	assert_int_equal(vso_server_changes(p.server, o, 20), 20);
	for (n = 0; n < 20; n++) {
		assert_int_equal(o[n].fault, n < 10 ? VSO_FAULT_OK : VSO_FAULT_MEMORY);
		vso_server_taken(p.server, &o[n], 0, 0);
		vso_object_release(p.server, &o[n]);
	}
	told[vso_client_fault(p.client, 20, NULL)] = true;
	assert_int_equal(vso_server_counters(p.server)->copied_bytes, 0);
	assert_int_equal(vso_server_counters(p.server)->copies, 0);
	pair_show(&p, 20, &d);
	assert_int_equal(pair_take(&p, &n), VSO_FAULT_OK);
	pair_close(&p);
}

/* ---- streams ------------------------------------------------------------------------------- */

/* Each at the beginning of the ring, and where it wraps. */
static void test_streams(void **state)
{
	static const uint32_t code[1024];

	(void)state;
	for (unsigned wrap = 0; wrap < 2; wrap++)
		for (unsigned i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
			const struct stream_case *k = &streams[i];
			struct vso_stream_sp sp = { .callback = SP_REDRAW, .code = code };
			struct vso_stream_item item;
			struct vso_client_page *page;
			struct error err;
			uint8_t bytes[96] = { 0 };
			uint32_t first;
			struct pair p;
			int r;

			pair_open(&p, OBJECTS, DATA, STREAM,
				  &(struct vso_loopback_options){ .guard = true, .no_map = i & 1 }, NULL);
			/* 4096 at a time, the last one less */
			for (unsigned n = 0; wrap && n < STREAM / 4096; n++) {
				sp.words = (4096 - 48) / 4 - (n ? 0 : 16);
				assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), 0);
				assert_int_equal(vso_server_next(p.server, &item), 1);
				vso_server_done(p.server, &item, NULL);
			}
			page = vso_client_page(p.client);
			first = (uint32_t)(page->head % STREAM);
			assert_int_equal(first, wrap ? STREAM - 64 : 0);
			memcpy(bytes, &good, sizeof(good));
			for (unsigned n = 0; n < 2 && (!n || k->field[n].at); n++)
				memcpy(bytes + k->field[n].at, &k->field[n].value, 4);
			memcpy(bytes + 48, &k->payload, sizeof(k->payload));
			for (uint32_t b = 0; b < 96; b++) {
				uint32_t at = (first + b) % STREAM;
				const struct vso_list *l = pair_page(&p,
					((struct vso_hello *)pair_page(&p, 0))->stream_list);

				((uint8_t *)pair_page(&p, l->page[at / VSO_PAGE]))[at % VSO_PAGE] = bytes[b];
			}
			atomic_store(&page->head, page->head + k->head);
			r = vso_server_next(p.server, &item);
			if (r != (k->fault ? -EBADMSG : 1))
				fail_msg("%s: %d", k->name, r);
			assert_int_equal(vso_client_server(p.client)->stream_fault, k->fault);
			if (k->fault) {
				assert_int_equal(vso_server_next(p.server, &item), -EBADMSG);
				assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), -EIO);
				told[vso_client_server(p.client)->stream_fault] = true;
			}
			pair_close(&p);
		}
}

/* Backwards is never right, how little it may be. */
static void test_head_backwards(void **state)
{
	static const uint32_t code[12];
	struct vso_stream_sp sp = { .callback = SP_INIT, .code = code, .words = 12 };
	struct vso_stream_item item;
	struct error err;
	struct pair p;

	(void)state;
	pair_open(&p, OBJECTS, DATA, STREAM, NULL, NULL);
	assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), 0);
	assert_int_equal(vso_stream_push(p.client, &sp, 0, &err), 0);
	assert_int_equal(vso_server_next(p.server, &item), 1);
	atomic_fetch_sub(&vso_client_page(p.client)->head, 96);
	assert_int_equal(vso_server_next(p.server, &item), -EBADMSG);
	assert_int_equal(vso_client_server(p.client)->stream_fault, VSO_FAULT_STREAM_HEAD);
	assert_int_equal(vso_stream_wait(p.client, 2, 0, &err), -EIO);
	pair_close(&p);
}

/* ---- what those above tell ------------------------------------------------------------------- */

/* Faults of objects that the server finds when it verifies, compiles and runs; and reasons
 * for which it lets a client go. */
static void test_above(void **state)
{
	static const enum vso_fault of_objects[] = { VSO_FAULT_REFUSED, VSO_FAULT_SHADER,
						     VSO_FAULT_MEMORY, VSO_FAULT_GL, VSO_FAULT_WORK };
	struct vso_desc d = { .type = VSO_SP, .size = 8 };
	struct error err;
	struct pair p;

	(void)state;
	pair_open(&p, OBJECTS, DATA, STREAM, NULL, NULL);
	for (unsigned i = 0; i < sizeof(of_objects) / sizeof(*of_objects); i++) {
		struct vso_object o;

		assert_int_equal(vso_publish(p.client, 1, &d, "abcdefg", &err), 0);
		pair_change(&p, &o);
		o.fault = of_objects[i];
		vso_server_taken(p.server, &o, i, i);
		vso_object_release(p.server, &o);
		assert_int_equal(vso_client_fault(p.client, 1, NULL), of_objects[i]);
		told[of_objects[i]] = true;
	}
	vso_server_lost(p.server);
	assert_int_equal(vso_client_server(p.client)->generation, 1);
	assert_int_equal(vso_client_server(p.client)->stream_fault, VSO_FAULT_STREAM_LOST);
	told[VSO_FAULT_STREAM_LOST] = true;
	pair_close(&p);
	for (unsigned i = 0; i < VSO_FAULTS; i++) {
		if (vso_fault_act(i) != VSO_ACT_CLIENT)
			continue;
		pair_open(&p, OBJECTS, DATA, STREAM, NULL, NULL);
		vso_server_destroy(p.server, i, i & 1 ? "because" : NULL);
		assert_int_equal(vso_client_server(p.client)->phase, VSO_PHASE_CLOSED);
		assert_int_equal(vso_client_server(p.client)->refusal, i);
		assert_string_equal(vso_client_server(p.client)->why,
				    i & 1 ? "because" : vso_fault_sentence(i));
		assert_int_equal(vso_client_start(p.client, 0, &err), -EACCES);
		told[i] = true;
		vso_client_destroy(p.client);
	}
}

static void test_all_told(void **state)
{
	(void)state;
	told[VSO_FAULT_OK] = true;
	for (unsigned i = 0; i < VSO_FAULTS; i++) {
		assert_true(strlen(vso_fault_sentence(i)) > 5);
		assert_string_not_equal(vso_fault_name(i), "?");
		if (!told[i])
			fail_msg("no test reaches %s", vso_fault_name(i));
	}
	assert_string_equal(vso_fault_name(VSO_FAULTS), "?");
	assert_string_equal(vso_fault_name(VSO_FAULT_PAGE_RANGE), "page-range");
}

/* The manual's table has each, with what is done and the sentence. */
static void test_documented(void **state)
{
	static const char *const acts[] = { "nothing", "object", "stream", "client" };
	FILE *f = fopen("docs/PROTOCOL.md", "r");
	static char text[1 << 17];
	char row[300];

	(void)state;
	if (!f) {
		print_message("docs/PROTOCOL.md is not here: run at the top of the tree\n");
		skip();
	}
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	for (unsigned i = 1; i < VSO_FAULTS; i++) {
		snprintf(row, sizeof(row), "| `%s` | %s | %s |", vso_fault_name(i),
			 acts[vso_fault_act(i)], vso_fault_sentence(i));
		if (!strstr(text, row))
			fail_msg("docs/PROTOCOL.md lacks: %s", row);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello), cmocka_unit_test(test_no_pages),
		cmocka_unit_test(test_objects), cmocka_unit_test(test_unclaimed), cmocka_unit_test(test_circles),
		cmocka_unit_test(test_version_backwards), cmocka_unit_test(test_torn),
		cmocka_unit_test(test_memory), cmocka_unit_test(test_streams),
		cmocka_unit_test(test_head_backwards), cmocka_unit_test(test_above),
		cmocka_unit_test(test_all_told), cmocka_unit_test(test_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
