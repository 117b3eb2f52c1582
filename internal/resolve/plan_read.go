package resolve

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
)

// planReader reads a plan in YAML, and gathers all that is wrong with it.
type planReader struct {
	rules *rules
	errs  []error
}

// maxDepth is how deep a plan may be nested.
const maxDepth = 32

// maxFaults is how many faults are told; past it a file is not the one meant.
const maxFaults = 50

// readPlan reads a plan as kith match plan writes it.
func readPlan(path string, data []byte) (*rules, error) {
	r := &planReader{rules: &rules{file: path, plan: &match.Plan{}}}
	var doc yaml.Node
	if err := yaml.Load(data, &doc, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth)))); err != nil {
		if empty(data) {
			return r.rules, nil
		}
		return nil, errs.New(codePlanSyntax, "it is no YAML: "+strings.Join(strings.Fields(err.Error()), " ")).At(path).Fix("mend what YAML's rules forbid")
	}
	root := &doc
	if root.Kind == yaml.DocumentNode && len(root.Content) > 0 {
		root = root.Content[0]
	}
	if root.Kind != 0 && root.ShortTag() != "!!null" {
		r.plan(root)
	}
	if len(r.errs) > maxFaults {
		r.errs = append(r.errs[:maxFaults], errs.New(codePlanSyntax, fmt.Sprintf("and %d faults more", len(r.errs)-maxFaults)).At(path).Fix("mend the first ones, then try again"))
	}
	if err := errors.Join(r.errs...); err != nil {
		return nil, err
	}
	return r.rules, nil
}

// empty reports whether a plan has nothing but comments.
func empty(data []byte) bool {
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

func (r *planReader) at(n *yaml.Node) string {
	return fmt.Sprintf("%s:%d:%d", r.rules.file, max(n.Line, 1), max(n.Column, 1))
}

func (r *planReader) fault(n *yaml.Node, code errs.Code, what, mend string) {
	r.errs = append(r.errs, errs.New(code, what).At(r.at(n)).Fix(mend))
}

// object visits the members of a mapping, and refuses those that are not known or
// there twice.
func (r *planReader) object(n *yaml.Node, path string, keys map[string]func(n *yaml.Node)) bool {
	names := slices.Sorted(maps.Keys(keys))
	return r.members(n, path, func(key, value *yaml.Node) {
		read, ok := keys[key.Value]
		if !ok {
			r.fault(key, codePlanKey, path+" has an unknown key "+strconv.Quote(key.Value), "the keys are: "+strings.Join(names, ", "))
			return
		}
		read(value)
	})
}

func (r *planReader) members(n *yaml.Node, path string, visit func(key, value *yaml.Node)) bool {
	if n.Kind != yaml.MappingNode {
		r.fault(n, codePlanValue, path+" is not keys with values", "write it as {key: value}")
		return false
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if seen[key.Value] {
			r.fault(key, codePlanConflict, path+" has the key "+strconv.Quote(key.Value)+" twice", "leave one of them")
			continue
		}
		seen[key.Value] = true
		visit(key, n.Content[i+1])
	}
	return true
}

func (r *planReader) list(n *yaml.Node, path string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		r.fault(n, codePlanValue, path+" is not a list", "write it as a list: [a, b]")
		return nil
	}
	return n.Content
}

func (r *planReader) text(n *yaml.Node, path string) string {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		r.fault(n, codePlanValue, path+" is not a text", "write one word or a text in quotes")
		return ""
	}
	return n.Value
}

func (r *planReader) texts(n *yaml.Node, path string) []string {
	all := []string{}
	for _, v := range r.list(n, path) {
		all = append(all, r.text(v, path))
	}
	return all
}

func (r *planReader) boolean(n *yaml.Node, path string) bool {
	if n.Kind == yaml.ScalarNode && (n.Value == "true" || n.Value == "false") {
		return n.Value == "true"
	}
	r.fault(n, codePlanValue, path+" is neither true nor false", "write true or false")
	return false
}

