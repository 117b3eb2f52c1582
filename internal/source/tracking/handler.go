// Package tracking is the push door that speaks Segment's HTTP tracking API:
// identify, track, page, screen, group and alias calls, alone and in batches, as
// the Segment and RudderStack libraries send them.
//
// It turns calls into records and hands them to a Sink; it may touch the network
// only through net/http's handlers and stores nothing itself. What it is given
// either goes whole into the Sink, and is answered 200 with a Kith-Token only once
// it is durable (I1), or is refused whole with a coded 4xx or 5xx. An invalid item
// in a well-formed batch is no reason to refuse the batch: it goes in with
// Record.Reject set, and the road quarantines it under that code (I4).
//
// Streams are named "<source>.<type>": users, events, pages, screens, groups and
// aliases, and identifies and memberships for what an identify or group call says
// besides its traits. An event's Props are its properties with the context, merged with
// that of the envelope, under "context"; a user's or group's Props are its traits.
//
// Records alias the request's pooled buffers: a Sink must not keep them once Put
// has returned.
package tracking

import (
	"cmp"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/kit/budget"
	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Deps is what a Handler works with.
type Deps struct {
	Sink   record.Sink
	Clock  clock.Clock
	Logger *slog.Logger // nil: silent
	// Overloaded reports that the Sink would refuse for now, so that a body need not
	// be read to answer 429; nil: never.
	Overloaded func() bool
	// MaxHeld is the most bytes that requests under way hold together, before more
	// are answered 429; 0: 256 MiB.
	MaxHeld int64
	// PixelSecret is what the keys of pixels' tokens are derived from, the same in every
	// process of a project; nil: there are no pixels.
	PixelSecret []byte
	// Observe is told of every request once it is answered; nil: nobody is.
	Observe func(Observation)
}

// Observation is one answered request, for metrics. It holds no personal data.
type Observation struct {
	Source   string // empty where the write key named none
	Code     string // "ok" or the fault's code
	Status   int
	Events   int // items in an accepted request
	Rejected int // of them, those that the road will quarantine
	Bytes    int // of the body, unpacked
	Took     time.Duration
}

// Handler serves all tracking sources, told apart by write key. It is safe for
// concurrent use.
type Handler struct {
	deps    Deps
	keys    []writeKey
	named   map[string]*source
	ciphers map[byte]cipher.AEAD // of pixels' tokens, by the number of the key; nil: no pixels
	maxBody int64                // the greatest limit of any source
	pool    sync.Pool
}

type writeKey struct {
	sum [sha256.Size]byte
	src *source
}

// source is one configured source with its stream names.
type source struct {
	Config
	streams [len(streamNames)]string
}

// New makes a Handler. It fails with code bad_value, for all faults at once.
func New(cfg []Config, deps Deps) (*Handler, error) {
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	held := budget.New(cmp.Or(deps.MaxHeld, budget.Requests))
	h := &Handler{deps: deps, named: map[string]*source{}, pool: sync.Pool{New: func() any { return newWork(held) }}}
	var faults []error
	var numbers []int
	seen := map[[sha256.Size]byte]string{}
	for _, c := range cfg {
		if err := c.Validate(); err != nil {
			faults = append(faults, err)
			continue
		}
		src := &source{Config: c.withDefaults()}
		for t := range src.streams {
			src.streams[t] = c.Name + "." + streamNames[t]
		}
		h.named[c.Name] = src
		numbers = append(numbers, src.PixelKeys...)
		h.maxBody = max(h.maxBody, int64(src.MaxBatch), int64(src.MaxEvent))
		for _, k := range c.WriteKeys {
			sum := sha256.Sum256([]byte(k))
			if other, taken := seen[sum]; taken {
				faults = append(faults, errs.New("bad_value", "a write key is used twice, the other time by source "+other).
					At("sources."+c.Name+".write_keys").Fix("give every source keys of its own"))
			}
			seen[sum] = c.Name
			h.keys = append(h.keys, writeKey{sum: sum, src: src})
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if deps.PixelSecret != nil {
		var err error
		if h.ciphers, err = pixelCiphers(deps.PixelSecret, numbers); err != nil {
			return nil, errs.Wrap("bad_value", "deriving the keys of pixels", err)
		}
	}
	return h, nil
}

// Mux is where handlers are mounted, by patterns of http.ServeMux.
type Mux interface {
	HandleFunc(pattern string, fn func(http.ResponseWriter, *http.Request))
}

// Register mounts the API under /v1/.
func (h *Handler) Register(mux Mux) {
	for path, t := range map[string]callType{
		"identify": identify, "track": track, "page": page, "screen": screen, "group": group, "alias": alias, "batch": batch, "import": batch,
		"i": identify, "t": track, "p": page, "s": screen, "g": group, "a": alias, "b": batch,
	} {
		mux.HandleFunc("POST /v1/"+path, func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, t) })
		mux.HandleFunc("OPTIONS /v1/"+path, preflight)
	}
	mux.HandleFunc("GET /v1/projects/{writeKey}/settings", h.settings)
	mux.HandleFunc("OPTIONS /v1/projects/{writeKey}/settings", preflight)
	if h.ciphers != nil {
		mux.HandleFunc("GET "+pixelPath+"{token}", h.pixel) // and HEAD
	}
}

// find gives the source of a write key, or nil. It compares with every key and in
// constant time, so that its duration tells nothing.
func (h *Handler) find(key string) (src *source) {
	sum := sha256.Sum256([]byte(key))
	for i := range h.keys {
		if subtle.ConstantTimeCompare(sum[:], h.keys[i].sum[:]) == 1 {
			src = h.keys[i].src
		}
	}
	return src
}

// serve answers one call of the API.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, t callType) {
	start := h.deps.Clock.Now()
	wk := h.pool.Get().(*work)
	src, pos, fault := h.accept(w, r, t, wk, clock.Micros(start))
	o := Observation{Code: "ok", Status: http.StatusOK, Bytes: len(wk.body)}
	if src != nil {
		o.Source = src.Name
	}
	if fault == nil {
		o.Events, o.Rejected = wk.accepted, wk.rejected
		succeed(w, pos)
	} else {
		o.Code, o.Status = string(fault.code), fault.status
		fail(w, fault)
	}
	h.observe(wk, o, start)
}

