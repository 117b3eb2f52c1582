package cli

import (
	"context"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/api/client"
)

// settle waits until what was written before takes effect: all that was accepted by
// now is in the profiles, a version of the rules is in force (0: any), and done says
// yes. Where no server runs, this process moves the road meanwhile.
func (c *connection) settle(g *Globals, rules int, done func(*client.Status) bool) error {
	first, err := ask[client.Status](c.GetStatus(g.ctx))
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(g.ctx)
	defer cancel()
	moved := make(chan error, 1) // one send, where no server runs
	if c.offline() {
		wg.Go(func() { moved <- c.app.Settle(ctx, uint32(rules)) })
	}
	p := g.progress()
	defer p.end()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		select {
		case err := <-moved:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		now, err := ask[client.Status](c.GetStatus(ctx))
		if err != nil {
			return err
		}
		if !c.offline() && reached(&first.value, &now.value) && now.value.Rules >= rules && done(&now.value) {
			return nil
		}
		p.waiting(&now.value)
	}
}

// reached reports whether the road has done what the log held at first.
func reached(first, now *client.Status) bool {
	done := map[int]int64{}
	for _, p := range now.Partitions {
		done[p.Partition] = p.Done
	}
	for _, p := range first.Partitions {
		if done[p.Partition] < p.End {
			return false
		}
	}
	return true
}

// waiting says how far the road and a generation being built have come.
func (p *progress) waiting(s *client.Status) {
	for _, g := range s.Generations {
		if g.State == client.Building {
			total := max(s.Accepted, 1)
			p.note("building generation %d: %d%%, %s records to go", g.Number, 100*(total-min(g.Behind, total))/total, grouped(g.Behind))
			return
		}
	}
	p.note("%s records to go", grouped(s.Lag))
}

// built reports whether no generation is being built.
func built(s *client.Status) bool {
	for _, g := range s.Generations {
		if g.State == client.Building {
			return false
		}
	}
	return true
}

func always(*client.Status) bool { return true }
