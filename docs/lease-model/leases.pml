/* Read leases: can a node still answer from the state before a write, after the write was released?
 *
 * Three voters, up to TERMS leaders, one write W (say, a revocation). One node, X, holds leases; X is each of the
 * three in turn. The rules are those of ../consensus.md; -DBREAK_<NAME> breaks one of them. ./check runs the intact
 * model, which must hold, and every broken one, which must not.
 *
 * Messages are not queued: what a leader sends can arrive at any later time, more than once or never, as long as it
 * leads its term; answers and grants likewise. A node can stop and start again at any point and forgets what is not on
 * its disk. The leader of a term may be cut off and go on believing.
 *
 * Time is a step that can come at any point. Clocks count down in their worst case: LEASE is the longest that a lease
 * can last in true time (the slowest holder), BOOK the shortest that a booking can (the fastest leader). The drift
 * factor k makes BOOK >= LEASE.
 */
#ifndef TERMS
#define TERMS 3
#endif
#ifndef LEASE
#define LEASE 2
#endif
#ifdef BREAK_DRIFT
#define BOOK (LEASE - 1)
#else
#define BOOK LEASE
#endif
#define BIT(v) (1 << (v))
#define QUORUM(s) ((s) == 3 || (s) == 5 || (s) == 6 || (s) == 7)

byte X;
/* On disk: the node's term, the term of the last leader whose log it took, and whether that log holds W. */
byte term[3];
byte logTerm[3];
bit hasW[3];
/* What is left of LEASE since the node last answered a leader. */
byte answered[3];

byte last;                      /* the last term in which somebody was elected */
/* By term. The node that leads plus one, its log, who has stored its first entry and W, what it knows is committed. */
byte leader[TERMS + 1];
bit leaderHasW[TERMS + 1];
bit inherited[TERMS + 1];       /* it had W when it was elected */
byte gotFirst[TERMS + 1];
byte gotW[TERMS + 1];
bit firstDone[TERMS + 1];
bit wDone[TERMS + 1];
/* X's request at this leader: received, a round begun since, who has answered that; and X's booking. */
byte asked[TERMS + 1];          /* 0 no, 1 received, 2 a round has begun */
byte wouldBook[TERMS + 1];
byte roundAnswers[TERMS + 1];
byte booked[TERMS + 1];
bit floorNoted[TERMS + 1];      /* the commit index held W when the request came */

byte sent;                      /* what is left of LEASE since X sent its open request; 0: none is open */
bit granted;                    /* a grant whose floor lies below W is on its way to X */
byte lease;                     /* X holds such a lease for so long */
bit view;                       /* X's published view holds W */
bit noted;                      /* X's log holds W, and reads that W touches wait for such a view */
bit confirmed;                  /* X has once confirmed such a view */
bit committed;
bit released;

byte i, most;

inline down(x) { if :: x > 0 -> x-- :: else fi }
inline atLeast(x, y) { if :: y > x -> x = y :: else fi }

inline dropRequest(t) { asked[t] = 0; wouldBook[t] = 0; roundAnswers[t] = 0; floorNoted[t] = 0 }

inline dropRequests() {
    granted = 0; i = 1;
    do :: i <= TERMS -> dropRequest(i); i++ :: else -> break od; i = 0
}

/* v stops leading whatever it led. While a node leads it answers itself at every instant. */
inline stopLeading(v) {
    i = 1;
    do
    :: i <= TERMS ->
        if
        :: leader[i] == v + 1 ->
            leader[i] = 0; gotFirst[i] = 0; gotW[i] = 0; booked[i] = 0; dropRequest(i);
#ifndef BREAK_FORMER_LEADER_NOTES_NOTHING
            /* It noted nothing of what it proposed. */
            if :: v == X -> noted = hasW[X] :: else fi;
#endif
#ifndef BREAK_OWN_REIGN
            answered[v] = LEASE
#endif
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0
}

