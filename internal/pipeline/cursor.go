package pipeline

import (
	"context"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

type cursor struct {
	log       engine.Log
	topic     string
	partition int32
	out       []record.Emitted
}

// NewCursor gives a Cursor over one partition of an emitted topic. It belongs to
// one goroutine.
func NewCursor(log engine.Log, topic string, partition int32) record.Cursor {
	return &cursor{log: log, topic: topic, partition: partition}
}

func (c *cursor) Next(ctx context.Context, from uint64, limit int) ([]record.Emitted, error) {
	values, err := c.log.Read(ctx, c.topic, c.partition, from, limit)
	if err != nil {
		return nil, err
	}
	c.out = c.out[:0]
	for i, v := range values {
		c.out = append(c.out, record.Emitted{Topic: c.topic, Partition: c.partition, Number: from + uint64(i), Value: v})
	}
	return c.out, nil
}
