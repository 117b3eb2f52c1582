package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/kit/errs"
)

type verifyCmd struct {
	Into string `placeholder:"DIR" help:"Folder for the replay, new or empty, and kept; by default one beside the data, removed at the end."`
}

func (verifyCmd) Help() string {
	return `Example: kith verify --project shop

Replays the log into an empty folder and compares: people, golden values, what
became of every record, facts, bridges and current customers must be equal, byte
for byte; else it ends with code 5. The server must be stopped. It takes about as much space and time as the
data took to load.`
}

// verifyPart is one part as printed. It names the place of a difference, never what
// stands there: that is personal data, and lies in the files of --into.
type verifyPart struct {
	Name  string `json:"name"`
	Lines int    `json:"lines"`
	Equal bool   `json:"equal"`
	Line  int    `json:"first_difference,omitzero"`
}

func (c verifyCmd) Run(g *Globals) (err error) {
	tree, err := g.load()
	if err != nil {
		return err
	}
	a, err := app.Open(g.ctx, tree, app.Options{Version: g.IO.Version, Logger: g.logger(slog.LevelWarn), Offline: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	dir := c.Into
	if dir == "" {
		if dir, err = os.MkdirTemp(filepath.Dir(tree.Data), ".kith-verify-"); err != nil {
			return errs.New("replay_folder", "no folder can be made beside the data").At(filepath.Dir(tree.Data)).Fix("name one with --into")
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	v, err := a.Verify(g.ctx, dir)
	if err != nil {
		return err
	}
	if err := c.print(g, v, dir); err != nil {
		return err
	}
	if !v.Equal {
		return exitCode(ExitUnsound)
	}
	return nil
}

func (c verifyCmd) print(g *Globals, v app.Verified, dir string) error {
	var parts []verifyPart
	for _, p := range v.Parts {
		parts = append(parts, verifyPart{Name: p.Name, Lines: p.Lines, Equal: p.Equal, Line: p.Line})
	}
	if g.JSON {
		line, err := json.Marshal(map[string]any{"equal": v.Equal, "parts": parts}, json.Deterministic(true))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(g.Out, "%s\n", line)
		return err
	}
	for i, p := range parts {
		said := "equal"
		if !p.Equal {
			said = fmt.Sprintf("differs first in line %d (%s)", p.Line, strings.TrimSpace(v.Parts[i].Heading))
			if c.Into != "" {
				said += fmt.Sprintf("; compare %s and %s", filepath.Join(dir, p.Name+".have"), filepath.Join(dir, p.Name+".want"))
			}
		}
		if _, err := fmt.Fprintf(g.Out, "%-10s %d lines: %s\n", p.Name, p.Lines, said); err != nil {
			return err
		}
	}
	return nil
}
