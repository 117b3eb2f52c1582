package resolve

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v4"

	"github.com/kithdata/kith/internal/identity/match"
)

// Plan gives all that a resolution decides, as YAML that explains itself or as JSON, and
// writes it to Out where that is named. Both can be given back as Rules.
func Plan(ctx context.Context, c Config, asJSON bool) ([]byte, error) {
	w := &watch{config: c, began: time.Now(), spent: map[string]float64{}}
	in, found, err := find(ctx, c, w)
	w.next("")
	if err != nil {
		return nil, err
	}
	p := &planWriter{plan: found.Plan(), model: found.Model(), learned: map[string]match.FieldModel{}}
	for _, f := range p.model.Fields {
		p.learned[f.Field] = f
	}
	p.write(in)
	text := []byte(p.b.String())
	if asJSON {
		var plan any
		if err := yaml.Load(text, &plan); err != nil {
			return nil, err
		}
		if text, err = json.Marshal(plan, json.Deterministic(true)); err != nil {
			return nil, err
		}
		text = append(text, '\n')
	}
	if c.Out == "" || ctx.Err() != nil {
		return text, ctx.Err()
	}
	return text, placed(c, "--out", c.Out, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// planWriter writes a plan so that it explains itself.
type planWriter struct {
	b       strings.Builder
	plan    match.Plan
	model   match.Model
	learned map[string]match.FieldModel
}

func (p *planWriter) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *planWriter) write(in *records) {
	p.line(`# What these records are taken to be, and how they are compared.
# Edit it, and give it back: kith resolve FILES --rules THIS_FILE
# What is left out, or auto, is found out from the records. What stands under "learned"
# tells what was found, and is found out again: to fix what a level is worth, write its m
# or u beside it, as {level: same, m: 0.9}. m is how often records of one person agree so
# far, u how often records of two do; bits = log2(m/u) speak for one person, or against.
`)
	if in.config.ID != "" {
		p.line("id: %s  # the records' ids, which are not compared", scalar(in.config.ID))
	}
	if in.config.Link {
		p.line("link: true  # only records of different files can be one")
	}
	p.line("accept: %s  # join what is one with at least this probability; auto: what promises most of 0.5, 0.7 and 0.9", auto(in.config.Accept))
	if in.config.Review > 0 {
		p.line("review: %s  # pairs from this probability up to accept are for people to decide", auto(in.config.Review))
	}
	p.line("prior: %s  # the probability of two records taken at random being one", auto(p.plan.Prior))
	if p.plan.Plain {
		p.line("related: false  # records are of one person or strangers; auto: some are related, as namesakes are, and are a sort of their own")
	}
	p.line("learned: {records: %d, prior: %s}", in.rows, digits(probability(p.model.Prior)))
	p.line("\n# Columns that no field below names: skipped, or auto, compared as their values tell.\nothers: skipped\n")
	p.blocking()
	p.line("\nfields:")
	for _, f := range p.plan.Fields {
		p.field(f)
	}
}

func auto(v float64) string {
	if v == 0 {
		return "auto"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func probability(bits float64) float64 { return 1 / (1 + math.Exp2(-bits)) }

// digits writes a number with as many digits as tell something.
func digits(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// scalar writes a text as YAML reads it.
func scalar(s string) string {
	text, err := yaml.Dump(s)
	if err != nil || strings.Contains(strings.TrimSuffix(string(text), "\n"), "\n") || strings.ContainsAny(s, ",[]{}:#") {
		return strconv.Quote(s)
	}
	return strings.TrimSuffix(string(text), "\n")
}

func scalars(names []string) string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = scalar(n)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

func (p *planWriter) blocking() {
	p.line("# Which pairs of records are compared: those that share all keys of one of these. A key\n# that more than 500 records have proposes none.")
	switch {
	case p.plan.Rules == nil:
		p.line("blocking: auto  # all pairs were compared: there are few enough")
		return
	case len(p.plan.Rules) == 0:
		p.line("blocking: auto  # no key was found that brings together what is one")
		return
	}
	p.line("blocking:  # or auto: chosen for the most that they find within about 50 pairs a record")
	for i, keys := range p.plan.Rules {
		var words []string
		for _, k := range keys {
			words = append(words, scalar(k.Field)+": "+scalar(k.What))
		}
		about := ""
		if i < len(p.model.Rules) {
			about = fmt.Sprintf("  # about %.0f pairs", p.model.Rules[i].Pairs)
		}
		p.line("  - {%s}%s", strings.Join(words, ", "), about)
	}
}

func (p *planWriter) field(f match.PlanField) {
	if f.Skip {
		p.line("  - {column: %s, kind: skipped}  # %s", scalar(f.Name), f.Why)
		return
	}
	if len(f.Columns) > 0 {
		p.line("  - name: %s\n    columns: %s", scalar(f.Name), scalars(f.Columns))
	} else {
		p.line("  - column: %s", scalar(f.Name))
	}
	p.line("    kind: %s", f.Kind)
	learned, ok := p.learned[f.Name]
	if f.Follows != nil {
		p.line("    follows: %s  # where these agree, agreement here is expected, and worth less", scalars(f.Follows))
	}
	if f.Common {
		p.line("    rarity: false  # agreeing on a rare value is worth no more than on a common one")
	}
	if ok {
		follows := ""
		if f.Follows == nil && len(learned.Follows) > 0 {
			follows = ", follows: " + scalars(learned.Follows)
		}
		p.line("    learned: {given: %d, values: %d%s}", learned.Given, learned.Distinct, follows)
	}
	p.line("    levels:")
	names := f.Kind.Levels()
	if len(f.Levels) > 0 {
		names = make([]string, len(f.Levels))
	}
	for l := range names {
		what := "level: " + scalar(names[l])
		if len(f.Levels) > 0 {
			what = "when: " + condition(f.Levels[l].When)
			if name := f.Levels[l].Name; name != "" {
				what = "name: " + scalar(name) + ", " + what
			}
		}
		if l < len(f.M) && f.M[l] > 0 {
			what += ", m: " + auto(f.M[l])
		}
		if l < len(f.U) && f.U[l] > 0 {
			what += ", u: " + auto(f.U[l])
		}
		if l < len(learned.Levels) {
			w := learned.Levels[l]
			what += fmt.Sprintf(", learned: {m: %s, u: %s, bits: %.2f}", digits(w.M), digits(w.U), w.Bits)
		}
		p.line("      - {%s}", what)
	}
}

// condition writes a condition as it is read.
func condition(c match.Condition) string {
	var words []string
	if c.Column != "" {
		words = append(words, "of: "+scalar(c.Column))
	}
	if c.Part != match.Whole {
		words = append(words, "part: "+c.Part.String())
	}
	name := c.Test.String()
	switch c.Test {
	case match.All, match.Any:
		var of []string
		for _, each := range c.Of {
			of = append(of, condition(each))
		}
		return "{" + name + ": [" + strings.Join(of, ", ") + "]}"
	case match.Otherwise, match.Same, match.SameSound, match.Nickname:
		if len(words) == 0 {
			return name
		}
		words = append(words, name+": true")
	case match.Edits, match.Prefix, match.Suffix, match.SharedWords:
		words = append(words, name+": "+strconv.Itoa(c.N))
	case match.WithinDays:
		words = append(words, "within: {days: "+strconv.FormatFloat(c.X, 'g', -1, 64)+"}")
	case match.SwappedWith:
		words = append(words, "swapped_with: "+scalar(c.Other))
	default:
		words = append(words, name+": "+strconv.FormatFloat(c.X, 'g', -1, 64))
	}
	return "{" + strings.Join(words, ", ") + "}"
}
