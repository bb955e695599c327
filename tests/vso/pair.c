/* pair.c - see pair.h. */
#include "tests/vso/pair.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

void pair_open(struct pair *p, uint32_t objects, uint32_t data, uint32_t stream,
	       const struct vso_loopback_options *options, const struct vso_quotas *quotas)
{
	struct vso_loopback_options opt = options ? *options : (struct vso_loopback_options){ 0 };
	struct vso_wishes w = { .name = "test", .objects = objects, .data_bytes = data,
				.stream_bytes = stream };
	struct error err = { 0 };

	opt.pages = vso_client_pages(&w);
	if (vso_loopback_create(&p->link, &p->peer, &opt, &err) ||
	    vso_client_create(&p->client, p->link, &w, &err) ||
	    vso_server_create(&p->server, p->peer, quotas, &err) ||
	    vso_client_start(p->client, 0, &err))
		fail_msg("%s", err.text);
}

void pair_close(struct pair *p)
{
	vso_server_destroy(p->server, VSO_FAULT_OK, NULL);
	vso_client_destroy(p->client);
}

enum vso_fault pair_take(struct pair *p, uint32_t *n)
{
	enum vso_fault fault = VSO_FAULT_OK;
	struct vso_object o[8];
	uint32_t k;

	if (n)
		*n = 0;
	do {
		k = vso_server_changes(p->server, o, 8);
		for (uint32_t i = 0; i < k; i++) {
			if (o[i].fault)
				fault = o[i].fault;
			vso_server_taken(p->server, &o[i], 0, 0);
			vso_object_release(p->server, &o[i]);
		}
		if (n)
			*n += k;
	} while (k == 8);
	return fault;
}

static uint8_t at(uint32_t i, uint32_t seed) { return (uint8_t)((i * 167 ^ i >> 8) + seed * 31); }

void pattern(uint8_t *to, uint32_t size, uint32_t seed)
{
	for (uint32_t i = 0; i < size; i++)
		to[i] = at(i, seed);
}

bool pattern_is(const void *data, uint32_t size, uint32_t seed)
{
	const uint8_t *d = data;

	for (uint32_t i = 0; i < size; i++)
		if (d[i] != at(i, seed))
			return false;
	return true;
}

unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}
