package app

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/embedded"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// settleAll settles an Offline project, again and again until nothing is deferred any
// more: what was deferred may defer more.
func (a *App) settleAll(ctx context.Context, rules uint32) error {
	for {
		before, err := a.deferred(ctx)
		if err != nil {
			return err
		}
		if err := a.Settle(ctx, rules); err != nil {
			return err
		}
		after, err := a.deferred(ctx)
		if err != nil {
			return err
		}
		latest, _ := a.rules.last()
		if before == after && latest == rules {
			return nil
		}
		rules = latest // the log may have brought new ones
	}
}

// deferred counts the deferred work that was ever queued.
func (a *App) deferred(ctx context.Context) (n uint64, err error) {
	for p := range a.engine.Log.Partitions(record.TopicResolve) {
		_, end, err := a.engine.Log.Bounds(ctx, record.TopicResolve, p)
		if err != nil {
			return 0, err
		}
		n += end
	}
	return n, nil
}

// Canonical writes the canonical text of the state (I2, I3): every person with its
// members, aliases, golden values, identifiers and consents, then what became of the
// records. Version numbers and positions of effects are left out. It holds a
// generation's nodes in memory, and what it writes is personal data.
func (a *App) Canonical(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriter(w)
	err := a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		var fault error
		err := g.identity.Canonical(r, number, func(p identity.Person) bool {
			var row *record.Profile
			if row, fault = golden.Current(r, number, p.ID); fault == nil {
				canonicalPerson(out, &p, row)
			}
			return fault == nil
		})
		return errors.Join(err, fault)
	})
	if err != nil {
		return err
	}
	l, err := pipeline.ReadLedger(ctx, a.engine, a.keeper.Current())
	if err != nil {
		return err
	}
	counts := make(map[string][record.Outcomes]int64, len(l.Lines))
	for _, line := range l.Lines {
		counts[line.Source+" "+line.Stream] = line.N
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "ledger %s", name)
		for k, n := range counts[name] {
			if n != 0 {
				fmt.Fprintf(out, " %s=%d", record.Outcome(k), n)
			}
		}
		fmt.Fprintln(out)
	}
	rejected, err := pipeline.ListQuarantine(ctx, a.engine.State, a.keeper.Current(), pipeline.QuarantineFilter{})
	if err != nil {
		return err
	}
	for i := range rejected {
		q := &rejected[i]
		fmt.Fprintf(out, "quarantined %d/%d %s %s %s\n", q.Partition, q.Offset, q.Reason.Stream, q.Reason.Code, q.Reason.Field)
	}
	return out.Flush()
}

func canonicalPerson(out *bufio.Writer, p *identity.Person, row *record.Profile) {
	fmt.Fprintf(out, "person %s\n", p.ID)
	for i, m := range p.Members {
		fmt.Fprintf(out, "  member %q %s\n", m, p.Aliases[i])
	}
	if row == nil {
		fmt.Fprintln(out, "  no golden row")
		return
	}
	for i := range row.Attrs {
		a := &row.Attrs[i]
		filled := ""
		if a.Value.Filled {
			filled = ", filled"
		}
		fmt.Fprintf(out, "  %q = %s from %s %s %s by %s at %d%s\n", a.Name, a.Value.AppendJSON(nil), a.Source, a.Stream, a.Node, a.Rule, a.Time, filled)
	}
	for _, id := range row.Identifiers {
		fmt.Fprintf(out, "  identifier %s %q %s since %d\n", id.Type, id.Value, id.Node, id.First)
	}
	for _, alias := range row.Aliases {
		fmt.Fprintf(out, "  alias %s\n", alias)
	}
	for _, c := range row.Consents {
		fmt.Fprintf(out, "  consent %q\n", fmt.Sprint(c))
	}
	fmt.Fprintf(out, "  suppressed %v, pending %v, customers %d\n", row.Suppressed, row.Pending, row.Customers)
}

// Warehouse writes the canonical text of the warehouse (I2). It is personal data.
func (a *App) Warehouse(ctx context.Context, w io.Writer) error { return a.db.Dump(ctx, w) }

