package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Codes of the faults of a configuration file.
const (
	CodeUnreadable     errs.Code = "config_unreadable"
	CodeTooLarge       errs.Code = "config_too_large"
	CodeSyntax         errs.Code = "config_syntax"
	CodeKeyUnknown     errs.Code = "config_key_unknown"
	CodeKeyTwice       errs.Code = "config_key_twice"
	CodeKeyMissing     errs.Code = "config_key_missing"
	CodeValueType      errs.Code = "config_value_type"
	CodeValueRange     errs.Code = "config_value_range"
	CodeValueChoice    errs.Code = "config_value_choice"
	CodeName           errs.Code = "config_name"
	CodeVariableUnset  errs.Code = "config_variable_unset"
	CodeSecretFile     errs.Code = "config_secret_file"
	CodeGlob           errs.Code = "config_glob"
	CodeSourceType     errs.Code = "source_type_unknown"
	CodeDestType       errs.Code = "destination_type_unknown"
	CodeSourceUnknown  errs.Code = "source_unknown"
	CodeStreamName     errs.Code = "stream_name"
	CodeStreamTwice    errs.Code = "stream_twice"
	CodeStreamFiles    errs.Code = "stream_files"
	CodeStreamMatch    errs.Code = "stream_match"
	CodeStreamKind     errs.Code = "stream_kind"
	CodeStreamSnapshot errs.Code = "stream_snapshot"
	CodeContractFile   errs.Code = "contract_file"
	CodeIdentifierType errs.Code = "identifier_type_unknown"
	CodeFill           errs.Code = "attribute_fill"
	CodeStep           errs.Code = "cleanse_step"
	CodeCheck          errs.Code = "quality_check"
	CodeGoldenRule     errs.Code = "golden_rule"
	CodeCondition      errs.Code = "condition"
	CodeWebhook        errs.Code = "webhook_setting"
	CodeServer         errs.Code = "server_setting"
	CodeEngine         errs.Code = "engine_setting"
	CodeManyFaults     errs.Code = "config_many_faults"
	CodeRoom           errs.Code = "config_refused"
	CodeRules          errs.Code = "rules_unreadable"
	CodeBadFix         errs.Code = "bad_fix"
)

// maxFaults is how many faults are told; past it a file is not the one meant.
const maxFaults = 100

type placed struct {
	line, column int
	err          *errs.Error
}

// faults gathers what is wrong with one file.
type faults struct {
	file string // as the user named it
	list []placed
}

func (f *faults) add(n *yaml.Node, code errs.Code, what, mend string) {
	line, column := 1, 1
	if n != nil && n.Line > 0 {
		line, column = n.Line, max(n.Column, 1)
	}
	f.addAt(line, column, code, what, mend)
}

func (f *faults) addAt(line, column int, code errs.Code, what, mend string) {
	e := errs.New(code, what).At(fmt.Sprintf("%s:%d:%d", f.file, line, column)).Fix(mend)
	f.list = append(f.list, placed{line, column, e})
}

// err joins all faults in the order of their places; nil when there is none.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	var all []error
	told := map[string]bool{} // an alias can lead to one place many times
	for _, p := range f.list {
		if text := p.err.Error(); !told[text] {
			told[text] = true
			all = append(all, p.err)
		}
	}
	if more := len(all) - maxFaults; more > 0 {
		all = append(all[:maxFaults], errs.New(CodeManyFaults, fmt.Sprintf("and %d faults more", more)).
			At(f.file).Fix("mend the first ones, then check again"))
	}
	return errors.Join(all...)
}

// nearest gives the name that was probably meant, or "".
func nearest(name string, names []string) string {
	best, least := "", max(1, min(3, len(name)/3))+1
	for _, n := range names {
		if d := distance(strings.ToLower(name), n); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance counts insertions, deletions, substitutions and swaps of neighbours.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var prev, cur, older [66]int
	for j := 0; j <= len(b); j++ {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], older[j-2]+1)
			}
		}
		older, prev, cur = prev, cur, older
	}
	return prev[len(b)]
}

// listing writes names as "a, b or c".
func listing(names []string) string {
	switch len(names) {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// meant proposes the nearest name, or lists them all.
func meant(name string, names []string) string {
	if n := nearest(name, names); n != "" {
		return fmt.Sprintf("did you mean %s?", n)
	}
	return "write " + listing(names)
}
