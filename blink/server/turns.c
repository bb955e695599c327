/* turns.c - whose turn is how long.
 *
 * A display frame has the time from its beginning to the next one, but for an eighth and
 * what the server's own drawing takes.  Every client that does something has an equal share
 * of it, which is its own however busy the others are.  Those that stay within their shares
 * come first; what they leave, and are not expected to need for their redraws, is divided
 * among those that want more (the greedy), in turn.  What does not end in its time goes on
 * at the next display frame.  The greedy, and those that bring much, are prepared when the
 * others have been drawn: what that takes now, and not in the next frame, moves nobody else's
 * redraw.
 *
 * Time is cut at commands, and some commands cannot be cut: a draw may make a driver compile
 * for a tenth of a second, a procedure of a million words is verified at once.  A turn that
 * so makes a display frame fail is a stall.  A client may have some when it begins, long
 * ones, for a frame that fails is one frame however long it takes; then it is on probation:
 * it waits for longer after each stall, until it has been good for long enough, which is
 * twice as long after each further stall.
 * All clients of a painter together have a burst of stalls, so that some that begin slowly
 * at once need not wait for each other: as long as none of the others works steadily, for then
 * the first is one too many.  But those who work steadily themselves share the burst's next
 * stall, when it is short: a machine that is slow for a moment makes somebody's turn too long who
 * did nothing else than before.  When it is used up, all on probation together have a
 * turn only when no frame failed through one of them for TURNS_APART frames.  So for those who
 * work steadily stalls are fewer than one in a hundred frames, but for the first of each that
 * comes, whoever wants more of them; and whoever leaves and comes again is known.  Who is alone
 * disturbs nobody.
 *
 * With limits.frame_ns there is a fixed budget instead, and none of this. */
#include <string.h>
#include <time.h>
#include <xxhash.h>

#include "blink/server/painter.h"

#define ACTIVE_NS 2000u                 /* who uses less does nothing */
#define TURNS_APART 130u                /* display frames between stalls */
#define STEADY_FRAMES 128u              /* of good work, and from then on it is disturbed */
#define STALLS_FREE 24u                 /* of a client that is not known for them, at most */
#define FREE_APART 2u                   /* one in so many frames; on probation: */
#define PROOF_APART 16u
#define STALLS_BURST 64u                /* of all together; one comes back in TURNS_APART */
#define PROOF_LEAST 64u                 /* frames of good work */
#define PROOF_MOST 8192u
#define MOMENT_PERIODS 2u               /* a stall of steady work that costs nothing */
#define GRACE_PROOF 256u                /* who has to prove itself for longer has no grace */
#define GRACE_PERIODS 12u               /* a frame that failed may as well fail for so long */
#define GRACE_MOST 400000000u           /* and no longer: the watchdog's turn is a second */
#define BEHIND 16u                      /* bringing takes 1/16 of a period, or more */
#define ROOM 256u
#define ROOM_FRAMES 4u                  /* in which 1/ROOM of what is left is given back */
#define PUT_OFF_MOST 4u                 /* frames in succession */
#define ALONE_PERIODS 2u                /* a turn of who has the screen for itself */

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	if (server_clock)
		return server_clock();
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool tied(const struct painter *p)
{
	return !p->opt.limits.frame_ns;
}

/* ---- what is expected ---------------------------------------------------------------- */

/* The most lately; what is less often so goes by 1/16. */
static void lately(uint64_t *most, uint64_t ns)
{
	*most -= (*most + 15) / 16;
	if (ns > *most)
		*most = ns;
}

static uint64_t usual(const struct window *w)
{
	return w->turn.prepare_ns + w->turn.draw_ns;
}

static bool is_active(const struct window *w)
{
	return usual(w) > ACTIVE_NS;
}

/* Nobody else does anything: whatever w does disturbs nobody. */
static bool is_alone(const struct painter *p, const struct window *w)
{
	return p->turns.active == is_active(w);
}

/* One of the others has worked for so long that it is noticed when it does not. */
static bool is_disturbing(const struct painter *p, const struct window *w)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->windows[i] != w && p->windows[i]->turn.good >= STEADY_FRAMES)
			return true;
	return false;
}

/* Stalls that all of them may have at once. */
static uint32_t burst_of(const struct painter *p, const struct window *w)
{
	return is_disturbing(p, w) ? 1 : STALLS_BURST;
}

static bool on_probation(const struct window *w)
{
	return w->turn.good < w->turn.proof;
}