func (r *planReader) number(n *yaml.Node, path string, least, most float64) float64 {
	v, err := strconv.ParseFloat(n.Value, 64)
	if n.Kind != yaml.ScalarNode || err != nil || math.IsNaN(v) || v < least || v > most {
		r.fault(n, codePlanValue, path+" is not a number that fits", fmt.Sprintf("write a number from %g to %g", least, most))
		return least
	}
	return v
}

func (r *planReader) whole(n *yaml.Node, path string, most int) int {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < 1 || v > most {
		r.fault(n, codePlanValue, path+" is not a whole number that fits", fmt.Sprintf("write a whole number from 1 to %d", most))
		return 1
	}
	return v
}

// probability reads a number between 0 and 1, or auto, which is 0.
func (r *planReader) probability(n *yaml.Node, path string) float64 {
	if n.Kind == yaml.ScalarNode && n.Value == "auto" {
		return 0
	}
	return r.share(n, path, "write a number between 0 and 1, or auto")
}

func (r *planReader) share(n *yaml.Node, path, mend string) float64 {
	v, err := strconv.ParseFloat(n.Value, 64)
	if n.Kind != yaml.ScalarNode || err != nil || !(v > 0 && v < 1) {
		r.fault(n, codePlanValue, path+" is no probability", mend)
		return 0
	}
	return v
}

func (r *planReader) plan(root *yaml.Node) {
	p := r.rules.plan
	var review *yaml.Node
	r.object(root, "the plan", map[string]func(*yaml.Node){
		"id":     func(n *yaml.Node) { r.rules.id, r.rules.idAt = r.text(n, "id"), r.at(n) },
		"link":   func(n *yaml.Node) { r.rules.link = r.boolean(n, "link") },
		"prior":  func(n *yaml.Node) { p.Prior = r.probability(n, "prior") },
		"accept": func(n *yaml.Node) { r.rules.accept = r.probability(n, "accept") },
		"review": func(n *yaml.Node) { review = n; r.rules.review = r.probability(n, "review") },
		"others": func(n *yaml.Node) {
			switch r.text(n, "others") {
			case "skipped":
				p.Only = true
			case "auto":
			default:
				r.fault(n, codePlanValue, "others is neither auto nor skipped", "write auto or skipped")
			}
		},
		"related": func(n *yaml.Node) {
			if n.Value != "auto" {
				p.Plain = !r.boolean(n, "related")
			}
		},
		"learned":  func(*yaml.Node) {},
		"blocking": r.blocking,
		"fields":   r.fields,
	})
	if a := r.rules.accept; review != nil && a > 0 && r.rules.review > a {
		r.fault(review, codePlanConflict, "review is above accept", "pairs between review and accept are looked at: make it less")
	}
}

func (r *planReader) blocking(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Value == "auto" {
		return
	}
	r.rules.plan.Rules = [][]match.PlanKey{}
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		r.fault(n, codePlanConflict, "blocking proposes no pairs", "name a rule, such as {column: same}, or write auto")
	}
	for i, item := range r.list(n, "blocking") {
		path := fmt.Sprintf("blocking[%d]", i)
		var keys []match.PlanKey
		r.members(item, path, func(key, value *yaml.Node) {
			keys = append(keys, match.PlanKey{Field: key.Value, What: r.text(value, path+"."+key.Value)})
		})
		if len(keys) == 0 && item.Kind == yaml.MappingNode {
			r.fault(item, codePlanValue, path+" names no field", "write it as {column: same}")
		}
		r.rules.plan.Rules = append(r.rules.plan.Rules, keys)
		r.rules.ruleAt = append(r.rules.ruleAt, r.at(item)+": "+path)
	}
}

func (r *planReader) fields(n *yaml.Node) {
	seen := map[string]bool{}
	for i, item := range r.list(n, "fields") {
		path := fmt.Sprintf("fields[%d]", i)
		f := r.field(item, path)
		if f.Name != "" && seen[f.Name] {
			r.fault(item, codePlanConflict, path+" is the second field that is named "+strconv.Quote(f.Name), "leave one of them, or give one another name")
		}
		seen[f.Name] = true
		r.rules.plan.Fields = append(r.rules.plan.Fields, f)
		r.rules.fieldAt = append(r.rules.fieldAt, r.at(item)+": "+path)
	}
}

