package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/carry"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
)

// Codes of a migration's faults.
const (
	CodeMigrateRunning errs.Code = "migrate_running" // a process still works on the source
	CodeMigrated       errs.Code = "engine_migrated" // all of it was moved to another engine
)

// Migrated is what came of a migration.
type Migrated struct {
	From, To string
	Accepted uint64       // records in the log: the position that it stopped at
	Parts    []carry.Part // what both hold, compared
	Kept     string       // folder or servers that still hold what was moved
}

// movedKey is where a cluster's state notes that all of it was moved away.
func movedKey() []byte { return engine.Space{}.Key(engine.TableMeta, []byte("moved away")) }

func notMovedAway(ctx context.Context, e *engine.Engine) error {
	var moved []byte
	err := e.State.View(ctx, func(r engine.Reader) error {
		values, err := r.Get(movedKey())
		moved = values[0]
		return err
	})
	if err == nil && moved != nil {
		err = errs.New(CodeMigrated, "what these servers hold was moved to an embedded engine").At("engine.cluster").
			Fix("set engine: embedded in the folder that it was moved to, or name an empty schema and prefix")
	}
	return err
}

// Migrate moves what the project holds from the engine that it has to the kind
// named: to cluster, into the servers that the file names, from the data folder; or to
// embedded, the other way. No server may run. Both are compared before either counts,
// and what was moved from is kept.
func Migrate(ctx context.Context, tree *config.Tree, to string, log *slog.Logger, progress carry.Progress) (m Migrated, err error) {
	if tree.Engine.Cluster == nil {
		return m, errs.New("migrate_settings", "the file names no cluster").At("engine.cluster").
			Fix("write kafka and postgres under engine.cluster: to move there, or from there")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	a := &App{tree: tree, log: log}
	m.To, m.From = to, kindEmbedded
	if to == kindEmbedded {
		m.From = kindCluster
	}
	mark, err := a.readMark()
	if err != nil {
		return m, err
	}
	if mark.Kind == to || mark.Kind == "" && to == kindEmbedded {
		return m, errs.New(CodeOtherEngine, "the data folder does not belong to an engine of kind "+m.From).At(tree.Data).
			Fix("name the project whose data folder was used with it")
	}
	if to == kindCluster && !a.holdsEmbedded() {
		return m, errs.New("data_folder", "the data folder holds no embedded engine").At(tree.Data).Fix("name the project whose data is to be moved")
	}
	source, target, err := a.openBoth(ctx, to)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, source.Close(), target.Close()) }()
	if to == kindEmbedded {
		if err := errors.Join(notMovedAway(ctx, source), atRest(ctx, source, tree.Engine.Cluster.LeaseTime)); err != nil {
			return m, err
		}
	}
	if err := carry.Move(ctx, source, target, progress); err != nil {
		return m, err
	}
	if m.Parts, err = carry.Compare(ctx, source, target, progress); err != nil {
		return m, err
	}
	for p := range source.Log.Partitions(engine.TopicIngest) {
		_, end, err := source.Log.Bounds(ctx, engine.TopicIngest, p)
		if err != nil {
			return m, err
		}
		m.Accepted += end
	}
	return m, a.settleMove(ctx, &m, source, target)
}

// openBoth opens what is moved from, and an empty engine of the same shape.
func (a *App) openBoth(ctx context.Context, to string) (source, target *engine.Engine, err error) {
	here := config.EmbeddedAt(a.tree.Data)
	there := *a.tree.Engine.Cluster
	from, into := engine.Config{Embedded: &here}, engine.Config{Cluster: &there}
	if to == kindEmbedded {
		from, into = into, from
	}
	if source, err = openBackend(ctx, from, a.log); err != nil {
		return nil, nil, err
	}
	data, emitted := source.Log.Partitions(engine.TopicIngest)-1, source.Log.Partitions("any emitted one")
	here.Partitions, here.TopicPartitions = data, emitted
	there.Kafka.Partitions, there.Kafka.TopicPartitions = data, emitted
	if target, err = openBackend(ctx, into, a.log); err != nil {
		return nil, nil, errors.Join(err, source.Close())
	}
	return source, target, nil
}

// atRest waits until nobody leads the road: a process that was killed holds the lease
// for a while.
func atRest(ctx context.Context, e *engine.Engine, lease time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, 2*lease)
	defer cancel()
	err := waitFor(ctx, func() (bool, error) {
		about, err := e.State.Holder(ctx, pipeline.LeaseKeeper)
		return about == "", err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return errs.New(CodeMigrateRunning, "a Kith process works on these servers").At("engine.cluster").Fix("stop all of them first")
	}
	return err
}

// settleMove makes the target the one that counts. After each step the folder opens on
// one side, or says what to do.
func (a *App) settleMove(ctx context.Context, m *Migrated, source, target *engine.Engine) error {
	if m.To == kindEmbedded {
		err := source.State.Update(ctx, func(tx engine.Tx) error {
			if _, err := tx.Lock(movedKey()); err != nil {
				return err
			}
			tx.Put(movedKey(), []byte(target.Log.ID()))
			return nil
		})
		if err != nil {
			return err
		}
		m.Kept = "topics " + a.tree.Engine.Cluster.Kafka.Prefix + ".* and schema " + a.tree.Engine.Cluster.Postgres.Schema
		return a.writeMark(engineMark{kindEmbedded, target.Log.ID()})
	}
	if err := a.writeMark(engineMark{kindCluster, target.Log.ID()}); err != nil {
		return err
	}
	if err := source.Close(); err != nil { // before its folders are put aside
		return err
	}
	m.Kept = a.path("embedded-" + source.Log.ID()[:8])
	err := os.MkdirAll(m.Kept, 0o700)
	for _, name := range []string{"log", "state"} {
		if err == nil {
			err = os.Rename(a.path(name), m.Kept+string(os.PathSeparator)+name)
		}
	}
	if err != nil {
		return errs.Wrap("data_folder", "putting the embedded engine aside", plainPath(err)).At(m.Kept).Fix("move the folders log and state there by hand; the data is in the cluster")
	}
	return nil
}
