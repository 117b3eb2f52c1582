package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/kithdata/kith/internal/kit/errs"
)

// What may be served to load generators of others.
const (
	serveDoor = "door" // the tracking API, whose road does not run
	serveHTTP = "http" // net/http, which only reads the body: what HTTP alone allows
)

// Served are the names that Options.Serve may have.
func Served() []string { return []string{serveDoor, serveHTTP} }

// offer serves what o.Serve names until ctx ends, having told its address.
func (b *bench) offer(ctx context.Context) (err error) {
	var address string
	var stop func() error
	switch b.Serve {
	case serveDoor:
		address, stop, err = b.door(ctx)
	case serveHTTP:
		var end func()
		address, end, err = serve(ctx, http.HandlerFunc(bodyReader))
		stop = func() error { end(); return nil }
	default:
		return errs.New("bench_unknown", "there is nothing of this name to serve").At("--serve").Fix("choose among " + strings.Join(Served(), ", "))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(b.Out, "http://%s write key %s\n", address, writeKey)
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, stop())
}

// bareCommits measures synced commits of events to a bare Pebble alone: the raw limit
// for whatever acknowledges after sync.
func bareCommits(ctx context.Context, b *bench) ([]Figure, error) {
	m, err := b.inTurns(ctx, contender{"raw-pebble", b.commits(new(atomic.Uint64))})
	if err != nil {
		return nil, err
	}
	return []Figure{{What: "bare synced Pebble commits, batches of 100", Unit: "/s", Measured: m[0]["events_per_second"]},
		{What: "bare synced Pebble commits, one event each", Unit: "/s", Measured: m[0]["calls_per_second"]}}, nil
}

// commits has as many writers as there are clients of the tracking API commit the bytes
// of their events.
func (b *bench) commits(serial *atomic.Uint64) func(context.Context) (reading, error) {
	return func(ctx context.Context) (out reading, err error) {
		db, err := b.bare(64 << 20)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		n, took, err := saturate(ctx, batchClients, b.size.span, committers(batchEvents, len(trackItem), serial, db))
		if err != nil {
			return nil, err
		}
		out = reading{"events_per_second": float64(n*batchEvents) / took.Seconds()}
		n, took, err = saturate(ctx, callClients, b.size.span, committers(1, len(trackItem), serial, db))
		out["calls_per_second"] = float64(n) / took.Seconds()
		return out, err
	}
}

// unlessAsked leaves out what only runs when it is named.
func unlessAsked(all []trial) []trial {
	return slices.DeleteFunc(all, func(t trial) bool { return t.asked })
}