func (r *planReader) field(n *yaml.Node, path string) match.PlanField {
	var f match.PlanField
	var levels, column, others *yaml.Node
	ok := r.object(n, path, map[string]func(*yaml.Node){
		"column": func(n *yaml.Node) { column = n; f.Name = r.text(n, path+".column") },
		"name":   func(n *yaml.Node) { others = n; f.Name = r.text(n, path+".name") },
		"columns": func(n *yaml.Node) {
			others = n
			if f.Columns = r.texts(n, path+".columns"); len(f.Columns) == 0 {
				r.fault(n, codePlanValue, path+".columns names none", "name a column or more")
			}
		},
		"kind": func(n *yaml.Node) {
			name := r.text(n, path+".kind")
			kind, known := match.ParseKind(name)
			switch {
			case name == "auto":
			case !known:
				r.fault(n, codePlanValue, path+".kind is no kind that there is", choices(append(match.Kinds(), "auto")))
			default:
				f.Kind, f.Skip = kind, kind == match.Skipped
			}
		},
		"follows": func(n *yaml.Node) {
			if f.Follows = r.texts(n, path+".follows"); len(f.Follows) > match.MostFollowed {
				r.fault(n, codePlanValue, path+".follows names too many fields", fmt.Sprintf("name %d at most", match.MostFollowed))
			}
		},
		"rarity":  func(n *yaml.Node) { f.Common = !r.boolean(n, path+".rarity") },
		"levels":  func(n *yaml.Node) { levels = n },
		"learned": func(*yaml.Node) {},
	})
	switch {
	case !ok:
		return f
	case column == nil && (f.Name == "" || len(f.Columns) == 0):
		r.fault(n, codePlanValue, path+" names no column", "write column: NAME; or name: and columns: for several that are compared as one")
		return f
	case column != nil && others != nil:
		r.fault(column, codePlanConflict, path+" has both column and name or columns", "write column: NAME for one column, or name: and columns: for several")
	case f.Skip && (levels != nil || f.Follows != nil):
		r.fault(n, codePlanConflict, path+" is skipped and says how it is compared", "leave out levels and follows, or state another kind")
	case f.Skip && column == nil:
		r.fault(n, codePlanConflict, path+" is skipped and is no column", "leave it out")
	}
	if levels != nil && !f.Skip {
		r.levels(levels, path+".levels", &f)
	}
	return f
}

// level is one item of a field's levels.
type level struct {
	name string // of one of the kind's
	text string // of one of its own, in words
	when *yaml.Node
	m, u float64
}

// levels reads either the levels of the field's kind, of which some are fixed, or
// levels of its own.
func (r *planReader) levels(n *yaml.Node, path string, f *match.PlanField) {
	items := r.list(n, path)
	var all []level
	own, named := 0, 0
	for i, item := range items {
		l, ok := r.level(item, fmt.Sprintf("%s[%d]", path, i))
		if !ok {
			return
		}
		if l.when != nil {
			own++
		} else {
			named++
		}
		all = append(all, l)
	}
	switch {
	case own > 0 && named > 0:
		r.fault(n, codePlanConflict, path+" has both levels of the kind and levels of its own", "write level: for all of them, or when: for all")
	case own > 0:
		r.ownLevels(items, all, path, f)
	case named > 0:
		r.kindLevels(items, all, path, f)
	}
	for what, of := range map[string][]float64{"m": f.M, "u": f.U} {
		sum, whole := 0.0, len(of) > 0
		for _, p := range of {
			sum += p
			whole = whole && p > 0
		}
		if sum > 1.02 || whole && sum < 0.98 {
			r.fault(n, codePlanConflict, fmt.Sprintf("%s: all %s together are %.3g", path, what, sum), "probabilities of all levels together are 1; leave out those that are to be learned")
		}
	}
}

