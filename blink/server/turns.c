/* turns.c - whose turn is how long.
 *
 * A display frame has the time from its beginning to the next one, but for an eighth and
 * what the server's own drawing takes.  Every client that does something has an equal share
 * of it, which is its own however busy the others are.  Those that stay within their shares
 * come first; what they leave, and are not expected to need for their redraws, is divided
 * among those that want more (the greedy), in turn.  What does not end in its time goes on
 * at the next display frame.
 *
 * Time is cut at commands, and some commands cannot be cut: a draw may make a driver compile
 * for a tenth of a second, a procedure of a million words is verified at once.  A turn that
 * so makes a display frame fail is a stall.  A client may have some when it begins, long
 * ones, for a frame that fails is one frame however long it takes; then it is on probation:
 * it waits for longer after each stall, until it has been good for long enough, which is
 * twice as long after each further stall.
 * All clients of a painter together have a burst of stalls, so that some that begin slowly
 * at once need not wait for each other.  When it is used up, all on probation together have a
 * turn only when no frame failed through one of them for TURNS_APART frames.  So but for the burst
 * stalls are fewer than one in a hundred frames, whoever wants more of them; and whoever
 * leaves and comes again is known.  Who is alone disturbs nobody.
 *
 * With limits.frame_ns there is a fixed budget instead, and none of this. */
#include <string.h>
#include <time.h>
#include <xxhash.h>

#include "blink/server/painter.h"

