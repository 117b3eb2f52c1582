package cli

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/config/initproject"
)

type initCmd struct {
	Dir  string   `arg:"" help:"The project's folder."`
	From []string `sep:"none" placeholder:"FILE..." help:"Propose the project from these files, folders or patterns."`
	Name string   `placeholder:"NAME" help:"The project's name; by default the folder's."`
}

func (initCmd) Help() string {
	return `Example: kith init shop --from exports/*.csv

Without --from: a commented example. With it, sources, keys, identifiers,
attributes and checks are guessed from the files, each guess with its reason beside
it. What is there already is never overwritten.`
}

func (c initCmd) Run(g *Globals) error {
	made, err := initproject.Write(g.ctx, initproject.Request{Dir: c.Dir, Name: c.Name, From: c.From})
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(made)
	}
	p := g.printer()
	p.line("%s", p.paint(bold, "made "+shown(made.Path)))
	for i := range made.Streams {
		p.guessed(&made.Streams[i])
	}
	for _, s := range made.Skipped {
		p.line("\nskipped: %s", harmless(s))
	}
	p.line("\nNext:")
	p.line("  kith check -p %s   validates what you change in it", c.Dir)
	p.line("  kith run -p %s     runs it", c.Dir)
	return p.err
}

// spreadFrom lets several files follow one --from, as a shell leaves them that
// expanded a pattern.
func spreadFrom(args []string) []string {
	var out []string
	from := false
	for i, arg := range args {
		file := false
		if from && i > 0 && args[i-1] != "--from" {
			info, err := os.Stat(arg)
			file = err == nil && info.Mode().IsRegular()
		}
		switch {
		case arg == "--from":
			from = true
		case file:
			out = append(out, "--from")
		case strings.HasPrefix(arg, "-"):
			from = false
		}
		out = append(out, arg)
	}
	return out
}

// guessed tells what was decided of one stream, and why.
func (p *printer) guessed(s *initproject.Stream) {
	files := shown(s.File)
	if s.Files > 1 {
		files += fmt.Sprintf(" and %s like it", count(int64(s.Files-1), "file", "files"))
	}
	p.line("")
	p.title("%s  %s", s.Name, p.paint(plain+dim, harmless(files)))
	p.line("  %s of %s read", count(int64(s.Rows), "row", "rows"), count(int64(s.Columns), "column", "columns"))
	p.line("  kind         %s%s", s.Kind, reason(s.KindReason))
	if s.Key != "" {
		p.line("  key          %s%s", harmless(s.Key), reason(s.KeyReason))
	}
	for _, kind := range slices.Sorted(maps.Keys(s.Identifiers)) {
		p.line("  identifier   %s from %s", harmless(kind), harmless(s.Identifiers[kind]))
	}
	for _, n := range s.Notes {
		p.line("  look at      %s", harmless(n))
	}
}

func reason(why string) string {
	if why == "" {
		return ""
	}
	return ": " + harmless(why)
}

// shown is a path relative to where the reader is, where that is shorter.
func shown(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}

type checkCmd struct{}

func (checkCmd) Help() string {
	return `Example: kith check --project shop

Tells all faults of kith.yaml at once, each with its place and the way to mend it,
and ends with code 3 where there are any.`
}

// checked is what kith check --json prints.
type checked struct {
	OK     bool     `json:"ok"`
	Name   string   `json:"name,omitempty"`
	Faults []told   `json:"faults"`
	Notes  []string `json:"notes"`
}

func (checkCmd) Run(g *Globals) error {
	tree, err := g.load()
	if err != nil {
		if !g.JSON {
			return err
		}
		out := checked{Faults: []told{}, Notes: []string{}}
		for _, f := range faultsOf(err) {
			out.Faults = append(out.Faults, tell(f))
		}
		if err := g.printJSON(out); err != nil {
			return err
		}
		return exitCode(ExitConfig)
	}
	notes := checkNotes(tree)
	if g.JSON {
		return g.printJSON(checked{OK: true, Name: tree.Name, Faults: []told{}, Notes: notes})
	}
	p := g.printer()
	p.line("%s: %s, %s, %s, %s", harmless(tree.Name),
		count(int64(len(tree.Files)+len(tree.Tracking)+len(tree.Hooks)), "source", "sources"), count(int64(len(tree.Rules.Streams)), "stream", "streams"),
		count(int64(len(tree.Rules.Identity.Types)), "identifier type", "identifier types"), count(int64(len(tree.Webhooks)), "destination", "destinations"))
	for _, n := range notes {
		p.line("note: %s", harmless(n))
	}
	p.line("%s", p.paint(good, "no fault"))
	return p.err
}

// checkNotes are what is no fault and yet may surprise.
func checkNotes(tree *config.Tree) []string {
	notes := []string{}
	for _, f := range tree.Files {
		if found, err := filepath.Glob(f.Path); !strings.Contains(f.Path, "://") && err == nil && len(found) == 0 {
			notes = append(notes, "source "+f.Name+": no file has the name "+shown(f.Path)+" yet")
		}
	}
	for _, d := range tree.Webhooks {
		if u, err := url.Parse(d.URL); err == nil && !d.AllowPrivate && isPrivate(u.Hostname()) {
			notes = append(notes, "destination "+d.Name+": an address of this machine or network is refused; set allow_private: true where it is meant")
		}
	}
	notes = append(notes, config.HookCautions(tree)...)
	notes = append(notes, config.CheckCautions(tree)...)
	return append(notes, config.EngineCautions(tree)...)
}

// isPrivate reports whether a host is written as a name or address that a webhook
// refuses; what other names stand for shows when they are dialled.
func isPrivate(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified())
}

type schemaCmd struct{}

func (schemaCmd) Help() string {
	return `Example: kith schema > kith.schema.json

Prints the JSON Schema of kith.yaml. An editor checks the file while you type when
it begins with: # yaml-language-server: $schema=./kith.schema.json`
}

func (schemaCmd) Run(g *Globals) error { return g.printRaw(config.SchemaJSON()) }

type versionCmd struct{}

func (versionCmd) Help() string { return "Example: kith version --json" }

func (versionCmd) Run(g *Globals) error {
	if g.JSON {
		return g.printJSON(struct {
			Version string `json:"version"`
		}{g.IO.Version})
	}
	_, err := fmt.Fprintln(g.Out, strings.TrimSpace("kith "+g.IO.Version))
	return err
}
