package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kithdata/kith/internal/kit/errs"
)

// The relay publishes the outbox to Kafka. For each partition one process does, by a
// lease; but nothing depends on there being only one. A relay publishes numbers in
// order, beginning at or below the first that is not known to be published; two that
// do so side by side, or one that comes back, add copies of numbers that are there
// already. A reader takes the first copy of each number and passes over the others.

const (
	relayRows  = 64 // blocks that are published at a time
	relayBytes = 8 << 20
	relaySlow  = 100 * time.Millisecond // between looks at an empty outbox
	relayFast  = 2 * time.Millisecond
)

const (
	sqlOutlet     = "SELECT next, published, first_kept, first_offset FROM outlet WHERE topic = $1 AND part = $2"
	sqlMakeOutlet = `INSERT INTO outlet (topic, part) SELECT $1, generate_series(0, $2::int - 1) ON CONFLICT (topic, part) DO NOTHING`
	sqlMoveOutlet = "UPDATE outlet SET first_kept = $3, first_offset = $4 WHERE topic = $1 AND part = $2 AND first_kept < $3"
	sqlOutbox     = "SELECT topic, first, n, block FROM outbox WHERE part = $1 ORDER BY topic, first LIMIT $2"
	sqlPublished  = `WITH done AS (DELETE FROM outbox o USING unnest($2::text[], $3::bigint[]) AS w(topic, first)
			WHERE o.part = $1 AND o.topic = w.topic AND o.first = w.first RETURNING o.topic, o.first + o.n AS until),
		far AS (SELECT topic, max(until) AS until FROM done GROUP BY topic)
		UPDATE outlet SET published = far.until FROM far WHERE outlet.topic = far.topic AND outlet.part = $1 AND outlet.published < far.until`
)

type outletRow struct{ next, published, first, offset uint64 }

// outlet reads one partition of an emitted topic.
func (c *cluster) outlet(ctx context.Context, topic string, partition int32) (o outletRow, err error) {
	err = c.query(ctx, func(ctx context.Context) error {
		return c.pool.QueryRow(ctx, sqlOutlet, topic, partition).Scan(&o.next, &o.published, &o.first, &o.offset)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return o, err
}

// outletEnds gives, by partition, the number of the next value to be emitted.
func (c *cluster) outletEnds(ctx context.Context, topic string) ([]uint64, error) {
	ends := make([]uint64, c.topicPartitions)
	err := c.query(ctx, func(ctx context.Context) error {
		rows, err := c.pool.Query(ctx, "SELECT part, next FROM outlet WHERE topic = $1", topic)
		if err != nil {
			return err
		}
		var part int32
		var next uint64
		_, err = pgx.ForEachRow(rows, []any{&part, &next}, func() error { ends[part] = next; return nil })
		return err
	})
	return ends, err
}

func (c *cluster) makeOutlets(ctx context.Context, topic string) error {
	return c.query(ctx, func(ctx context.Context) error {
		_, err := c.pool.Exec(ctx, sqlMakeOutlet, topic, c.topicPartitions)
		return err
	})
}

func (c *cluster) moveOutlet(ctx context.Context, topic string, partition int32, first, offset uint64) error {
	return c.query(ctx, func(ctx context.Context) error {
		_, err := c.pool.Exec(ctx, sqlMoveOutlet, topic, partition, first, offset)
		return err
	})
}

func (c *cluster) startRelays(s *state) {
	for p := range c.topicPartitions {
		c.relays.Go(func() {
			for c.ctx.Err() == nil {
				err := s.leaseLoop(c.ctx, "relay/"+strconv.Itoa(int(p)), "", func(ctx context.Context) error { return c.relay(ctx, p) })
				if err != nil && c.ctx.Err() == nil {
					c.logger.Warn("what was emitted is not published for now", "partition", p, "error", err)
					_ = pause(c.ctx, time.Second) // its end is seen above
				}
			}
		})
	}
}

// relay publishes one partition of every topic until ctx ends.
func (c *cluster) relay(ctx context.Context, partition int32) error {
	wait := relayFast
	for ctx.Err() == nil {
		n, err := c.relayOnce(ctx, partition)
		if err != nil {
			return err
		}
		if n > 0 {
			wait = relayFast
			continue
		}
		select {
		case <-c.kick[partition]:
			wait = relayFast
		case <-time.After(wait):
			wait = min(2*wait, relaySlow)
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

func (c *cluster) relayOnce(ctx context.Context, partition int32) (blocks int, err error) {
	var topics []string
	var firsts []int64
	var list []*kgo.Record
	err = c.query(ctx, func(ctx context.Context) error {
		rows, err := c.pool.Query(ctx, sqlOutbox, partition, relayRows)
		if err != nil {
			return err
		}
		defer rows.Close()
		bytes := 0
		for rows.Next() {
			var topic string
			var first, n int64
			var block []byte
			if err := rows.Scan(&topic, &first, &n, &block); err != nil {
				return err
			}
			if bytes += len(block); bytes > relayBytes && len(topics) > 0 {
				continue // with the next ones
			}
			if list, err = c.messages(list, topic, partition, uint64(first), n, block); err != nil { //nolint:gosec // not negative
				return err
			}
			topics, firsts = append(topics, topic), append(firsts, first)
		}
		return rows.Err()
	})
	if err != nil || len(topics) == 0 {
		return 0, err
	}
	if err := c.publish(ctx, list); err != nil {
		return 0, err
	}
	return len(topics), c.query(ctx, func(ctx context.Context) error {
		_, err := c.pool.Exec(ctx, sqlPublished, partition, topics, firsts)
		return err
	})
}

// messages adds the messages of a block. The key of each is its number.
func (c *cluster) messages(list []*kgo.Record, topic string, partition int32, first uint64, n int64, block []byte) ([]*kgo.Record, error) {
	name := c.name(topic)
	records := make([]kgo.Record, n)
	keys := make([]byte, 0, 8*n)
	for i := range records {
		size, k := binary.Uvarint(block)
		if k <= 0 || uint64(len(block)-k) < size { //nolint:gosec // not negative
			return nil, errs.New(CodeUnreadable, "a block of the outbox is corrupt").Fix("restore a backup")
		}
		keys = binary.BigEndian.AppendUint64(keys, first+uint64(i)) //nolint:gosec // not negative
		end := k + int(size)                                        //nolint:gosec // within block
		records[i] = kgo.Record{Topic: name, Partition: partition, Key: keys[8*i : 8*i+8 : 8*i+8], Value: block[k:end:end]}
		list = append(list, &records[i])
		block = block[end:]
	}
	return list, nil
}

// publish gives messages to Kafka and waits until all in-sync replicas have them. A
// client that fails one fails all that follow it in its partition, so that no number
// is ever there before one less.
func (c *cluster) publish(ctx context.Context, list []*kgo.Record) error {
	var mu sync.Mutex
	var first error
	left := len(list)
	done := make(chan struct{})
	for _, r := range list {
		c.kafka.Produce(context.WithoutCancel(ctx), r, func(_ *kgo.Record, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil && first == nil {
				first = err
			}
			if left--; left == 0 {
				close(done)
			}
		})
	}
	select {
	case <-done:
	case <-c.ctx.Done(): // the engine closes; the next relay begins here again
		return c.ctx.Err()
	}
	if first != nil {
		return unavailable("publishing to Kafka", first)
	}
	return nil
}
