package webhook

import (
	"context"
	"fmt"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// DeadLetter is a message that was given up. It holds no payload: that is read from
// its topic when it is sent again.
type DeadLetter struct {
	ID        string // the message's webhook-id
	Topic     string
	Partition int32
	Number    uint64
	Tries     int
	Reason    string // status_NNN or the class of the fault
	Time      int64  // when it was given up, microseconds UTC
}

const deadPrefix = "dead/"

func (p place) deadName() string {
	return fmt.Sprintf("%s%s/%010d/%020d", deadPrefix, p.topic, p.partition, p.number)
}

func (l DeadLetter) place() place { return place{l.Topic, l.Partition, l.Number} }

func (d *Destination) bury(m *message, reason string) []byte {
	var e wire.Encoder
	e.Byte(formatVersion)
	e.String(m.topic)
	e.Int(int64(m.partition))
	e.Uint(m.number)
	e.Uint(uint64(m.tries)) //nolint:gosec // counts up from 0
	e.String(reason)
	e.Int(clock.Micros(d.deps.Clock.Now()))
	return e.B
}

func decodeDead(b []byte) (l DeadLetter, err error) {
	d := wire.NewDecoder(b)
	version := d.Byte()
	l = DeadLetter{Topic: d.String(), Partition: int32(d.Int()), Number: d.Uint(), Tries: int(d.Uint()), Reason: d.String(), Time: d.Int()} //nolint:gosec // as written
	if err := d.Finish(); err != nil || version != formatVersion {
		return DeadLetter{}, errFormat("a dead letter", err)
	}
	l.ID = l.place().id()
	return l, nil
}

// DeadLetters gives at most limit dead letters, by topic, partition and number.
func (d *Destination) DeadLetters(ctx context.Context, limit int) ([]DeadLetter, error) {
	docs, err := d.deps.Store.List(ctx, deadPrefix, limit)
	if err != nil {
		return nil, err
	}
	all := make([]DeadLetter, 0, len(docs))
	for _, doc := range docs {
		l, err := decodeDead(doc.Value)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// command is a dead letter that is to be sent again.
type command struct {
	letter DeadLetter
	lane   laneKey
	reply  chan error
}

// Redeliver sends a dead letter once more, under its old webhook-id, after what is
// under way for the same profile. Delivered, or no longer to be sent, it is
// forgotten; else it stays. It fails with code webhook_no_dead_letter,
// webhook_not_running or webhook_failed.
func (d *Destination) Redeliver(ctx context.Context, id string) error {
	at, ok := parseID(id)
	if !ok {
		return errNoLetter()
	}
	doc, err := d.deps.Store.Load(ctx, at.deadName())
	if err != nil {
		return err
	}
	if doc == nil {
		return errNoLetter()
	}
	letter, err := decodeDead(doc)
	if err != nil {
		return err
	}
	lane, err := d.laneOf(ctx, at)
	if err != nil {
		return err
	}
	d.mu.Lock()
	running := d.running
	d.mu.Unlock()
	if !running {
		return errNotRunning()
	}
	c := command{letter: letter, lane: lane, reply: make(chan error, 1)}
	select {
	case d.commands <- c:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-c.reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// laneOf finds whose turn a dead letter has to wait for. What is no longer to be
// sent has a lane of its own, and is forgotten when its turn comes.
func (d *Destination) laneOf(ctx context.Context, at place) (laneKey, error) {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	own := laneKey{number: at.number, part: at.partition}
	e, err := d.reread(ctx, at)
	if err != nil {
		return own, err
	}
	j, err := d.judge(ctx, e, true)
	if err != nil || !j.wanted {
		return own, err
	}
	return j.lane, nil
}

// reread gets one record of a topic again. It fails with code trimmed where it is gone.
func (d *Destination) reread(ctx context.Context, at place) (record.Emitted, error) {
	found, err := d.deps.Cursor(at.topic, at.partition).Next(ctx, at.number, 1)
	if err != nil {
		return record.Emitted{}, err
	}
	if len(found) == 0 || found[0].Number != at.number {
		return record.Emitted{}, errs.New(codeTrimmed, "the record is kept no longer")
	}
	return found[0], nil
}

func errNoLetter() error {
	return errs.New(CodeNoLetter, "there is no such dead letter").Fix("list them, and use an id from there")
}

func errNotRunning() error {
	return errs.New(CodeNotRunning, "the destination is not delivering").Fix("resume it, or wait until it is re-synchronised")
}

// parseID reads a webhook-id of a topic's record.
func parseID(id string) (at place, ok bool) {
	for _, topic := range [...]string{record.TopicChanges, record.TopicFacts} {
		var p int32
		var n uint64
		if _, err := fmt.Sscanf(id, topic+"-%d-%d", &p, &n); err == nil {
			at = place{topic, p, n}
			return at, at.id() == id
		}
	}
	return at, false
}