/* c wins a new term with its own vote and v's, and books X for what the votes leave. */
#define BEHIND(c, v) (logTerm[v] > logTerm[c] || (logTerm[v] == logTerm[c] && hasW[v] > hasW[c]))
inline elect(c, v) {
    last++;
    term[c] = last; stopLeading(c);
    term[v] = last; stopLeading(v);
    most = answered[c]; atLeast(most, answered[v]);
#ifdef BREAK_CLEARED_BY_VOTE
    answered[c] = 0; answered[v] = 0;
#endif
    assert(!committed || hasW[c]);
    leader[last] = c + 1; leaderHasW[last] = hasW[c]; inherited[last] = hasW[c]; logTerm[c] = last;
    gotFirst[last] = BIT(c); gotW[last] = 0;
#ifdef BREAK_NO_WAIT
    most = 0;
#endif
    booked[last] = most; most = 0
}

/* v takes what the leader of term t sends now, and answers. */
inline receive(v, t) {
    if :: term[v] < t -> term[v] = t; stopLeading(v) :: else fi;
    /* What is in the log already is not noted again. */
    if
    :: v == X && !leaderHasW[t] -> noted = 0
#ifndef BREAK_APPENDS_UNNOTED
    :: v == X && leaderHasW[t] && !hasW[v] -> noted = 1
#endif
    :: else
    fi;
    logTerm[v] = t; hasW[v] = leaderHasW[t];
    gotFirst[t] = gotFirst[t] | BIT(v);
    if :: leaderHasW[t] -> gotW[t] = gotW[t] | BIT(v) :: else fi;
    if :: asked[t] == 2 -> roundAnswers[t] = roundAnswers[t] | BIT(v) :: else fi;
    answered[v] = LEASE
}

#ifdef BREAK_BEFORE_TERM_COMMIT
#define KNOWS(t) 1
#else
#define KNOWS(t) firstDone[t]
#endif

/* The floor of a grant holds W if the leader knows W to be committed. */
inline grant(t) {
#ifndef BREAK_NOT_BOOKED
    atLeast(booked[t], wouldBook[t]);
#endif
#ifdef BREAK_FLOOR_AT_RECEIPT
    if :: !floorNoted[t] -> granted = 1 :: else fi;
#else
    if :: !wDone[t] -> granted = 1 :: else fi;
#endif
    dropRequest(t)
}

inline takeRequest(t) {
    asked[t] = 1; wouldBook[t] = BOOK; floorNoted[t] = wDone[t];
#ifdef BREAK_NO_ROUND
    grant(t)
#endif
}

#ifdef BREAK_RELEASED_ON_COMMIT
#define NOBODY_BEHIND(t) 1
#else
/* X has noted what its log holds, but not what it proposes itself. */
#ifdef BREAK_OWN_LOG_COUNTS
#define COVERED(t) (gotW[t] & BIT(X))
#else
#define COVERED(t) ((gotW[t] & BIT(X)) && leader[t] != X + 1)
#endif
#define NOBODY_BEHIND(t) (confirmed || COVERED(t) || booked[t] == 0)
#endif

inline restart(v) {
    stopLeading(v);
#ifdef BREAK_RESTART_SAYS_NEVER
    answered[v] = 0;
#else
    answered[v] = LEASE;
#endif
    if
    :: v == X ->
        lease = 0; sent = 0; view = 0;
#ifdef BREAK_UNSEALED_NOTES_NOTHING
        noted = 0;
#else
        noted = hasW[X];
#endif
#ifndef BREAK_NOT_MATCHED
        dropRequests()
#endif
    :: else
    fi
}

inline tick() {
    down(sent); down(lease);
#ifndef BREAK_FROM_RECEIPT
    if :: sent == 0 -> granted = 0 :: else fi;
#endif
    down(answered[0]); down(answered[1]); down(answered[2]);
    i = 1;
    do :: i <= TERMS -> down(booked[i]); down(wouldBook[i]);
          /* By then every lease of such a request is over. */
          if :: asked[i] && wouldBook[i] == 0 -> dropRequest(i) :: else fi; i++
       :: else -> break od;
    i = 0
}

