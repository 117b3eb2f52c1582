package app

import (
	"context"
	"time"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/destination/webhook"
	"github.com/kithdata/kith/internal/kit/errs"
)

// destinations implements api.Destinations.
type destinations struct{ a *App }

func (d destinations) List(ctx context.Context) ([]api.Destination, error) {
	s := api.Status{Destinations: d.here()}
	d.a.peers.merge(ctx, &s)
	return s.Destinations, nil
}

// here lists the destinations as this process knows them.
func (d destinations) here() []api.Destination {
	out := []api.Destination{}
	for _, h := range d.a.hooks {
		s := h.Stats()
		state := s.State
		if state == webhook.Active {
			state = "running" // as openapi.yaml says it
		}
		out = append(out, api.Destination{Name: h.Name(), Type: "webhook", State: state, Delivered: s.Delivered, DeadLetters: s.DeadLettered,
			Behind: s.Lag, Fault: s.LastFailure, Secret: secretOf(h)})
	}
	return out
}

func (d destinations) find(name string) (*webhook.Destination, error) {
	for _, h := range d.a.hooks {
		if h.Name() == name {
			return h, nil
		}
	}
	return nil, errs.New("destination_unknown", "the project has no destination of this name").Fix("see their names with GET /api/destinations")
}

func secretOf(h *webhook.Destination) string {
	if h.MakesSecret() {
		return "made"
	}
	return "configured"
}

func (d destinations) Secret(ctx context.Context, name string) (string, error) {
	h, err := d.find(name)
	if err != nil {
		return "", err
	}
	if !h.MakesSecret() {
		return "", errs.New("secret_configured", "the project's file names this destination's secret, and Kith shows only those it made").
			Fix("read it where the project's file has it from")
	}
	return h.Secret(ctx)
}

func (d destinations) DeadLetters(ctx context.Context, name, cursor string, limit int) ([]api.DeadLetter, string, error) {
	h, err := d.find(name)
	if err != nil {
		return nil, "", err
	}
	letters, err := h.DeadLetters(ctx, limit)
	out := []api.DeadLetter{}
	for _, l := range letters {
		if l.ID > cursor {
			out = append(out, api.DeadLetter{ID: l.ID, Kind: l.Topic, Time: time.UnixMicro(l.Time).UTC(), Attempts: l.Tries, Code: l.Reason})
		}
	}
	return out, "", err
}

func (d destinations) Redeliver(ctx context.Context, name string, ids []string) (*api.Redelivered, error) {
	h, err := d.find(name)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		letters, err := h.DeadLetters(ctx, 10_000)
		if err != nil {
			return nil, err
		}
		for _, l := range letters {
			ids = append(ids, l.ID)
		}
	}
	out := &api.Redelivered{}
	for _, id := range ids {
		if err := h.Redeliver(ctx, id); err != nil {
			return nil, err
		}
		out.Queued++
	}
	return out, nil
}