#define ACTIVE_NS 2000u                 /* who uses less does nothing */
#define TURNS_APART 130u                /* display frames between stalls */
#define STALLS_FREE 24u                 /* of a client that is not known for them, at most */
#define FREE_APART 2u                   /* one in so many frames; on probation: */
#define PROOF_APART 16u
#define STALLS_BURST 64u                /* of all together; one comes back in TURNS_APART */
#define PROOF_LEAST 64u                 /* frames of good work */
#define PROOF_MOST 8192u
#define GRACE_PROOF 256u                /* who has to prove itself for longer has no grace */
#define GRACE_PERIODS 12u               /* a frame that failed may as well fail for so long */
#define GRACE_MOST 400000000u           /* and no longer: the watchdog's turn is a second */
#define ROOM 256u
#define ROOM_FRAMES 4u                  /* in which 1/ROOM of what is left is given back */
#define ALONE_PERIODS 2u                /* a turn of who has the screen for itself */

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool tied(const struct painter *s)
{
	return !s->opt.limits.frame_ns;
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
static bool is_alone(const struct painter *s, const struct window *w)
{
	return s->turns.active == is_active(w);
}

static bool on_probation(const struct window *w)
{
	return w->turn.good < w->turn.proof;
}

static void expect(struct painter *s, struct window *w, uint64_t ns)
{
	if (w->turn.greedy) {
		s->turns.greedy -= w->turn.expected_ns != 0;
		s->turns.greedy += ns != 0;
	} else {
		s->turns.expected_ns += ns - w->turn.expected_ns;
	}
	w->turn.expected_ns = ns;
}

uint64_t turns_over(const struct painter *s)
{
	return s->turns.began_ns + s->turns.usable_ns;
}

uint64_t turns_usual(const struct window *w)
{
	return usual(w);
}

static uint64_t elapsed(const struct painter *s)
{
	uint64_t now = monotonic_ns();

	return now > s->turns.began_ns ? now - s->turns.began_ns : 0;
}

/* Of this frame's time, when the others have had what they are expected to take. */
static uint64_t spare(const struct painter *s, const struct window *w)
{
	uint64_t used = elapsed(s) + s->turns.expected_ns -
			(w->turn.greedy ? 0 : w->turn.expected_ns);

	return used < s->turns.usable_ns ? s->turns.usable_ns - used : 0;
}

static uint64_t share_of(const struct painter *s, const struct window *w)
{
	uint32_t n = s->turns.active + !is_active(w);

	return s->turns.usable_ns / (n ? n : 1);
}

/* ---- a display frame ------------------------------------------------------------------- */

static uint64_t most_of(const struct painter *s, const struct window *w)
{
	if (!tied(s))
		return s->opt.limits.frame_ns;
	return is_alone(s, w) ? ALONE_PERIODS * s->period_ns : s->turns.usable_ns;
}

static void over_set(struct painter *s, struct window *w, bool over)
{
	bool was = w->over_budget;

	w->over_budget = over;
	if (!over || was)
		return;
	painter_event_of(s, w, SERVER_EVENT_OVER_BUDGET, 0, 0);
}

static void credit(struct painter *s, struct window *w)
{
	int64_t most = (int64_t)most_of(s, w);

	if (w->turn.spent_ns > ACTIVE_NS)
		w->turn.good++;
	else if (!w->over_budget) {
		lately(&w->turn.prepare_ns, 0);
		lately(&w->turn.draw_ns, 0);
	}
	w->credit_ns = w->credit_ns + most < most ? w->credit_ns + most : most;
	w->turn.spent_ns = w->turn.expected_ns = 0;
	w->turn.greedy = tied(s) && usual(w) > share_of(s, w);
	expect(s, w, usual(w));
}

static void frame_set(struct painter *s)
{
	uint64_t period = s->period_ns, late = s->now_ns % period, most = period - period / 8;

	s->turns.began_ns = monotonic_ns() - (late < period / 2 ? late : 0);
	s->turns.usable_ns = s->turns.own_ns < most / 2 ? most - s->turns.own_ns : most / 2;
	s->turns.expected_ns = s->turns.spent_ns = 0;
	if (s->turns.taken && s->frames - s->turns.refill_frame >= TURNS_APART) {
		s->turns.taken--;
		s->turns.refill_frame = s->frames;
	}
	s->turns.greedy = s->turns.active = s->turns.tried = 0;
	for (uint32_t i = 0; i < s->n; i++)
		s->turns.active += is_active(s->windows[i]);
}

void turns_begin(struct painter *s)
{
	frame_set(s);
	for (uint32_t i = 0; i < s->n; i++)
		credit(s, s->windows[i]);
}

/* Those within their shares first; then the greedy, another one first at each frame. */
struct window *turns_next(struct painter *s, uint32_t *at)
{
	uint32_t n = s->n, first = n ? (uint32_t)(s->frames % n) : 0;

	for (; *at < n; (*at)++)
		if (!s->windows[*at]->turn.greedy)
			return s->windows[(*at)++];
	for (; *at < 2 * n; (*at)++) {
		struct window *w = s->windows[(*at - n + first) % n];

		if (w->turn.greedy) {
			(*at)++;
			return w;
		}
	}
	return NULL;
}

static bool is_waiting(const struct painter *s, const struct window *w)
{
	return s->frames < w->turn.wait_until;
}

/* Those on probation, who has waited longest before others: while something is left of the
 * burst, then one in a frame and only if the last stall is long ago. */
static bool probation_allows(struct painter *s, struct window *w)
{
	if (!tied(s) || is_alone(s, w))
		return true;
	if (is_waiting(s, w))
		return false;
	if (!on_probation(w))
		return true;
	if (s->turns.stall_frame == s->frames)
		return false;
	if (s->turns.taken >= STALLS_BURST &&
	    (s->turns.tried || s->frames - s->turns.stall_frame < TURNS_APART))
		return false;
	for (uint32_t i = 0; i < s->n; i++) {
		struct window *v = s->windows[i];

		if (v != w && on_probation(v) && !is_waiting(s, v) && is_active(v) &&
		    v->turn.last_frame < w->turn.last_frame)
			return false;
	}
	s->turns.tried = w->id;
	return true;
}

bool turns_allow(struct painter *s, struct window *w)
{
	over_set(s, w, w->credit_ns <= 0 || !probation_allows(s, w));
	if (w->over_budget)
		expect(s, w, 0);
	return !w->over_budget;
}

uint64_t turns_budget(const struct painter *s, const struct window *w)
{
	uint64_t credits = w->credit_ns > 0 ? (uint64_t)w->credit_ns : 0, own, more;

	if (!tied(s) || is_alone(s, w))
		return credits;
	own = share_of(s, w);
	own = own > w->turn.spent_ns ? own - w->turn.spent_ns : 0;
	more = spare(s, w) / (w->turn.greedy && s->turns.greedy ? s->turns.greedy : 1);
	if (w->turn.greedy)
		more -= more / ROOM * s->turns.less;
	if (own < more)
		own = more;
	return own < credits ? own : credits;
}

uint64_t turns_grace(const struct painter *s, const struct window *w)
{
	uint64_t ns = GRACE_PERIODS * s->period_ns;

	if (!tied(s) || w->turn.proof >= GRACE_PROOF)
		return 0;
	return ns < GRACE_MOST ? ns : GRACE_MOST;
}

/* ---- what was used ------------------------------------------------------------------- */

/* The frame fails, and it is this turn's doing. */
static bool is_stall(const struct painter *s, const struct window *w, uint64_t cpu_ns)
{
	return tied(s) && !is_alone(s, w) && cpu_ns > w->turn.given_ns + s->period_ns / 8 &&
	       elapsed(s) > s->period_ns;
}

static void stall(struct painter *s, struct window *w)
{
	bool burst = s->turns.taken < STALLS_BURST;

	if (!s->turns.taken)
		s->turns.refill_frame = s->frames;
	s->turns.taken += burst;
	s->turns.stall_frame = s->frames;
	w->turn.good = 0;
	w->turn.wait_until = s->frames + FREE_APART;
	if (w->turn.stalls++ < STALLS_FREE && burst)
		return;
	w->turn.proof = w->turn.proof < PROOF_LEAST ? PROOF_LEAST
			: w->turn.proof < PROOF_MOST ? w->turn.proof * 2 : PROOF_MOST;
	w->turn.wait_until = s->frames + PROOF_APART;
}

void turns_spent(struct painter *s, struct window *w, uint64_t cpu_ns, bool drawing)
{
	int64_t most = (int64_t)most_of(s, w);

	if (is_stall(s, w, cpu_ns))
		stall(s, w);
	lately(drawing ? &w->turn.draw_ns : &w->turn.prepare_ns, cpu_ns);
	w->turn.spent_ns += cpu_ns;
	s->turns.spent_ns += cpu_ns;
	expect(s, w, drawing || w->over_budget ? 0 : w->turn.draw_ns);
	w->turn.last_frame = s->frames;
	w->cpu_ns += cpu_ns;
	/* more than a second's worth is not owed: the watchdog's affair */
	if (cpu_ns > 1000000000u)
		cpu_ns = 1000000000u;
	w->credit_ns -= (int64_t)cpu_ns;
	if (w->credit_ns < -20 * most)
		w->credit_ns = -20 * most;
}

/* Nothing is left of its time: its redraw waits for the next frame, and its picture stays. */
void turns_prepared(struct painter *s, struct window *w)
{
	struct served_look look;

	if (w->over_budget || !w->turn.greedy || is_alone(s, w) || turns_budget(s, w))
		return;
	served_look(w->client, &look);
	if (look.has_redraw)
		over_set(s, w, true);
}

/* ---- who comes again -------------------------------------------------------------------- */

static uint64_t key_of(const struct window *w)
{
	const char *label = vso_server_peer(served_vso(w->client))->label;

	return XXH3_64bits(label, strlen(label)) | 1;
}

void turns_leave(struct painter *s, const struct window *w)
{
	struct turn_note *n = &s->turns.note[s->turns.noted % TURNS_NOTES];
	uint64_t key = key_of(w);

	if (!w->turn.stalls)
		return;
	for (uint32_t i = 0; i < TURNS_NOTES; i++)
		if (s->turns.note[i].key == key)
			n = &s->turns.note[i];
	s->turns.noted += n->key != key;
	*n = (struct turn_note){ key, w->turn.stalls, w->turn.proof };
}

void turns_come(const struct painter *s, struct window *w)
{
	uint64_t key = key_of(w);

	for (uint32_t i = 0; i < TURNS_NOTES; i++)
		if (s->turns.note[i].key == key) {
			w->turn.stalls = s->turns.note[i].stalls;
			w->turn.proof = s->turns.note[i].proof;
		}
}

/* Time in which others had the processor is not in anybody's budget: where frames fail
 * through that, the greedy are to leave more of them. */
static void room_set(struct painter *s)
{
	bool greedy = false;

	for (uint32_t i = 0; i < s->n; i++)
		greedy |= s->windows[i]->turn.greedy && s->windows[i]->turn.spent_ns > ACTIVE_NS;
	if (greedy && elapsed(s) > s->period_ns)
		s->turns.less += (ROOM - s->turns.less) / 4;
	else if (s->turns.less && s->frames % ROOM_FRAMES == 0)
		s->turns.less--;
}

void turns_end(struct painter *s, uint64_t cpu_ns)
{
	lately(&s->turns.own_ns, cpu_ns > s->turns.spent_ns ? cpu_ns - s->turns.spent_ns : 0);
	room_set(s);
}
