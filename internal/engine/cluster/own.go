package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// owners are the memberships of this process in consumer groups.
type owners struct {
	mu  sync.Mutex
	all map[*ownership]bool
}

// ready tells whether every membership has its partitions. Where there is none yet
// the road has not begun.
func (o *owners) ready() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.all) == 0 {
		return errs.New("rebalancing", "the partitions are being spread over the processes anew")
	}
	for each := range o.all {
		if !each.settled() {
			return errs.New("rebalancing", "the partitions are being spread over the processes anew")
		}
	}
	return nil
}

func (o *owners) add(each *ownership) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = make(map[*ownership]bool)
	}
	o.all[each] = true
}

func (o *owners) remove(each *ownership) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.all, each)
}

// ownership is one membership in a consumer group, with a run for every partition
// that it was given. The group only spreads the partitions: offsets lie in the state,
// where a commit fences whoever was thought dead and is not.
type ownership struct {
	run    func(ctx context.Context, partition int32) error
	ctx    context.Context // of the runs; ends when Own does
	cancel context.CancelFunc

	mu     sync.Mutex
	joined bool
	runs   map[int32]*owned
	fault  error // the first that ended a run
}

type owned struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

// Own implements engine.Log, by the cooperative protocol of consumer groups: a
// rebalance stops only the runs whose partitions move.
func (l *log) Own(ctx context.Context, group, topic string, run func(ctx context.Context, partition int32) error) error {
	err := l.during(ctx, func(bound context.Context) error { return l.own(bound, group, topic, run) })
	return asked(ctx, err)
}

// asked gives nil for an end that was asked for: only then is it no fault.
func asked(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // as the name says
	}
	return err
}

func (l *log) own(ctx context.Context, group, topic string, run func(ctx context.Context, partition int32) error) error {
	if topic != engine.TopicIngest {
		if err := l.ensure(ctx, topic); err != nil {
			return err
		}
	}
	o := &ownership{run: run, runs: make(map[int32]*owned)}
	o.ctx, o.cancel = context.WithCancel(ctx)
	defer o.cancel()
	opts, err := l.options()
	if err != nil {
		return err
	}
	name := l.name(topic)
	client, err := kgo.NewClient(append(opts,
		kgo.ConsumerGroup(l.name(group)),
		kgo.ConsumeTopics(name),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.DisableAutoCommit(),
		kgo.SessionTimeout(l.cfg.LeaseTime),
		kgo.HeartbeatInterval(l.cfg.LeaseTime/5),
		kgo.RebalanceTimeout(patience),
		// Whoever is cut off notices about when the others do.
		kgo.RequestTimeoutOverhead(min(l.cfg.LeaseTime, requestOverhead)),
		kgo.RetryTimeoutFn(func(key int16) time.Duration {
			switch key {
			case kmsg.JoinGroup.Int16(), kmsg.SyncGroup.Int16(), kmsg.Heartbeat.Int16():
				return l.cfg.LeaseTime
			}
			return patience
		}),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, given map[string][]int32) { o.give(given[name]) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, taken map[string][]int32) { o.take(taken[name]) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, taken map[string][]int32) { o.take(taken[name]) }),
	)...)
	if err != nil {
		return errs.Wrap(CodeOpen, "joining a consumer group", err).At("engine.cluster.kafka").Fix("check the settings")
	}
	client.PauseFetchTopics(name) // Read reads
	l.owners.add(o)
	defer l.owners.remove(o)
	for o.ctx.Err() == nil { // nothing comes but faults of the group
		fetched := client.PollRecords(o.ctx, 1)
		for _, f := range fetched.Errors() {
			if o.ctx.Err() == nil && !errors.Is(f.Err, context.Canceled) {
				l.logger.Warn("the consumer group cannot be reached for now", "group", group, "error", f.Err)
				_ = pause(o.ctx, 200*time.Millisecond) // its end is seen above
			}
		}
	}
	o.stopAll()
	client.CloseAllowingRebalance() // leaves the group: the others need not wait for a time-out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fault == nil {
		return ctx.Err()
	}
	return o.fault
}

func (o *ownership) settled() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.joined
}

// give begins a run for each partition.
func (o *ownership) give(partitions []int32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.joined = true
	for _, p := range partitions {
		if o.runs[p] != nil || o.ctx.Err() != nil {
			continue
		}
		ctx, cancel := context.WithCancel(o.ctx)
		r := &owned{cancel: cancel, ended: make(chan struct{})}
		o.runs[p] = r
		go func() {
			defer close(r.ended)
			err := engine.Refenced(ctx, func() error { return o.run(ctx, p) })
			if err == nil || ctx.Err() != nil {
				return
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			if o.fault == nil {
				o.fault = err
			}
			o.cancel()
		}()
	}
}

// take ends the runs of partitions that go to another process, and waits for them:
// only then may the other begin.
func (o *ownership) take(partitions []int32) {
	o.mu.Lock()
	o.joined = false // until the next assignment
	var ending []*owned
	for _, p := range partitions {
		if r := o.runs[p]; r != nil {
			r.cancel()
			ending = append(ending, r)
			delete(o.runs, p)
		}
	}
	o.mu.Unlock()
	for _, r := range ending {
		<-r.ended
	}
}

func (o *ownership) stopAll() {
	o.mu.Lock()
	var all []int32
	for p := range o.runs {
		all = append(all, p)
	}
	o.mu.Unlock()
	o.take(all)
}
