package resolve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
)

// Codes of the faults of what --rules names.
const (
	codeRulesFile     errs.Code = "match_rules_file"
	codePlanSyntax    errs.Code = "match_plan_syntax"
	codePlanKey       errs.Code = "match_plan_key"
	codePlanValue     errs.Code = "match_plan_value"
	codePlanConflict  errs.Code = "match_plan_conflict"
	codePlanColumn    errs.Code = "match_plan_column"
	codeSplinkSetting errs.Code = "match_splink_setting"
	codeSplinkSQL     errs.Code = "match_splink_sql"
	codeSnapshot      errs.Code = "match_snapshot"
)

// maxPlan is the most bytes of a plan or of settings, maxSnapshot of a snapshot, which
// has a line for each value that several records share.
const (
	maxPlan     = 4 << 20
	maxSnapshot = 1 << 30
)

// rules is what a file that --rules names says: a plan or a snapshot, and what else it settles.
type rules struct {
	file           string
	plan           *match.Plan
	snapshot       *match.Snapshot
	id             string
	idAt           string
	link           bool
	accept, review float64
	fieldAt        []string // where each field of the plan stands
	ruleAt         []string
}

// readRules reads a plan in YAML, Splink's settings or a snapshot: which, the file tells.
func readRules(path string) (*rules, error) {
	data, err := readWhole(path)
	if err != nil {
		return nil, err
	}
	begin := bytes.TrimLeft(data[:min(len(data), 1<<10)], " \t\r\n\ufeff")
	switch {
	case match.IsSnapshot(data):
		s, err := match.DecodeSnapshot(data)
		if err != nil {
			return nil, errs.Wrap(codeSnapshot, "reading a snapshot", err).At(path).Fix("write it anew with kith resolve --snapshot")
		}
		return &rules{file: path, snapshot: s, link: s.Link, accept: s.Accept}, nil
	case len(data) > maxPlan:
		return nil, errs.New(codeRulesFile, fmt.Sprintf("the file has more than %d bytes and is no snapshot", maxPlan)).At(path).Fix("name a plan, Splink's settings or a snapshot")
	case bytes.HasPrefix(begin, []byte("{")) && bytes.Contains(data, []byte(`"comparisons"`)):
		return readSplink(path, data)
	}
	return readPlan(path, data)
}

func readWhole(path string) ([]byte, error) {
	data, err := readAtMost(path, maxSnapshot)
	if err != nil {
		return nil, errs.New(codeRulesFile, "the file cannot be read: "+bare(err).Error()).At(path).Fix("name a plan that kith match plan wrote, Splink's settings or a snapshot")
	}
	return data, nil
}

// readAtMost reads a file, which is a fault where it has more than so many bytes.
func readAtMost(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	tooLong := fmt.Errorf("it has more than %d bytes", most)
	if info, err := f.Stat(); err == nil && info.Size() > most {
		return nil, tooLong
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1)) // it may be a pipe, or grow
	if err == nil && int64(len(data)) > most {
		err = tooLong
	}
	return data, err
}

// faults tells what of the plan cannot be done with the records, each with its place.
func (r *rules) faults(found *match.Result) error {
	var all []error
	for _, f := range found.Faults {
		where := r.file
		switch {
		case f.Field >= 0 && f.Field < len(r.fieldAt):
			where = r.fieldAt[f.Field]
		case f.Rule >= 0 && f.Rule < len(r.ruleAt):
			where = r.ruleAt[f.Rule]
		}
		all = append(all, errs.New(codePlanColumn, f.What).At(where).Fix(f.Mend))
	}
	return errors.Join(all...)
}

// choices names what there is to choose from.
func choices(names []string) string { return "write one of: " + strings.Join(names, ", ") }

// config is what is resolved, with what the file settles and no flag does.
func (r *rules) config(c Config) (Config, error) {
	if c.ID == "" {
		c.ID, c.idAt = r.id, r.idAt
	}
	if c.Accept == 0 {
		c.Accept = r.accept
	}
	if c.Review == 0 {
		c.Review = r.review
	}
	if r.snapshot != nil && c.Labels != "" {
		return c, errs.New(codePlanConflict, "a snapshot pins what agreement is worth: labels would change nothing").At("--labels").Fix("leave --labels out, or write a snapshot anew with it")
	}
	c.Link = c.Link || r.link
	if c.Link && len(c.Files) < 2 {
		return c, errs.New(codePlanConflict, "only records of different files can be one, and there is one file").At(r.file).Fix("name two files or more, or have duplicates within a file found: link: false, or dedupe_only in Splink's settings")
	}
	return c, nil
}

// writeSnapshot writes what was learned.
func (r *result) writeSnapshot(_ context.Context, o *output) error {
	s := r.found.Snapshot()
	if s == nil {
		return errs.New(codeSnapshot, "there is nothing to learn from in these records").At(o.flag).Fix("a snapshot needs two records or more, and a column that tells them apart")
	}
	return o.fill(s.Encode)
}