func (r *planReader) level(n *yaml.Node, path string) (l level, ok bool) {
	before := len(r.errs)
	r.object(n, path, map[string]func(*yaml.Node){
		"level": func(n *yaml.Node) { l.name = r.text(n, path+".level") },
		"when":  func(n *yaml.Node) { l.when = n },
		"name":  func(n *yaml.Node) { l.text = r.text(n, path+".name") },
		"m": func(n *yaml.Node) {
			l.m = r.share(n, path+".m", "write a number between 0 and 1, or leave it out to have it learned")
		},
		"u": func(n *yaml.Node) {
			l.u = r.share(n, path+".u", "write a number between 0 and 1, or leave it out to have it learned")
		},
		"learned": func(n *yaml.Node) { r.learned(n, path+".learned") },
	})
	if l.text != "" && l.when == nil {
		r.fault(n, codePlanConflict, path+" names a level and no condition", "write when: and a condition, or level: for one of the kind's")
	}
	if len(r.errs) == before && l.name == "" && l.when == nil {
		r.fault(n, codePlanValue, path+" is no level", "write level: and the name of one, or when: and a condition")
	}
	return l, len(r.errs) == before
}

// learned is what was found out, and is found out again. Where somebody has edited it,
// he means it to count, and is told how.
func (r *planReader) learned(n *yaml.Node, path string) {
	var m, u, bits float64
	number := func(to *float64) func(*yaml.Node) {
		return func(n *yaml.Node) { *to = r.number(n, path, -1e4, 1e4) }
	}
	before := len(r.errs)
	r.object(n, path, map[string]func(*yaml.Node){"m": number(&m), "u": number(&u), "bits": number(&bits)})
	if len(r.errs) == before && math.Abs(math.Log2(m/u)-bits) > 0.05 {
		r.fault(n, codePlanConflict, path+": m, u and bits do not go together", "what is learned is not read: to fix a level, write m or u beside it, as {level: same, m: 0.9}")
	}
}

// kindLevels takes what is fixed of the levels that a kind has.
func (r *planReader) kindLevels(items []*yaml.Node, all []level, path string, f *match.PlanField) {
	names := f.Kind.Levels()
	fixed := false
	f.M, f.U = make([]float64, len(names)), make([]float64, len(names))
	seen := map[string]bool{}
	for i, l := range all {
		at := slices.Index(names, l.name)
		switch {
		case f.Kind == match.Skipped:
			r.fault(items[i], codePlanConflict, path+" names levels and the field states no kind", "state the kind, such as kind: name")
			return
		case at < 0:
			r.fault(items[i], codePlanValue, fmt.Sprintf("%s[%d].level is none that a %s has", path, i, f.Kind), choices(names))
			continue
		case seen[l.name]:
			r.fault(items[i], codePlanConflict, fmt.Sprintf("%s[%d].level is there twice", path, i), "leave one of them")
		}
		seen[l.name] = true
		f.M[at], f.U[at] = l.m, l.u
		fixed = fixed || l.m > 0 || l.u > 0
	}
	if !fixed {
		f.M, f.U = nil, nil
	}
}

// ownLevels takes levels that a field states itself.
func (r *planReader) ownLevels(items []*yaml.Node, all []level, path string, f *match.PlanField) {
	for i, l := range all {
		f.Levels = append(f.Levels, match.Level{Name: l.text, When: r.condition(l.when, fmt.Sprintf("%s[%d].when", path, i))})
		f.M, f.U = append(f.M, l.m), append(f.U, l.u)
	}
	if at, what, mend := match.Check(f.Levels); at >= 0 {
		r.fault(items[at], codePlanConflict, path+": "+what, mend)
	}
}

