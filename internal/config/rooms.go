package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/expr"
	"github.com/kithdata/kith/internal/kit/errs"
	hook "github.com/kithdata/kith/internal/source/webhook"
)

// mainArgument is what {step: value} sets.
func mainArgument(step string) string {
	switch step {
	case "phone":
		return "region"
	case "date":
		return "format"
	case "number":
		return "decimal"
	case "address", "region", "postcode":
		return "country"
	case "unicode":
		return "form"
	case "name":
		return "language"
	case "country", "ip", "language":
		return "as"
	case "email_part", "money", "name_part", "url", "user_agent", "utm":
		return "part"
	case "replace":
		return "pattern"
	case "split":
		return "by"
	case "join":
		return "with"
	}
	return "value"
}

// checkStep gives the first fault of a step, in the words of the room that runs it.
func checkStep(s cleanse.StepConfig) (what, mend string) {
	var names []string
	for _, doc := range cleanse.Steps() {
		names = append(names, doc.Name)
	}
	for _, name := range names {
		if s.Name == name {
			return first(cleanse.ValidateStep(s))
		}
	}
	return fmt.Sprintf("there is no cleansing step %q", s.Name), meant(s.Name, names)
}

func first(faults []error) (what, mend string) {
	for _, fault := range faults {
		if e, ok := errors.AsType[*errs.Error](fault); ok {
			return e.What, orElse(e.Mend, "see docs/configuration.md")
		}
	}
	return "", ""
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// condition checks that a CEL condition compiles for what it will be asked of.
func (b *builder) condition(v *value, over expr.Vars) {
	if v == nil {
		return
	}
	if _, err := expr.Compile(v.str, over); err != nil {
		what, mend := err.Error(), "see the Common Expression Language, and docs/configuration.md for the variables"
		if e, ok := errors.AsType[*errs.Error](err); ok {
			what, mend = e.What, orElse(e.Mend, mend)
			if e.Cause != nil {
				what = strings.TrimPrefix(what+": "+e.Cause.Error(), ": ")
			}
		}
		if v.node.Value != v.str { // what came from the environment is not shown
			what = "the condition does not compile"
		}
		b.add(v.node, CodeCondition, v.path+": "+what, mend)
	}
}

// parseContract reads what lies in a contract file.
func parseContract(path, message string, data []byte) (*contract.Schema, error) {
	if contract.Extension(path) == contract.ExtJSON && contract.Proposed(data) {
		return nil, nil // inferred, and nobody has agreed to it yet
	}
	return parseFile(path, message, data)
}

// parseFile reads a contract; what a .proto file imports is read from its folder.
func parseFile(path, message string, data []byte) (*contract.Schema, error) {
	folder := filepath.Dir(path)
	name := filepath.Base(path)
	if message != "" {
		name += "#" + message
	}
	return contract.Parse(name, data, func(name string) ([]byte, error) { return readBounded(filepath.Join(folder, filepath.Base(name))) })
}

// Applied reports whether the contract file at path holds more than a proposal, so
// that a mirror must leave it alone.
func Applied(path string) bool {
	data, err := os.ReadFile(path)
	return err == nil && !contract.Proposed(data)
}

// rooms asks every room for the faults that it alone can see. It is asked once the
// file has no other, so that nothing is told twice.
func (b *builder) rooms(root *value) {
	t := b.tree
	all := append(t.Rules.validate(), t.API.Validate(), t.Pipeline.Validate())
	for _, c := range t.Files {
		all = append(all, c.Validate())
	}
	for _, c := range t.Tracking {
		all = append(all, c.Validate())
	}
	all = append(all, hook.Validate(t.Hooks)...)
	for _, c := range t.Webhooks {
		all = append(all, c.Validate())
	}
	b.judge(root, all)
}

// judge tells the faults that rooms found, each where the file says what it is about.
func (b *builder) judge(root *value, all []error) {
	for _, e := range each(errors.Join(all...)) {
		at := root.find(e.Where)
		what := e.What
		if e.Where != "" {
			what = e.Where + ": " + what
		}
		b.add(at, e.Code, what, orElse(e.Mend, "see docs/configuration.md"))
	}
}

// each gives the coded errors of a tree of joined ones.
func each(err error) []*errs.Error {
	switch e := err.(type) {
	case nil:
		return nil
	case *errs.Error:
		return []*errs.Error{e}
	case interface{ Unwrap() []error }:
		var all []*errs.Error
		for _, one := range e.Unwrap() {
			all = append(all, each(one)...)
		}
		return all
	}
	return []*errs.Error{errs.New(CodeRoom, err.Error())}
}

// stepsIntro says what all steps have in common.
const stepsIntro = `The steps of an attribute run in order, each on what the one before gave. What a step cannot read becomes null, and the record
says that it was only partly read; ` + "`quality_result`" + ` in the warehouse counts such values as ` + "`readable`" + `. The value as it was sent is kept beside:
` + "`kith trace --values`" + ` shows both.

A setting may be told by another attribute of the same record: a setting with ` + "`_from`" + ` after its name holds that attribute's name.
` + "`{phone: {region: GB, region_from: country}}`" + ` reads a number as the row's own country dials it, and as Great Britain does where the
row says no country or none that is known. The attribute must be listed for the stream, and is taken as it was cleansed, without what
` + "`fill`" + ` put there; attributes that wait for each other in a circle are a fault. A patch that does not name the country is read by
what is stated. A question by a number without its country code is asked under the stated ` + "`region`" + ` alone.
`

// stepsMarkdown is the reference of the cleansing steps.
func stepsMarkdown() string {
	var b strings.Builder
	b.WriteString(stepsIntro)
	for _, d := range cleanse.Steps() {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", code(d.Name), d.What)
		if d.Args != "" {
			fmt.Fprintf(&b, "\nSettings: %s.\n", strings.TrimSuffix(d.Args, "."))
		}
		tables := d.More
		if len(d.Table) > 0 {
			tables = append([]cleanse.Table{{Rows: d.Table}}, d.More...)
		}
		b.WriteString("\n| settings | in | out |\n|---|---|---|\n")
		for _, t := range tables {
			settings := ""
			if len(t.Args) > 0 {
				settings = settingsMarkdown(t.Args)
			}
			for _, row := range t.Rows {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", settings, sample(row[0]), sample(row[1]))
			}
		}
	}
	return b.String()
}

// sample writes a value of an example, whose space is shown as plain space.
func sample(text string) string {
	if text == "" {
		return "null"
	}
	return code(regexp.MustCompile(`\s`).ReplaceAllString(text, " "))
}

// settingsMarkdown writes a step's settings as they stand in the file.
func settingsMarkdown(args map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(args)) {
		value := args[name]
		if value == "" || strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
			value = "'" + value + "'"
		}
		if name == "*" {
			name = "'*'"
		}
		all = append(all, name+": "+value)
	}
	return code("{" + strings.Join(all, ", ") + "}")
}
