/* client_priv.h - between the files of the client's half.  Private to blink/vso. */
#ifndef BLINK_VSO_CLIENT_PRIV_H
#define BLINK_VSO_CLIENT_PRIV_H

#include "blink/vso/shared.h"
#include "blink/vso/vso.h"

/* ---- pages: which are free (client_pages.c) --------------------------------------- */
struct page_pool {
	uint64_t *used;                /* bit per page */
	uint32_t first, pages;         /* the client's own: first to pages - 1 */
	uint32_t low, free;            /* none below low is free */
};
int page_pool_init(struct page_pool *p, uint32_t first, uint32_t pages);
void page_pool_finish(struct page_pool *p);
/* n pages in a row; 0: there are none. */
uint32_t page_pool_run(struct page_pool *p, uint32_t n);
/* n pages in as few rows as there are, into to.  False: fewer are free, none taken. */
bool page_pool_any(struct page_pool *p, uint32_t *to, uint32_t n);
void page_pool_free(struct page_pool *p, uint32_t first, uint32_t n);

/* ---- leases: pages that the server may be reading ------------------------------------ */
struct lease {
	struct lease *older;
	uint64_t version;
	uint32_t first, n;             /* data pages in a row; first 0: all of them in pages */
	uint32_t nlists;               /* list pages, at the end of pages */
	uint32_t pages[];
};

struct published {
	uint64_t version;
	struct lease *leases;          /* latest first */
};

struct vso_client {
	struct vso_link *link;
	uint8_t *all;                  /* the pages as one range, or NULL */
	struct page_pool pool;
	uint32_t objects, generation;
	struct vso_server_page *server;
	struct vso_client_page *page;
	struct vso_dirty *dirty;
	struct vso_entry **entries;
	struct vso_state **states;
	struct published *published;
	/* being filled in place, between begin and end */
	uint32_t filling;              /* object, 0 none */
	struct vso_desc filling_desc;
	struct lease *filling_lease;
	void *bounce;                  /* where it is filled, if its pages are scattered */
	/* the stream */
	uint32_t stream_bytes, stream_list;
	uint32_t *stream_pages;
	uint8_t *stream_flat;
	uint64_t head, pushed;
	uint64_t parted;               /* bytes that are there of one longer than the ring, */
	uint32_t parted_size;          /* which is so long */
};

static inline void *client_at(const struct vso_client *c, uint32_t page)
{
	return c->all ? c->all + (size_t)page * VSO_PAGE : c->link->ops->page(c->link, page);
}
static inline struct vso_entry *client_entry(const struct vso_client *c, uint32_t object)
{
	return &c->entries[object / 64][object % 64];
}
static inline struct vso_state *client_state(const struct vso_client *c, uint32_t object)
{
	return &c->states[object / 128][object % 128];
}

int client_stream_open(struct vso_client *c, uint32_t bytes, struct error *err);
void client_stream_close(struct vso_client *c);
/* Writes lists of n pages to nlists list pages. */
void client_list_write(struct vso_client *c, const uint32_t *pages, uint32_t n,
		       const uint32_t *lists);
static inline uint32_t client_lists_of(uint32_t n) { return (n + VSO_LIST - 1) / VSO_LIST; }

#endif