static void expect(struct painter *p, struct window *w, uint64_t ns)
{
	if (w->turn.greedy) {
		p->turns.greedy -= w->turn.expected_ns != 0;
		p->turns.greedy += ns != 0;
	} else {
		p->turns.expected_ns += ns - w->turn.expected_ns;
	}
	w->turn.expected_ns = ns;
}

uint64_t turns_over(const struct painter *p)
{
	return p->turns.began_ns + p->turns.usable_ns;
}

uint64_t turns_usual(const struct window *w)
{
	return usual(w);
}

static uint64_t elapsed(const struct painter *p)
{
	uint64_t now = monotonic_ns();

	return now > p->turns.began_ns ? now - p->turns.began_ns : 0;
}

/* Of this frame's time, when the others have had what they are expected to take. */
static uint64_t spare(const struct painter *p, const struct window *w)
{
	uint64_t used = elapsed(p) + p->turns.expected_ns -
			(w->turn.greedy ? 0 : w->turn.expected_ns);

	return used < p->turns.usable_ns ? p->turns.usable_ns - used : 0;
}

static uint64_t share_of(const struct painter *p, const struct window *w)
{
	uint32_t n = p->turns.active + !is_active(w);

	return p->turns.usable_ns / (n ? n : 1);
}

/* ---- a display frame ------------------------------------------------------------------- */

static uint64_t most_of(const struct painter *p, const struct window *w)
{
	if (!tied(p))
		return p->opt.limits.frame_ns;
	return is_alone(p, w) ? ALONE_PERIODS * p->period_ns : p->turns.usable_ns;
}

static void over_set(struct painter *p, struct window *w, bool over)
{
	bool was = w->over_budget;

	w->over_budget = over;
	if (!over || was)
		return;
	painter_event_of(p, w, SERVER_EVENT_OVER_BUDGET, 0, 0);
}

static bool brings_much(const struct painter *p, const struct window *w)
{
	return tied(p) && w->turn.take_ns >= p->period_ns / BEHIND;
}

static void credit(struct painter *p, struct window *w)
{
	int64_t most = (int64_t)most_of(p, w);

	if (w->turn.spent_ns > ACTIVE_NS)
		w->turn.good++;
	else if (!w->over_budget) {
		lately(&w->turn.prepare_ns, 0);
		lately(&w->turn.draw_ns, 0);
	}
	w->credit_ns = w->credit_ns + most < most ? w->credit_ns + most : most;
	w->turn.spent_ns = w->turn.expected_ns = 0;
	w->turn.greedy = tied(p) && usual(w) > share_of(p, w);
	w->turn.behind = w->turn.greedy || brings_much(p, w);
	expect(p, w, usual(w));
}

static void frame_set(struct painter *p)
{
	uint64_t period = p->period_ns, late = p->now_ns % period, most = period - period / 8;

	p->turns.began_ns = monotonic_ns() - (late < period / 2 ? late : 0);
	p->turns.usable_ns = p->turns.own_ns < most / 2 ? most - p->turns.own_ns : most / 2;
	p->turns.expected_ns = p->turns.spent_ns = 0;
	if (p->turns.taken && p->frames - p->turns.refill_frame >= TURNS_APART) {
		p->turns.taken--;
		p->turns.refill_frame = p->frames;
	}
	p->turns.greedy = p->turns.active = p->turns.tried = 0;
	for (uint32_t i = 0; i < p->n; i++)
		p->turns.active += is_active(p->windows[i]);
}

void turns_begin(struct painter *p)
{
	frame_set(p);
	for (uint32_t i = 0; i < p->n; i++)
		credit(p, p->windows[i]);
}

/* Those within their shares first, who brings much behind the others; then the greedy, another one
 * first at each frame. */
struct window *turns_next(struct painter *p, uint32_t *at)
{
	uint32_t n = p->n, first = n ? (uint32_t)(p->frames % n) : 0;

	for (; *at < 3 * n; (*at)++) {
		uint32_t pass = *at / n, i = *at % n;
		struct window *w = p->windows[pass < 2 ? i : (i + first) % n];

		if (pass == (w->turn.greedy ? 2 : w->turn.behind ? 1 : 0)) {
			(*at)++;
			return w;
		}
	}
	return NULL;
}

bool turns_draw(const struct painter *p, struct window *w)
{
	if (w->turn.prepared_frame != p->frames || w->turn.drawn_frame == p->frames)
		return false;
	w->turn.drawn_frame = p->frames;
	return true;
}

