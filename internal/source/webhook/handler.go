// Package webhook is the push door for what other systems send when something happens
// there: any JSON or form, posted to a path of its own, and signed as GitHub, Shopify,
// Stripe, Zendesk or Standard Webhooks do, or in a way that is described.
//
// It turns a delivery into records and hands them to a Sink; it may touch the network
// only through net/http's handlers and stores nothing itself. A delivery either goes
// whole into the Sink, and is answered 200 with a Kith-Token only once it is durable
// (I1), or is refused whole with a coded 4xx or 5xx. Nothing is read out of a body, and
// nothing of it kept, before its signature holds. What is signed and well formed, and
// yet belongs to no stream, goes in with Record.Reject set, and the road quarantines it
// under that code (I4).
//
// The sender's own id of the delivery is the message id, so that a delivery that comes
// again has no second effect (I2).
package webhook

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
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
	// MaxHeld is the most bytes that deliveries under way hold together, before more
	// are answered 429; 0: 256 MiB.
	MaxHeld int64
	// Observe is told of every delivery once it is answered; nil: nobody is.
	Observe func(Observation)
}

// Observation is one answered delivery, for metrics. It holds no personal data.
type Observation struct {
	Source   string
	Code     string // "ok" or the fault's code
	Status   int
	Records  int // that an accepted delivery held
	Rejected int // of them, those that the road will quarantine
	Bytes    int // of the body, unpacked
	Took     time.Duration
}

// Handler serves all webhook sources, each at its own path. It is safe for concurrent
// use.
type Handler struct {
	deps    Deps
	sources []*source
	held    *budget.Budget
}

// source is one configured source, ready to verify and convert.
type source struct {
	Config
	verify *verifier
}

// New makes a Handler. It fails with code bad_value, for all faults at once.
func New(cfg []Config, deps Deps) (*Handler, error) {
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	h := &Handler{deps: deps, held: budget.New(cmp.Or(deps.MaxHeld, budget.Requests))}
	if err := errors.Join(Validate(cfg)...); err != nil {
		return nil, err
	}
	for _, c := range cfg {
		c = c.withDefaults()
		v, err := newVerifier(c)
		if err != nil {
			return nil, err
		}
		h.sources = append(h.sources, &source{Config: c, verify: v})
	}
	return h, nil
}

// Mux is where handlers are mounted, by patterns of http.ServeMux.
type Mux interface {
	HandleFunc(pattern string, fn func(http.ResponseWriter, *http.Request))
}

// Register mounts every source at its path.
func (h *Handler) Register(mux Mux) {
	for _, src := range h.sources {
		mux.HandleFunc("POST "+src.Path, func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, src) })
	}
}

// serve answers one delivery.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, src *source) {
	start := h.deps.Clock.Now()
	d := &delivery{src: src, header: r.Header, hold: hold{budget: h.held}}
	pos, fault := h.accept(w, r, d, start)
	o := Observation{Source: src.Name, Code: "ok", Status: http.StatusOK, Bytes: d.size}
	if fault == nil {
		o.Records, o.Rejected = len(d.records), d.rejected
		succeed(w, pos)
	} else {
		o.Code, o.Status = string(fault.code), fault.status
		fail(w, fault, src.verify.challenge)
	}
	d.hold.release()
	if h.deps.Observe != nil {
		o.Took = h.deps.Clock.Now().Sub(start)
		h.deps.Observe(o)
	}
}

// accept reads, verifies, converts and stores one delivery.
func (h *Handler) accept(w http.ResponseWriter, r *http.Request, d *delivery, now time.Time) (record.Position, *fault) {
	none := record.Position{}
	if h.deps.Overloaded != nil && h.deps.Overloaded() {
		return none, overloaded
	}
	proof, f := d.src.verify.open(r.Header, now)
	if f != nil {
		return none, f
	}
	raw, f := d.read(w, r)
	if f != nil {
		return none, f
	}
	body, f := d.unpack(raw, r.Header.Get("Content-Encoding"))
	if f != nil {
		return none, f
	}
	// A sender that packs may have signed what it packed.
	if !proof.holds(raw) && !(len(body) != len(raw) && proof.holds(body)) {
		return none, badSignature
	}
	if f := d.convert(body); f != nil {
		return none, f
	}
	if len(d.records) == 0 {
		return none, nil // an empty list
	}
	pos, err := h.deps.Sink.Put(r.Context(), d.records)
	if err != nil {
		return none, h.putFault(r, d.src, err)
	}
	return pos, nil
}

// putFault turns a Sink's error into an answer that senders try again after.
func (h *Handler) putFault(r *http.Request, src *source, err error) *fault {
	switch errs.CodeOf(err) {
	case "overloaded":
		return overloaded
	case "disk_full":
		return diskFull
	case "engine_unavailable":
		return outOfReach
	}
	if r.Context().Err() == nil { // else the sender has left: nothing is wrong here
		h.deps.Logger.Error("webhook: storing a delivery failed", "source", src.Name, "error", err)
	}
	return unavailable
}
