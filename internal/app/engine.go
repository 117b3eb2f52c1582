package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/cluster"
	"github.com/kithdata/kith/internal/engine/embedded"
	"github.com/kithdata/kith/internal/kit/errs"
)

// CodeOtherEngine is the fault of a data folder whose engine is another than the
// configured one.
const CodeOtherEngine errs.Code = "engine_other"

// The kinds of engines.
const (
	kindEmbedded = "embedded"
	kindCluster  = "cluster"
)

func (a *App) openEngine(ctx context.Context) error {
	kind, err := a.engineKind()
	if err != nil {
		return err
	}
	e, err := openBackend(ctx, a.tree.Engine, a.log)
	if err != nil {
		return err
	}
	a.engine = e
	a.closers = append(a.closers, e.Close)
	if kind == kindCluster {
		if err := notMovedAway(ctx, e); err != nil {
			return err
		}
	}
	return a.markEngine(kind, e.Log.ID())
}

func openBackend(ctx context.Context, cfg engine.Config, log *slog.Logger) (*engine.Engine, error) {
	if cfg.Cluster != nil {
		return cluster.Open(ctx, *cfg.Cluster, cluster.Deps{Logger: log})
	}
	return embedded.Open(ctx, *cfg.Embedded, embedded.Deps{Logger: log})
}

// engineMark notes, in the data folder, which engine what lies there belongs to: the
// warehouse's positions, and what was mirrored, are those of one log.
type engineMark struct {
	Kind string `json:"engine"`
	Log  string `json:"log"`
}

// engineKind is the kind that is configured. It fails where the data folder is known
// to belong to the other, before that one is opened, and made.
func (a *App) engineKind() (string, error) {
	kind := kindEmbedded
	if a.tree.Engine.Cluster != nil {
		kind = kindCluster
	}
	mark, err := a.readMark()
	if err != nil {
		return "", err
	}
	if mark.Kind == "" && a.holdsEmbedded() {
		mark.Kind = kindEmbedded
	}
	if mark.Kind != "" && mark.Kind != kind {
		return "", errs.New(CodeOtherEngine, "the data folder belongs to an engine of kind "+mark.Kind+", the file says "+kind).At(a.tree.Data).
			Fix("carry it over with kith migrate-engine, or set engine back, or name another data folder")
	}
	return kind, nil
}

// holdsEmbedded reports whether an embedded engine's state lies in the folder.
func (a *App) holdsEmbedded() bool {
	entries, err := os.ReadDir(a.path("state"))
	return err == nil && len(entries) > 0
}

func (a *App) readMark() (m engineMark, err error) {
	text, err := os.ReadFile(a.path("engine.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return m, errs.New("data_folder", "the note on which engine the folder belongs to cannot be read").At(a.path("engine.json")).
			Fix("check its rights, or bring it back from a backup")
	}
	return m, nil
}

// markEngine notes what the folder belongs to, or compares with what is noted.
func (a *App) markEngine(kind, log string) error {
	mark, err := a.readMark()
	if err != nil {
		return err
	}
	if mark.Kind == "" {
		return a.writeMark(engineMark{kind, log})
	}
	if mark.Log != log {
		return errs.New(cluster.CodeOtherLog, "the data folder belongs to another log than the engine has").At(a.tree.Data).
			Fix("point the engine at the servers that the folder was used with, or name a new data folder")
	}
	return nil
}

func (a *App) writeMark(m engineMark) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := writeFile(a.path("engine.json"), append(text, '\n'), 0o600); err != nil {
		return errs.Wrap("data_folder", "noting which engine the folder belongs to", plainPath(err)).At(a.tree.Data).Fix("make the folder writable to Kith's user")
	}
	return nil
}
