package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/resolve"
)

type matchEvaluateCmd struct {
	Clusters     string `arg:"" placeholder:"FILE" help:"The result: a file of records, each with its id and its person."`
	ID           string `name:"id" default:"id" placeholder:"COLUMN" help:"The column of the records' ids."`
	Person       string `default:"person_id" placeholder:"COLUMN" help:"The column that tells whose record it is."`
	Label        string `placeholder:"COLUMN" help:"The column of the truth, in FILE or else in --truth."`
	LabelPattern string `placeholder:"REGEXP" help:"Its first group, in --label or else in --id, is the truth."`
	Truth        string `placeholder:"FILE" help:"The file that has the truth: by id, or, without --label, a list of labelled pairs, of which alone the result is then judged."`
	TruthID      string `placeholder:"COLUMN" help:"The column of ids in --truth, where it is not --id's."`
	Worst        int    `default:"10" placeholder:"N" help:"Show so many of the people with the most false pairs, by ids."`
}

func (matchEvaluateCmd) Help() string {
	return `Example: kith match evaluate people.csv --truth contacts.csv --truth-id customer_id --label true_person

Precision and recall of pairs of records, the same by record (B-cubed), how many people
are found whole and alone, and which are strangers fused or people split. Records whose
truth is not known are left out.`
}

func (c matchEvaluateCmd) Run(g *Globals) error {
	if c.Label == "" && c.LabelPattern == "" && c.Truth == "" {
		return usage("tell where the truth is: --label COLUMN, --label-pattern REGEXP, or --truth FILE")
	}
	pattern, err := labelPattern(c.LabelPattern)
	if err != nil {
		return err
	}
	if c.Worst < 0 {
		return errs.New("bad_value", "it is a number of people").At("--worst").Fix("such as --worst 10")
	}
	if c.TruthID == "" {
		c.TruthID = c.ID
	}
	m, err := resolve.Evaluate(g.ctx, resolve.Measure{Clusters: c.Clusters, ID: c.ID, Person: c.Person, Truth: c.Truth, TruthID: c.TruthID,
		Label: c.Label, LabelPattern: pattern, Worst: c.Worst})
	if err != nil {
		return err
	}
	return c.print(g, m)
}

// labelPattern reads a regular expression that has a group.
func labelPattern(s string) (*regexp.Regexp, error) {
	if s == "" {
		return nil, nil
	}
	pattern, err := regexp.Compile(s)
	if err != nil || pattern.NumSubexp() < 1 {
		return nil, errs.New("bad_value", "it is not a regular expression with a group").At("--label-pattern").Fix(`such as 'rec-(\d+)-'`)
	}
	return pattern, nil
}

func (c matchEvaluateCmd) print(g *Globals, m *resolve.Measured) error {
	if g.JSON {
		return g.printJSON(m)
	}
	p := g.printer()
	if j := m.Judged; j != nil {
		p.line("%s labelled, %s the same; of these alone: precision %.4f, recall %.4f, F1 %.4f.", count(int64(j.Pairs), "pair is", "pairs are"),
			grouped(int64(j.Same)), j.Precision, j.Recall, j.F1)
		p.line("%s falsely joined, %s missed.", count(int64(j.False), "pair is", "pairs are"), grouped(int64(j.Missed)))
		if m.Absent > 0 {
			p.line("%s left out: their records are not in the result.", count(int64(m.Absent), "pair is", "pairs are"))
		}
		return p.err
	}
	p.quality(m)
	return p.err
}

func (p *printer) quality(m *resolve.Measured) {
	q := m.Quality
	p.line("%s with a label: %s found, %s true, %s of them found whole and alone.", count(int64(q.Rows), "record", "records"),
		count(int64(q.People), "person", "people"), grouped(int64(q.PeopleTrue)), grouped(int64(q.Exact)))
	if m.Unlabeled+m.Absent > 0 {
		p.line("%s without a label, %s of the truth are not in the result.", count(int64(m.Unlabeled), "record is", "records are"), grouped(int64(m.Absent)))
	}
	t := newTable("", "#precision", "#recall", "#F1")
	row := func(name string, a, b, f float64) {
		t.add(name, fmt.Sprintf("%.4f", a), fmt.Sprintf("%.4f", b), fmt.Sprintf("%.4f", f))
	}
	row("pairs", q.Precision, q.Recall, q.F1)
	row("B-cubed", q.BCubedPrecision, q.BCubedRecall, q.BCubed)
	p.table(t)
	p.line("The largest has %s, in truth %s.", count(int64(q.Largest), "record", "records"), grouped(int64(q.LargestTrue)))
	p.sizes("Strangers fused", "false pairs", m.Fused)
	p.sizes("People split", "missed pairs", m.Split)
	if len(m.Worst) == 0 {
		return
	}
	p.title("The worst: %.1f %% of all false pairs", 100*m.WorstShare)
	worst := newTable("person_id", "#records", "#false pairs", "ids, by true person")
	for _, w := range m.Worst {
		worst.add(w.Person, w.Records, w.FalsePairs, members(w.People))
	}
	p.table(worst)
}

func (p *printer) sizes(title, pairs string, sizes []resolve.Sizes) {
	if len(sizes) == 0 {
		return
	}
	p.title("%s", title)
	t := newTable("records", "#people", "#"+pairs)
	for _, s := range sizes {
		records := grouped(int64(s.Least))
		if s.Most > s.Least {
			records += " to " + grouped(int64(s.Most))
		}
		t.add(records, s.People, s.Pairs)
	}
	p.table(t)
}

// members lists ids by true person, as far as a line goes: {1 2} {3}.
func members(people [][]string) string {
	const most = 100
	var b strings.Builder
	for _, ids := range people {
		if b.Len() > most {
			return b.String() + " …"
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteByte('{')
		for i, id := range ids {
			if i > 0 {
				b.WriteByte(' ')
			}
			if b.Len() > most {
				b.WriteString("…")
				break
			}
			b.WriteString(id)
		}
		b.WriteByte('}')
	}
	return b.String()
}