static bool is_waiting(const struct painter *p, const struct window *w)
{
	return p->frames < w->turn.wait_until;
}

/* Those on probation, who has waited longest before others: while something is left of the
 * burst, then one in a frame and only if the last stall is long ago. */
static bool probation_allows(struct painter *p, struct window *w)
{
	if (!tied(p) || is_alone(p, w))
		return true;
	if (is_waiting(p, w))
		return false;
	if (!on_probation(w))
		return true;
	if (p->turns.stall_frame == p->frames)
		return false;
	if (p->turns.taken >= burst_of(p, w) &&
	    (p->turns.tried || p->frames - p->turns.stall_frame < TURNS_APART))
		return false;
	for (uint32_t i = 0; i < p->n; i++) {
		struct window *v = p->windows[i];

		if (v != w && on_probation(v) && !is_waiting(p, v) && is_active(v) &&
		    v->turn.last_frame < w->turn.last_frame)
			return false;
	}
	p->turns.tried = w->id;
	return true;
}

bool turns_allow(struct painter *p, struct window *w)
{
	over_set(p, w, w->credit_ns <= 0 || !probation_allows(p, w));
	if (w->over_budget)
		expect(p, w, 0);
	return !w->over_budget;
}

uint64_t turns_budget(const struct painter *p, const struct window *w)
{
	uint64_t credits = w->credit_ns > 0 ? (uint64_t)w->credit_ns : 0, own, more;

	if (!tied(p) || is_alone(p, w))
		return credits;
	own = share_of(p, w);
	own = own > w->turn.spent_ns ? own - w->turn.spent_ns : 0;
	more = spare(p, w) / (w->turn.greedy && p->turns.greedy ? p->turns.greedy : 1);
	if (w->turn.greedy)
		more -= more / ROOM * p->turns.less;
	if (own < more)
		own = more;
	return own < credits ? own : credits;
}

uint64_t turns_grace(const struct painter *p, const struct window *w)
{
	uint64_t ns = GRACE_PERIODS * p->period_ns;

	if (!tied(p) || w->turn.proof >= GRACE_PROOF)
		return 0;
	return ns < GRACE_MOST ? ns : GRACE_MOST;
}

/* ---- what was used ------------------------------------------------------------------- */

/* The frame fails, and it is this turn's doing. */
static bool is_stall(const struct painter *p, const struct window *w, uint64_t cpu_ns)
{
	return tied(p) && !is_alone(p, w) && cpu_ns > w->turn.given_ns + p->period_ns / 8 &&
	       elapsed(p) > p->period_ns;
}

/* One of steady work, and no longer than a machine's being slow makes it: whoever could have his
 * grace for nothing again and again would take a tenth of the time. */
static bool is_a_moment(const struct painter *p, const struct window *w, uint64_t cpu_ns)
{
	return w->turn.good >= STEADY_FRAMES && !on_probation(w) &&
	       cpu_ns < w->turn.given_ns + MOMENT_PERIODS * p->period_ns;
}

static void stall(struct painter *p, struct window *w, uint64_t cpu_ns)
{
	bool burst = p->turns.taken < burst_of(p, w);
	bool moment = is_a_moment(p, w, cpu_ns);

	if (!p->turns.taken)
		p->turns.refill_frame = p->frames;
	p->turns.taken += burst;
	p->turns.stall_frame = p->frames;
	w->turn.good = 0;
	w->turn.wait_until = p->frames + FREE_APART;
	if (moment && burst)
		return;
	if (w->turn.stalls++ < STALLS_FREE && burst && !is_disturbing(p, w))
		return;
	w->turn.proof = w->turn.proof < PROOF_LEAST ? PROOF_LEAST
			: w->turn.proof < PROOF_MOST ? w->turn.proof * 2 : PROOF_MOST;
	w->turn.wait_until = p->frames + PROOF_APART;
}

void turns_spent(struct painter *p, struct window *w, uint64_t cpu_ns, bool drawing)
{
	int64_t most = (int64_t)most_of(p, w);

	if (is_stall(p, w, cpu_ns))
		stall(p, w, cpu_ns);
	lately(drawing ? &w->turn.draw_ns : &w->turn.prepare_ns, cpu_ns);
	if (!drawing)
		w->turn.take_ns = cpu_ns > w->turn.take_ns ? cpu_ns
							   : w->turn.take_ns - w->turn.take_ns / 64;
	w->turn.spent_ns += cpu_ns;
	p->turns.spent_ns += cpu_ns;
	expect(p, w, drawing || w->over_budget ? 0 : w->turn.draw_ns);
	w->turn.last_frame = p->frames;
	if (drawing) {
		w->turn.drew_frame = p->frames;
		w->turn.drew_ns = cpu_ns;
	}
	w->cpu_ns += cpu_ns;
	/* more than a second's worth is not owed: the watchdog's affair */
	if (cpu_ns > 1000000000u)
		cpu_ns = 1000000000u;
	w->credit_ns -= (int64_t)cpu_ns;
	if (w->credit_ns < -20 * most)
		w->credit_ns = -20 * most;
}

