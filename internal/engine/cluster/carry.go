package cluster

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/kithdata/kith/internal/engine"
)

// carrier implements engine.Carrier.
type carrier struct{ s *state }

func (c carrier) Readers(ctx context.Context) (list []engine.ReaderOffset, err error) {
	err = c.s.during(ctx, func(ctx context.Context) error {
		return c.s.query(ctx, func(ctx context.Context) error {
			rows, err := c.s.pool.Query(ctx, `SELECT name, part, at FROM reader WHERE at <> 0 ORDER BY name COLLATE "C", part`)
			if err != nil {
				return err
			}
			list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[engine.ReaderOffset])
			return err
		})
	})
	return list, err
}

func (c carrier) Topics(ctx context.Context) (names []string, err error) {
	err = c.s.during(ctx, func(ctx context.Context) error {
		return c.s.query(ctx, func(ctx context.Context) error {
			rows, err := c.s.pool.Query(ctx, `SELECT topic FROM outlet GROUP BY topic HAVING max(next) > 0 ORDER BY topic COLLATE "C"`)
			if err != nil {
				return err
			}
			names, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
	})
	return names, err
}

func (c carrier) Publish(ctx context.Context, topic string, partition int32, values [][]byte) error {
	return c.s.Update(ctx, func(t engine.Tx) error {
		for _, v := range values {
			t.(*tx).emit(outlet{topic, partition}, v)
		}
		return nil
	})
}
