package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/quality"
)

// CheckCautions are checks that say nothing though no fault is in them: of columns that are
// probably misspelt, for what no record has is passed over in every one, and conditions
// that compare what is still text.
func CheckCautions(t *Tree) []string {
	var notes []string
	for _, q := range t.Rules.Quality {
		notes = append(notes, textCautions(t, q)...)
		known := columnsOf(t, q.Stream)
		for n, c := range q.Checks {
			for _, name := range append(append([]string{c.Column}, c.Columns...), c.Total) {
				if name == "" || slices.Contains(known, name) || c.Check == "condition" {
					continue
				}
				if meant := slip(name, known); meant != "" {
					notes = append(notes, fmt.Sprintf("stream %s: no attribute or field that is named is called %s, as expect[%d] has it; did you mean %s?", q.Stream, name, n, meant))
				}
			}
		}
	}
	return notes
}

// slip gives the name of which another is a slip of the fingers: a letter or two, and no
// digit.
func slip(name string, known []string) string {
	letters := func(s string) string { return strings.Trim(s, "0123456789") }
	meant := nearest(name, known)
	if meant == "" || letters(name) == letters(meant) || distance(strings.ToLower(name), strings.ToLower(meant)) > 1+len(name)/12 {
		return ""
	}
	return meant
}

// columnsOf are the attributes and fields of a stream that its rules name.
func columnsOf(t *Tree, stream string) []string {
	var all []string
	for _, s := range t.Rules.Streams {
		if s.Stream == stream {
			all = append(all, s.Key, s.Seq, s.Occurred, s.Deleted)
			if s.Schema != nil {
				for _, f := range s.Schema.Fields {
					all = append(all, f.Path)
				}
			}
		}
	}
	for _, s := range t.Rules.Cleanse {
		if s.Stream != stream {
			continue
		}
		for _, a := range s.Attributes {
			all = append(append(all, a.Name, a.From), a.More...)
		}
		for _, id := range s.Identifiers {
			all = append(all, id.From)
		}
	}
	return all
}

// compared finds what a condition compares by size, or with a number.
func compared() *regexp.Regexp {
	return regexp.MustCompile(`(?:attributes|fields)\.([A-Za-z0-9_]+) *(?:[<>]|[=!]= *-?[0-9])`)
}

// textCautions are the conditions of checks on a CSV file that compare what no contract and
// no attribute says the type of: as texts 10 comes before 9, and a text has no order with a
// number.
func textCautions(t *Tree, q quality.StreamConfig) []string {
	typed, text := typesOf(t, q.Stream)
	if !text {
		return nil
	}
	var notes []string
	for n, c := range q.Checks {
		for _, condition := range []string{c.When, c.Condition} {
			for _, m := range compared().FindAllStringSubmatch(condition, -1) {
				if !typed[m[1]] {
					notes = append(notes, fmt.Sprintf("stream %s: the condition of expect[%d] compares %s, which is text as the file has it; give the attribute a type, or write double(attributes.%s)", q.Stream, n, m[1], m[1]))
				}
			}
		}
	}
	return notes
}

// typesOf tells which attributes of a stream are more than text, and whether the stream is
// of a CSV file of which no contract is known.
func typesOf(t *Tree, stream string) (typed map[string]bool, text bool) {
	source := ""
	for _, s := range t.Rules.Streams {
		if s.Stream == stream && s.Schema == nil {
			source = s.Source
		}
	}
	for _, f := range t.Files {
		if f.Name == source && (f.Format == "csv" || f.Format == "" && regexp.MustCompile(`(?i)\.(csv|tsv|txt)(\.gz|\.zst)?$`).MatchString(f.Path)) {
			text = true
		}
	}
	typed = map[string]bool{}
	for _, s := range t.Rules.Cleanse {
		if s.Stream != stream {
			continue
		}
		for _, a := range s.Attributes {
			steps := slices.ContainsFunc(a.Steps, func(s cleanse.StepConfig) bool {
				return slices.Contains([]string{"number", "money", "date", "boolean", "disposable"}, s.Name)
			})
			typed[a.Name] = steps || a.Type != "" && a.Type != "string"
		}
	}
	return typed, text
}