/* Nothing is left of its time: its redraw waits for the next frame, and its picture stays. */
void turns_prepared(struct painter *p, struct window *w)
{
	struct served_look look;

	if (w->over_budget || !w->turn.greedy || is_alone(p, w) || turns_budget(p, w))
		return;
	served_look(w->client, &look);
	if (look.has_redraw)
		over_set(p, w, true);
}

/* Films that began together bring their next pictures together: who does not find room for that
 * beside what all are expected to need shows what it has for some frames more.  But who needs half
 * of its share at most is not to wait because others have used all that was left. */
bool turns_put_off(struct painter *p, struct window *w)
{
	uint64_t need = elapsed(p) + p->turns.expected_ns + w->turn.take_ns;
	bool small = !w->turn.greedy && w->turn.take_ns + w->turn.draw_ns <= share_of(p, w) / 2;

	if (!w->turn.greedy)
		need -= w->turn.prepare_ns < need ? w->turn.prepare_ns : need;
	if (!tied(p) || is_alone(p, w) || small || p->frames - w->turn.drew_frame > 1 ||
	    w->turn.put_off >= PUT_OFF_MOST || !brings_much(p, w) ||
	    need <= p->turns.usable_ns) {
		w->turn.put_off = 0;
		return false;
	}
	w->turn.put_off++;
	return true;
}

/* What its preparing took, or the others' did, leaves too little of its time for a redraw that
 * may be of one command: it waits too, but not twice in succession.  (After a draw for which the
 * driver compiled, the next one is another.) */
bool turns_postpone(struct painter *p, struct window *w)
{
	if (!tied(p) || is_alone(p, w) || p->frames - w->turn.drew_frame > 1 ||
	    w->turn.drew_ns <= turns_budget(p, w) + p->period_ns / 8 ||
	    w->turn.drew_ns > p->period_ns)
		return false;
	expect(p, w, 0);
	over_set(p, w, true);
	return true;
}

/* ---- who comes again -------------------------------------------------------------------- */

static uint64_t key_of(const struct window *w)
{
	const char *label = vso_server_peer(served_vso(w->client))->label;

	return XXH3_64bits(label, strlen(label)) | 1;
}

void turns_leave(struct painter *p, const struct window *w)
{
	struct turn_note *n = &p->turns.note[p->turns.noted % TURNS_NOTES];
	uint64_t key = key_of(w);

	if (!w->turn.stalls)
		return;
	for (uint32_t i = 0; i < TURNS_NOTES; i++)
		if (p->turns.note[i].key == key)
			n = &p->turns.note[i];
	p->turns.noted += n->key != key;
	*n = (struct turn_note){ key, w->turn.stalls, w->turn.proof };
}

void turns_come(const struct painter *p, struct window *w)
{
	uint64_t key = key_of(w);

	for (uint32_t i = 0; i < TURNS_NOTES; i++)
		if (p->turns.note[i].key == key) {
			w->turn.stalls = p->turns.note[i].stalls;
			w->turn.proof = p->turns.note[i].proof;
		}
}

/* Time in which others had the processor is not in anybody's budget: where frames fail
 * through that, the greedy are to leave more of them. */
static void room_set(struct painter *p)
{
	bool greedy = false;

	for (uint32_t i = 0; i < p->n; i++)
		greedy |= p->windows[i]->turn.greedy && p->windows[i]->turn.spent_ns > ACTIVE_NS;
	if (greedy && elapsed(p) > p->period_ns)
		p->turns.less += (ROOM - p->turns.less) / 4;
	else if (p->turns.less && p->frames % ROOM_FRAMES == 0)
		p->turns.less--;
}

void turns_end(struct painter *p, uint64_t cpu_ns)
{
	lately(&p->turns.own_ns, cpu_ns > p->turns.spent_ns ? cpu_ns - p->turns.spent_ns : 0);
	room_set(p);
}
