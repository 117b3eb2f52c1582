package app

import (
	"context"
	"path/filepath"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
)

func dirOf(path string) string { return filepath.Dir(path) }

// loadedTopics are the emitted topics that the warehouse loads.
var loadedTopics = [...]string{record.TopicChanges, record.TopicMoves, record.TopicFacts, record.TopicDispositions}

// emitted gives how far each of those topics has come.
func (a *App) emitted(ctx context.Context) (warehouse.Positions, error) {
	want := warehouse.Positions{}
	for _, topic := range loadedTopics {
		ends, err := a.engine.Log.Ends(ctx, topic)
		if err != nil {
			return nil, err
		}
		for p, end := range ends {
			want.Set(topic, int32(p), end) //nolint:gosec // there are few
		}
	}
	return want, nil
}

func (a *App) drainWarehouse(ctx context.Context) error {
	want, err := a.emitted(ctx)
	if err != nil {
		return err
	}
	here, err := a.peers.loaded(ctx)
	if err != nil || !here {
		return err
	}
	return a.loader.WaitPositions(ctx, want)
}

// sqlDoor implements api.Warehouse.
type sqlDoor struct{ a *App }

func (s sqlDoor) Query(ctx context.Context, sql string, rows int) (api.Answer, error) {
	return s.a.db.Query(ctx, sql, warehouse.Limits{Rows: rows})
}
