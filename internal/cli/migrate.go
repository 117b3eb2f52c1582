package cli

import (
	"log/slog"

	"github.com/kithdata/kith/internal/app"
)

type migrateCmd struct {
	To string `required:"" enum:"cluster,embedded" placeholder:"ENGINE" help:"Where to: cluster or embedded."`
}

func (migrateCmd) Help() string {
	return `Example: kith migrate-engine --to cluster --project shop

Moves all that the project holds: the log with its offsets, the state, what was
emitted with its numbers, and how far everybody has read. The file names the
cluster under engine, in both directions; its schema and topics must be empty, or
the folder must hold no embedded engine. No server may run. Source and target are
compared, digest by digest, before the target counts; the source is kept.`
}

// migratedPart is one part as printed.
type migratedPart struct {
	Name   string `json:"name"`
	Count  uint64 `json:"count"`
	Digest string `json:"sha256"`
}

func (c migrateCmd) Run(g *Globals) error {
	tree, err := g.load()
	if err != nil {
		return err
	}
	p := g.progress()
	m, err := app.Migrate(g.ctx, tree, c.To, g.logger(slog.LevelWarn), func(part string, done, of uint64) {
		if of > 0 {
			p.note("%s: %s of %s", part, grouped(int64(done)), grouped(int64(of))) //nolint:gosec // counts
			return
		}
		p.note("%s: %s", part, grouped(int64(done))) //nolint:gosec // a count
	})
	p.end()
	if err != nil {
		return err
	}
	parts := make([]migratedPart, len(m.Parts))
	for i, each := range m.Parts {
		parts[i] = migratedPart{each.Name, each.Count, each.Digest}
	}
	if g.JSON {
		return g.printJSON(map[string]any{"from": m.From, "to": m.To, "accepted": m.Accepted, "equal": true, "parts": parts, "kept": m.Kept})
	}
	out := g.printer()
	out.title("Moved from %s to %s, at %s accepted records", m.From, m.To, grouped(int64(m.Accepted))) //nolint:gosec // a count
	t := newTable("part", "#count", "sha256, in both")
	for _, each := range parts {
		t.add(each.Name, grouped(int64(each.Count)), each.Digest[:16]) //nolint:gosec // a count
	}
	out.table(t)
	out.line("What it was moved from is kept: %s", m.Kept)
	if m.To == "embedded" {
		out.line("Now set engine: embedded in the file, and start it with kith run.")
	} else {
		out.line("Now start it with kith run; other processes need the same file and the same hash key.")
	}
	return out.err
}