// observe gives wk back and tells of an answered request.
func (h *Handler) observe(wk *work, o Observation, start time.Time) {
	wk.release(&h.pool)
	if h.deps.Observe != nil {
		o.Took = h.deps.Clock.Now().Sub(start)
		h.deps.Observe(o)
	}
}

// accept reads, checks and stores one request.
func (h *Handler) accept(w http.ResponseWriter, r *http.Request, t callType, wk *work, now int64) (*source, record.Position, *fault) {
	none := record.Position{}
	if h.deps.Overloaded != nil && h.deps.Overloaded() {
		return nil, none, overloaded
	}
	key, given := headerKey(r)
	var src *source
	if given {
		if src = h.find(key); src == nil {
			return nil, none, badKey
		}
	}
	if f := wk.read(w, r, h.bodyLimit(src, t)); f != nil {
		return src, none, f
	}
	if f := wk.parse(t); f != nil {
		return src, none, f
	}
	if src == nil {
		if src = h.find(wk.env.writeKey); src == nil {
			return nil, none, badKey
		}
		if int64(len(wk.body)) > h.bodyLimit(src, t) {
			return src, none, tooLarge
		}
	}
	wk.asker = askerOf(r)
	if f := wk.convert(src, t, now); f != nil {
		return src, none, f
	}
	if len(wk.records) == 0 {
		return src, none, nil // an empty batch
	}
	pos, err := h.deps.Sink.Put(r.Context(), wk.records)
	if err != nil {
		return src, none, h.putFault(r, src, err)
	}
	return src, pos, nil
}

// bodyLimit is the most bytes of a body, unpacked, that t may have.
func (h *Handler) bodyLimit(src *source, t callType) int64 {
	switch {
	case src == nil:
		return h.maxBody
	case t == batch:
		return int64(src.MaxBatch)
	}
	return int64(src.MaxEvent)
}

// putFault turns a Sink's error into an answer that clients retry.
func (h *Handler) putFault(r *http.Request, src *source, err error) *fault {
	switch code := errs.CodeOf(err); code {
	case "overloaded":
		return overloaded
	case "disk_full":
		return diskFull
	case "engine_unavailable":
		return outOfReach
	default:
		if r.Context().Err() == nil { // else the client has left: nothing is wrong here
			h.deps.Logger.Error("tracking: storing a request failed", "source", src.Name, "error", err)
		}
		return unavailable
	}
}