#define RUNS(t) (leader[t] > 0)
#define ISLEADER(v, t) (leader[t] == (v) + 1)
#define CAN_RECEIVE(v, t) (RUNS(t) && term[v] <= t && !ISLEADER(v, t))
#define TERM(t) \
 :: d_step { CAN_RECEIVE(0, t) -> receive(0, t) } \
 :: d_step { CAN_RECEIVE(1, t) -> receive(1, t) } \
 :: d_step { CAN_RECEIVE(2, t) -> receive(2, t) } \
 :: d_step { RUNS(t) && firstDone[t] && !leaderHasW[t] -> \
        leaderHasW[t] = 1; hasW[leader[t] - 1] = 1; gotW[t] = BIT(leader[t] - 1) } \
 :: d_step { RUNS(t) && !firstDone[t] && QUORUM(gotFirst[t]) -> \
        firstDone[t] = 1; if :: inherited[t] -> wDone[t] = 1; committed = 1 :: else fi } \
 :: d_step { RUNS(t) && firstDone[t] && leaderHasW[t] && !wDone[t] && QUORUM(gotW[t]) -> \
        wDone[t] = 1; committed = 1 } \
 :: d_step { RUNS(t) && sent > 0 && asked[t] == 0 && KNOWS(t) -> takeRequest(t) } \
 :: d_step { RUNS(t) && asked[t] == 1 -> asked[t] = 2; roundAnswers[t] = BIT(leader[t] - 1) } \
 :: d_step { RUNS(t) && asked[t] == 2 && QUORUM(roundAnswers[t]) -> grant(t) } \
 :: d_step { RUNS(t) && wDone[t] && !released && NOBODY_BEHIND(t) -> released = 1 }

#define WIN(c, v) :: d_step { last < TERMS && !BEHIND(c, v) -> elect(c, v) }

init {
    d_step {
        last = 1; leader[1] = 1; firstDone[1] = 1; gotFirst[1] = 7;
        term[0] = 1; term[1] = 1; term[2] = 1; logTerm[0] = 1; logTerm[1] = 1; logTerm[2] = 1
    }
    if :: X = 0 :: X = 1 :: X = 2 fi;
    do
    :: d_step { (sent || lease || answered[0] || answered[1] || answered[2] || booked[1] || booked[2]
        || wouldBook[1] || wouldBook[2]
#if TERMS > 2
        || booked[3] || wouldBook[3]
#endif
        ) -> tick() }
    TERM(1)
    TERM(2)
#if TERMS > 2
    TERM(3)
#endif
    WIN(0, 1) WIN(0, 2) WIN(1, 0) WIN(1, 2) WIN(2, 0) WIN(2, 1)
    /* X asks, takes a grant, applies. */
    :: d_step { sent < LEASE -> sent = LEASE;
#ifndef BREAK_NOT_MATCHED
        dropRequests()
#endif
        }
    :: d_step { granted ->
#ifdef BREAK_FROM_RECEIPT
        atLeast(lease, LEASE);
#else
        atLeast(lease, sent);
#endif
        granted = 0 }
    :: d_step { committed && !view && hasW[X] -> view = 1; confirmed = 1 }
    :: d_step { answered[0] < LEASE || leader[1] == 1 || (X == 0 && (lease || sent || view)) -> restart(0) }
    :: d_step { answered[1] < LEASE || (X == 1 && (lease || sent || view)) -> restart(1) }
    :: d_step { answered[2] < LEASE || (X == 2 && (lease || sent || view)) -> restart(2) }
#ifdef BREAK_SHOWN_EARLY
    /* Another node answers from a view that holds W as soon as W is committed. */
    :: d_step { committed && !released -> released = 1 }
#endif
    /* A request that starts now and is decided under the lease. */
    :: d_step { released && lease > 0 && !view && !noted -> assert(false) }
    od
}