// ReplayInto copies the log, record by record, and the hash key into dir, an empty
// folder, and settles a project of its own there: what this one must be equal to (I2).
// The caller closes it.
func (a *App) ReplayInto(ctx context.Context, dir string) (*App, error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, errs.New("replay_folder", "the folder to replay into is not empty").At(dir).Fix("name a new folder")
	}
	tree := *a.tree
	cfg := config.EmbeddedAt(dir)
	if own := a.tree.Engine.Embedded; own != nil {
		cfg.CacheBytes, cfg.ReserveBytes = own.CacheBytes, own.ReserveBytes
	}
	cfg.Partitions, cfg.TopicPartitions = a.engine.Log.Partitions(engine.TopicIngest)-1, a.engine.Log.Partitions(record.TopicChanges)
	tree.Data, tree.Engine = dir, engine.Config{Embedded: &cfg}
	tree.Warehouse.Path = filepath.Join(dir, "warehouse.duckdb")
	tree.Files, tree.Tracking, tree.Hooks, tree.Webhooks, tree.Contracts = nil, nil, nil, nil, nil
	if rules, ok := a.rules.get(1); ok { // the first generation is made before the log brings its rules
		tree.Rules = rules
	}
	if err := a.copyHashKey(dir); err != nil {
		return nil, err
	}
	if err := a.copyLog(ctx, cfg); err != nil {
		return nil, fmt.Errorf("copying the log: %w", err)
	}
	b, err := Open(ctx, &tree, Options{Version: a.opts.Version, Logger: a.log, Clock: a.clock, Offline: true})
	if err != nil {
		return nil, err
	}
	latest, _ := a.rules.last()
	if err := b.settleAll(ctx, latest); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (a *App) copyHashKey(dir string) error {
	err := os.MkdirAll(filepath.Join(dir, "keys"), 0o700)
	if err == nil {
		err = writeFile(filepath.Join(dir, "keys", "hash.key"), []byte(hex.EncodeToString(a.key)+"\n"), 0o600)
	}
	if err != nil {
		return errs.Wrap("key_file", "copying the hash key", plainPath(err)).At(dir).Fix("check the folder's rights")
	}
	return nil
}

// replayChunk is how many records are copied at a time.
const replayChunk = 2000

func (a *App) copyLog(ctx context.Context, cfg engine.EmbeddedConfig) (err error) {
	to, err := embedded.Open(ctx, cfg, embedded.Deps{Logger: a.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	for p := range a.engine.Log.Partitions(engine.TopicIngest) {
		first, end, err := a.engine.Log.Bounds(ctx, engine.TopicIngest, p)
		if err != nil {
			return err
		}
		if first != 0 {
			return errs.New(engine.CodeTrimmed, "the beginning of the log was trimmed away").Fix("compare with a backup instead")
		}
		for at := first; at < end; {
			values, err := a.engine.Log.Read(ctx, engine.TopicIngest, p, at, int(min(replayChunk, end-at)))
			if err != nil {
				return err
			}
			entries := make([]engine.Entry, len(values))
			for i, v := range values {
				entries[i] = engine.Entry{Partition: p, Value: v}
			}
			if _, err := to.Log.Append(ctx, entries); err != nil {
				return err
			}
			at += uint64(len(values))
		}
	}
	return nil
}

// Verified is what came of comparing a project with its replayed log.
type Verified struct {
	Equal bool
	Parts []VerifiedPart
}

// VerifiedPart is one of the texts compared. Have and Want are personal data.
type VerifiedPart struct {
	Name       string // state or warehouse
	Lines      int    // compared
	Equal      bool
	Line       int    // the first that differs, from 1
	Heading    string // what that line belongs to: a profile or a table
	Have, Want string // that line here and in the replay
}

// Verify settles the project, replays its log into dir, an empty folder, and
// compares the canonical texts of both (I2). What it leaves in dir is personal data;
// the caller removes it.
func (a *App) Verify(ctx context.Context, dir string) (v Verified, err error) {
	if err := a.settleAll(ctx, 0); err != nil {
		return v, err
	}
	replay, err := a.ReplayInto(ctx, dir)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, replay.Close()) }()
	v.Equal = true
	for _, text := range []struct {
		name       string
		have, want func(context.Context, io.Writer) error
	}{{"state", a.Canonical, replay.Canonical}, {"warehouse", a.Warehouse, replay.Warehouse}} {
		have, want := filepath.Join(dir, text.name+".have"), filepath.Join(dir, text.name+".want")
		if err := errors.Join(writeText(ctx, have, text.have), writeText(ctx, want, text.want)); err != nil {
			return v, err
		}
		part, err := compareTexts(have, want)
		if err != nil {
			return v, err
		}
		part.Name = text.name
		v.Parts = append(v.Parts, part)
		v.Equal = v.Equal && part.Equal
	}
	return v, nil
}

func writeText(ctx context.Context, path string, write func(context.Context, io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return errs.Wrap("replay_folder", "writing a text to compare", plainPath(err)).At(path).Fix("check the folder's rights and room")
	}
	return errors.Join(write(ctx, f), f.Close())
}

// compareTexts finds the first line in which two files differ.
func compareTexts(have, want string) (p VerifiedPart, err error) {
	var lines [2]*bufio.Reader
	for i, path := range []string{have, want} {
		f, err := os.Open(path)
		if err != nil {
			return p, err
		}
		defer func() { _ = f.Close() }() // only read from
		lines[i] = bufio.NewReaderSize(f, 1<<16)
	}
	for p.Equal = true; p.Equal; {
		a, errA := lines[0].ReadString('\n')
		b, errB := lines[1].ReadString('\n')
		for _, err := range []error{errA, errB} {
			if err != nil && !errors.Is(err, io.EOF) {
				return p, err
			}
		}
		if a == "" && b == "" {
			break
		}
		p.Lines++
		if len(b) > 0 && (b[0] == '#' || b[0] == 'p') {
			p.Heading = b
		}
		if a != b {
			p.Equal, p.Line, p.Have, p.Want = false, p.Lines, a, b
		}
	}
	return p, nil
}
