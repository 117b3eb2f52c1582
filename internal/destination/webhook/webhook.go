// Package webhook is the destination that sends changes of profiles, and events, as
// signed HTTP requests (Standard Webhooks).
//
// It reads the emitted topics through cursors and keeps its own positions; it never
// reads state and never holds up the road (I9): what it has in memory is bounded,
// and when it lags past its horizon it is cut off and goes on at the end.
//
// Delivery is at least once, each message under the same webhook-id for ever. Of one
// profile there is never more than one request at a time, and never a later version
// before an earlier one; different profiles go side by side.
//
// Nothing here is logged or kept that says anything of a person: reasons are the
// class of a fault or a status, dead letters are places in a topic (I6).
package webhook

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Codes of the faults that this room reports.
const (
	CodeSetting    errs.Code = "webhook_setting"         // a setting that makes no sense
	CodePrivate    errs.Code = "webhook_private_address" // the endpoint's address is not a public one
	CodeNotRunning errs.Code = "webhook_not_running"
	CodeNoLetter   errs.Code = "webhook_no_dead_letter"
	CodeFailed     errs.Code = "webhook_failed" // a message was tried and not delivered
	CodeFormat     errs.Code = "webhook_format" // stored bytes that this version cannot read
)

// What cursors and the store report: for records that were trimmed away, while a
// server is out of reach, and once another process delivers.
const (
	codeTrimmed     errs.Code = "trimmed"
	codeUnavailable errs.Code = "engine_unavailable"
	codeFenced      errs.Code = "fenced"
)

// The states of a destination.
const (
	Active  = "active"
	Stopped = "stopped" // the endpoint answered 410 Gone; Resume or a new URL starts it again
	CutOff  = "cut_off" // lagged past its horizon; goes on at the end, re-synchronising where it can
)

// Deps is what a Destination needs of others.
type Deps struct {
	// Cursor opens a reader of one partition of a topic. Each is used by one
	// goroutine at a time; it fails with code trimmed for what is kept no longer.
	Cursor     func(topic string, partition int32) record.Cursor
	Partitions func(topic string) int32
	// Bounds gives the first number kept and the number after the last.
	Bounds func(ctx context.Context, topic string, partition int32) (first, end uint64, err error)
	Store  record.Store
	Clock  clock.Clock  // default: the machine's
	Logger *slog.Logger // default: none
	// Profile gives the current row of the profile that an id or a node's key resolves
	// to, nil where there is none. It is asked of whom an event belongs to, and again
	// before a message is sent late. nil: events are sent only where Consent is empty.
	Profile func(ctx context.Context, id record.ProfileID) (*record.Profile, error)
	// Resync calls send with the current row of every profile after the destination
	// was cut off. nil: what was missed stays missed.
	Resync func(ctx context.Context, send func(context.Context, *record.Profile) error) error
	Rand   func() float64 // in [0,1), for jitter; default: math/rand

	Resolver *net.Resolver // for tests; default: the machine's
	// Dial replaces dialling altogether, and with it the guard against private
	// addresses: for tests alone.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Destination is one webhook.
type Destination struct {
	cfg      Config
	deps     Deps
	choice   *choice
	client   *http.Client
	signer   signer
	commands chan command // to the session that runs
	resumed  chan struct{}

	mu      sync.Mutex
	stats   Stats
	running bool

	making sync.Mutex // of the secret: two that ask at first get one answer
}

// Stats is what a destination has done since it was started, for metrics.
type Stats struct {
	State        string
	Delivered    uint64 // messages
	Attempts     uint64 // requests
	Failed       uint64 // requests that did not deliver
	Skipped      uint64 // records of the topics that were not to be sent
	DeadLettered uint64
	CutOffs      uint64
	Pending      int    // messages read and not yet delivered
	InFlight     int    // requests under way
	Read         uint64 // sum of the numbers that its topics are read up to
	Lag          uint64 // records of the topics not yet done with, as of a few seconds ago
	LastFailure  string // class or status
}

// New makes a destination and reports all faults of cfg at once.
func New(cfg Config, deps Deps) (*Destination, error) {
	d := &Destination{cfg: cfg.withDefaults(), deps: deps, commands: make(chan command), resumed: make(chan struct{}, 1)}
	var err error
	if d.choice, d.signer, err = d.cfg.compile(); err != nil {
		return nil, err
	}
	if deps.Clock == nil {
		d.deps.Clock = clock.System{}
	}
	if deps.Logger == nil {
		d.deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Rand == nil {
		d.deps.Rand = rand.Float64
	}
	d.client = newClient(d.cfg, d.deps)
	d.stats.State = Active
	return d, nil
}

// Name is the destination's name.
func (d *Destination) Name() string { return d.cfg.Name }

// Stats gives the figures as of now.
func (d *Destination) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// Behind counts the records of its topics that it has not done with: those it has
// not read, and those that wait to be delivered.
func (d *Destination) Behind(ctx context.Context) (uint64, error) {
	var ends uint64
	for _, topic := range d.choice.topics() {
		for p := range d.deps.Partitions(topic) {
			_, end, err := d.deps.Bounds(ctx, topic, p)
			if err != nil {
				return 0, err
			}
			ends += end
		}
	}
	s := d.Stats()
	return ends - min(ends, s.Read) + uint64(s.Pending), nil
}

func (d *Destination) count(change func(*Stats)) {
	d.mu.Lock()
	change(&d.stats)
	d.mu.Unlock()
}

// Run delivers until ctx ends, and then returns nil. A destination that has stopped
// or is cut off does not end it, nor does a store out of reach; it fails only where its
// own store does, or the topics cannot be read. It may be called again, and goes on
// where the store says, in whichever process.
func (d *Destination) Run(ctx context.Context) error {
	defer d.client.CloseIdleConnections()
	for again := saveAgain; ; again = min(2*again, lagEvery) {
		err := d.run(ctx)
		if !errs.Is(err, codeUnavailable) || ctx.Err() != nil {
			return end(ctx, err)
		}
		d.deps.Logger.Warn("webhook waits for its store or topics", "destination", d.cfg.Name, "code", string(errs.CodeOf(err)))
		if pause(ctx, again) != nil {
			return nil
		}
	}
}

func (d *Destination) run(ctx context.Context) error {
	if err := d.loadSecret(ctx); err != nil {
		return end(ctx, err)
	}
	for ctx.Err() == nil {
		st, err := d.loadState(ctx)
		if err != nil {
			return end(ctx, err)
		}
		d.count(func(s *Stats) { s.State = st.state })
		switch st.state {
		case Stopped:
			d.await(ctx)
			continue
		case CutOff:
			if err := d.resync(ctx, st); err != nil {
				return end(ctx, err)
			}
			continue
		}
		why, err := d.deliver(ctx)
		if err != nil {
			return end(ctx, err)
		}
		switch why {
		case endGone:
			d.deps.Logger.Warn("webhook stopped: the endpoint answered 410 Gone", "destination", d.cfg.Name)
			err = d.saveState(context.WithoutCancel(ctx), state{state: Stopped})
		case endCutOff:
			err = d.cutOff(ctx)
		}
		if err != nil {
			return end(ctx, err)
		}
	}
	return nil
}

// end is err, unless it only says that ctx ended.
func end(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // an end that was asked for is no fault
	}
	return err
}

// deliver runs one session.
func (d *Destination) deliver(ctx context.Context) (why ending, err error) {
	s, err := newSession(ctx, d)
	if err != nil {
		return endDone, err
	}
	d.mu.Lock()
	d.running = true
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		d.running = false
		d.stats.Pending, d.stats.InFlight = 0, 0
		d.mu.Unlock()
	}()
	return s.run(ctx)
}