// condition reads a test by its name, or keys with values that must all hold.
func (r *planReader) condition(n *yaml.Node, path string) match.Condition {
	if n.Kind == yaml.ScalarNode {
		switch n.Value {
		case "otherwise":
			return match.Condition{}
		case "same":
			return match.Condition{Test: match.Same}
		case "same_sound":
			return match.Condition{Test: match.SameSound}
		case "nickname":
			return match.Condition{Test: match.Nickname}
		}
		r.fault(n, codePlanValue, path+" is no condition", "write same, same_sound, nickname or otherwise; others need a value, as {edits: 2}")
		return match.Condition{Test: match.Same}
	}
	var column string
	var part match.Part
	var tests []match.Condition
	add := func(c match.Condition) { tests = append(tests, c) }
	truth := func(t match.Test) func(*yaml.Node) {
		return func(n *yaml.Node) {
			if !r.boolean(n, path) {
				r.fault(n, codePlanValue, path+" asks for what is not", "write true, or leave it out")
			}
			add(match.Condition{Test: t})
		}
	}
	count := func(t match.Test) func(*yaml.Node) {
		return func(n *yaml.Node) { add(match.Condition{Test: t, N: r.whole(n, path+"."+t.String(), 64)}) }
	}
	share := func(t match.Test) func(*yaml.Node) {
		return func(n *yaml.Node) { add(match.Condition{Test: t, X: r.number(n, path+"."+t.String(), 0, 1)}) }
	}
	group := func(t match.Test) func(*yaml.Node) {
		return func(n *yaml.Node) {
			c := match.Condition{Test: t}
			for i, of := range r.list(n, path+"."+t.String()) {
				c.Of = append(c.Of, r.condition(of, fmt.Sprintf("%s.%s[%d]", path, t, i)))
			}
			if len(c.Of) == 0 {
				r.fault(n, codePlanValue, path+"."+t.String()+" has no condition", "write one or more")
			}
			add(c)
		}
	}
	r.object(n, path, map[string]func(*yaml.Node){
		"of":           func(n *yaml.Node) { column = r.text(n, path+".of") },
		"part":         func(n *yaml.Node) { part = r.part(n, path+".part") },
		"same":         truth(match.Same),
		"same_sound":   truth(match.SameSound),
		"nickname":     truth(match.Nickname),
		"edits":        count(match.Edits),
		"prefix":       count(match.Prefix),
		"suffix":       count(match.Suffix),
		"shared_words": count(match.SharedWords),
		"jaro":         share(match.Jaro),
		"jaro_winkler": share(match.JaroWinkler),
		"jaccard":      share(match.Jaccard),
		"within":       func(n *yaml.Node) { add(match.Condition{Test: match.WithinDays, X: r.within(n, path+".within")}) },
		"swapped_with": func(n *yaml.Node) {
			add(match.Condition{Test: match.SwappedWith, Other: r.text(n, path+".swapped_with")})
		},
		"all": group(match.All),
		"any": group(match.Any),
	})
	for i := range tests {
		if t := tests[i].Test; t != match.All && t != match.Any {
			tests[i].Column, tests[i].Part = column, part
		}
	}
	switch len(tests) {
	case 0:
		r.fault(n, codePlanValue, path+" asks for nothing", "write a condition such as {edits: 2}")
		return match.Condition{Test: match.Same}
	case 1:
		return tests[0]
	}
	return match.Condition{Test: match.All, Of: tests}
}

func (r *planReader) part(n *yaml.Node, path string) match.Part {
	at := slices.Index(match.Parts(), r.text(n, path))
	if at < 0 {
		r.fault(n, codePlanValue, path+" is no part that there is", choices(match.Parts()))
	}
	return match.Part(max(at, 0))
}

// days in a month and in a year, on the whole.
const (
	month = 30.4375
	year  = 365.25
)

// within reads a span of time, in days.
func (r *planReader) within(n *yaml.Node, path string) float64 {
	days := 0.0
	unit := func(of float64) func(*yaml.Node) {
		return func(n *yaml.Node) { days += of * r.number(n, path, 0, 1e6) }
	}
	r.object(n, path, map[string]func(*yaml.Node){"days": unit(1), "months": unit(month), "years": unit(year)})
	return days
}