// await waits until Resume or the end of ctx, or for a while: Resume may have been
// called in another process.
func (d *Destination) await(ctx context.Context) {
	t := time.NewTimer(lagEvery)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-d.resumed:
	case <-t.C:
	}
}

// Resume starts a stopped destination again.
func (d *Destination) Resume(ctx context.Context) error {
	st, err := d.loadState(ctx)
	if err != nil || st.state != Stopped {
		return err
	}
	if err := d.saveState(ctx, state{state: Active}); err != nil {
		return err
	}
	select {
	case d.resumed <- struct{}{}:
	default: // a signal waits already
	}
	return nil
}

// cutOff jumps to the end of every topic and notes what was left out.
func (d *Destination) cutOff(ctx context.Context) error {
	now := d.deps.Clock.Now()
	docs := map[string][]byte{}
	for _, topic := range d.choice.topics() {
		for p := range d.deps.Partitions(topic) {
			_, to, err := d.deps.Bounds(ctx, topic, p)
			if err != nil {
				return err
			}
			docs[positionName(topic, p)] = encodePosition(position{head: to})
		}
	}
	docs[stateName] = d.encodeState(state{state: CutOff, since: clock.Micros(now)})
	docs[noteName(clock.Micros(now))] = []byte{formatVersion}
	d.count(func(s *Stats) { s.CutOffs++; s.Lag = 0 })
	d.deps.Logger.Warn("webhook cut off: it lagged past its horizon and goes on at the end", "destination", d.cfg.Name)
	return d.deps.Store.Save(ctx, docs)
}

// resync sends every profile as it is now, then makes the destination active. A
// crash repeats it.
func (d *Destination) resync(ctx context.Context, st state) error {
	if d.deps.Resync != nil && d.choice.anyLiving() {
		err := d.deps.Resync(ctx, func(ctx context.Context, p *record.Profile) error { return d.sendNow(ctx, st.since, p) })
		if ctx.Err() != nil {
			return nil //nolint:nilerr // Run ends; the stored state has the next start resync again
		}
		if err != nil {
			d.deps.Logger.Warn("webhook could not be re-synchronised", "destination", d.cfg.Name, "code", string(errs.CodeOf(err)))
		}
	}
	return d.saveState(ctx, state{state: Active})
}

// sendNow delivers one row outside of the topics, with the retries of any message.
func (d *Destination) sendNow(ctx context.Context, since int64, p *record.Profile) error {
	if !d.choice.wantsNow(p) {
		return nil
	}
	body := renderProfile(p)
	id := resyncID(since, p)
	for attempt := 1; ; attempt++ {
		o := d.send(ctx, id, body)
		switch {
		case o.delivered:
			d.count(func(s *Stats) { s.Delivered++ })
			return nil
		case o.gone || attempt >= d.cfg.Attempts:
			return errs.New(CodeFailed, "the endpoint did not take a message: "+o.reason)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(backoff(attempt, d.deps.Rand()), o.after)):
		}
	}
}
