package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/kithdata/kith/internal/resolve"
)

type matchLabelCmd struct {
	recordsFlags
	Out string `short:"o" required:"" placeholder:"FILE" help:"The file that answers are added to, as ids and answers alone; what it has is not asked again."`
}

func (matchLabelCmd) Help() string {
	return `Example: kith match label contacts.csv --id customer_id --out labels.csv

Shows two records at a time: y says that they are of one person, n that they are not, u
that it cannot be told; b goes back to the pair before, q ends it. Each answer is on the
disk before the next pair is shown. Every other pair is drawn at random, which tells how
good the result is without labels; the others are those that would teach most.
kith resolve --labels learns from the file. What is shown is personal data: it is
written nowhere.`
}

func (c matchLabelCmd) Run(g *Globals) (err error) {
	if c.ID == "" && c.Rules == "" { // a plan names it, too
		return usage("kith match label needs --id, the column of the ids that labels name")
	}
	p := g.progress()
	config, err := c.config(p)
	if err != nil {
		return err
	}
	l, err := resolve.Label(g.ctx, config, c.Out)
	p.end()
	if err != nil {
		return err
	}
	defer finish(&err, l.Close)
	s := newLabelScreen(g)
	if err := s.ask(g.ctx, l); err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(l.Stands())
	}
	if !s.told {
		s.stands(l.Stands())
	}
	s.line("Written to %s.", c.Out)
	return s.err
}

// labelScreen shows pairs, and takes answers: keys from a terminal, else lines.
type labelScreen struct {
	*printer
	keys  *os.File // a terminal, or nil
	lines *bufio.Scanner
	width int
	told  bool // how far it is
}

func newLabelScreen(g *Globals) *labelScreen {
	out := g.Out
	if g.JSON {
		out = g.Err
	}
	s := &labelScreen{printer: &printer{w: out, colour: g.colours(out)}, lines: bufio.NewScanner(g.In), width: 100}
	if f, ok := g.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.keys = f
	}
	if f, ok := out.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			s.width = width
		}
	}
	return s
}

// ask asks until the labels are enough for whoever gives them. Meanwhile a terminal
// gives each key as it is pressed.
func (s *labelScreen) ask(ctx context.Context, l *resolve.Labelling) (err error) {
	if s.keys != nil {
		before, err := term.MakeRaw(int(s.keys.Fd()))
		if err != nil {
			return err
		}
		cooked := s.w
		s.w = returning{cooked}
		defer finish(&err, func() error {
			s.w = cooked
			return term.Restore(int(s.keys.Fd()), before)
		})
	}
	for ctx.Err() == nil {
		q, ok := l.Next()
		if !ok {
			s.line("There is no pair left that could be asked.")
			return s.err
		}
		s.show(q)
		v, done, err := s.answer(ctx, l)
		if err != nil || done {
			return err
		}
		if v == nil { // back
			continue
		}
		if err := l.Answer(*v); err != nil {
			return err
		}
		s.stands(l.Stands())
		if s.err != nil {
			return s.err
		}
	}
	return ctx.Err()
}

// answer reads an answer; none means that the pair before is to be shown.
func (s *labelScreen) answer(ctx context.Context, l *resolve.Labelling) (v *resolve.Verdict, done bool, err error) {
	said := map[string]resolve.Verdict{"y": resolve.Same, "n": resolve.Different, "u": resolve.Uncertain}
	for {
		s.prompt("Of one person? [y]es [n]o [u]ncertain [b]ack [q]uit ")
		key, err := s.read(ctx)
		if errors.Is(err, io.EOF) {
			s.line("")
			return nil, true, nil
		}
		if err != nil {
			return nil, true, err
		}
		s.line("%s", key)
		switch verdict, ok := said[key]; {
		case ok:
			return &verdict, false, nil
		case key == "q":
			return nil, true, nil
		case key == "b" && l.Back():
			return nil, false, nil
		case key == "b":
			s.line("There is no pair before this one.")
		}
	}
}

func (s *labelScreen) prompt(text string) {
	if _, err := fmt.Fprint(s.w, text); err != nil && s.err == nil {
		s.err = err
	}
}

// read gives the first letter of the next line or, from a terminal, the next key, in
// lower case. Who waits for a key is not kept waiting when a signal ends the command.
func (s *labelScreen) read(ctx context.Context) (string, error) {
	type key struct {
		text string
		err  error
	}
	got := make(chan key, 1) // the reader may outlive the wait, to the end of the process
	go func() {
		text, err := s.next()
		got <- key{strings.ToLower(text), err}
	}()
	select {
	case k := <-got:
		return k.text, k.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (s *labelScreen) next() (string, error) {
	if s.keys == nil {
		if !s.lines.Scan() {
			return "", errors.Join(s.lines.Err(), io.EOF)
		}
		return firstLetter(s.lines.Text()), nil
	}
	var b [1]byte
	n, err := s.keys.Read(b[:])
	const interrupt, endOfText = 3, 4
	switch {
	case err != nil:
		return "", err
	case n == 0, b[0] == interrupt, b[0] == endOfText:
		return "q", nil
	}
	return firstLetter(string(b[:])), nil
}

// returning writes to a terminal that takes each key as it is pressed, and that does not
// go back to the beginning of a line by itself.
type returning struct{ w io.Writer }

func (r returning) Write(p []byte) (int, error) {
	if _, err := r.w.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func firstLetter(s string) string {
	s = strings.TrimSpace(s)
	return s[:min(len(s), 1)]
}

// show puts two records side by side.
func (s *labelScreen) show(q resolve.Question) {
	name := 0
	for _, f := range q.Fields {
		name = max(name, min(24, columns(harmless(f.Name))))
	}
	width := max(10, (s.width-name-7)/2)
	together := "apart"
	if q.Joined {
		together = "joined"
	}
	s.line("")
	s.row(name, width, "", "", plainText(q.A), plainText(q.B))
	for _, f := range q.Fields {
		a, b := contrast(harmless(f.A), harmless(f.B))
		mark := "≠"
		switch {
		case f.A == "" || f.B == "":
			mark = " "
		case f.A == f.B:
			mark = "="
		}
		s.row(name, width, harmless(f.Name), mark, a, b)
	}
	s.line("%s", s.paint(dim, fmt.Sprintf("%s by the result; %.0f %% likely to be one by what was learned", together, 100*q.Probability)))
}

// row is one column of both records, on as many lines as its values need.
func (s *labelScreen) row(name, width int, label, mark string, a, b []spot) {
	for first := true; first || len(a) > 0 || len(b) > 0; first = false {
		var left, right []spot
		left, a = wrap(a, width)
		right, b = wrap(b, width)
		if !first {
			label, mark = "", ""
		}
		text := pad(label, name) + "  " + s.spots(left) + strings.Repeat(" ", width-breadth(left)) + " " + pad(mark, 1) + " " + s.spots(right)
		s.line("%s", strings.TrimRight(text, " "))
	}
}

func pad(text string, width int) string {
	var kept []rune
	for _, r := range text {
		if columns(string(append(kept, r))) > width {
			break
		}
		kept = append(kept, r)
	}
	return string(kept) + strings.Repeat(" ", width-columns(string(kept)))
}

func (s *labelScreen) spots(spots []spot) string {
	var b strings.Builder
	for i := 0; i < len(spots); {
		j := i
		var part []rune
		for ; j < len(spots) && spots[j].differs == spots[i].differs; j++ {
			part = append(part, spots[j].r)
		}
		if spots[i].differs {
			b.WriteString(s.paint(bad, string(part)))
		} else {
			b.WriteString(string(part))
		}
		i = j
	}
	return b.String()
}

// stands tells how far the labelling is, and what it says of the result.
func (s *labelScreen) stands(l resolve.Labelled) {
	s.told = true
	e := l.Estimate
	text := fmt.Sprintf("%s: %d the same, %d different, %d uncertain.", count(int64(l.Pairs), "pair labelled", "pairs labelled"), l.Same, l.Different, l.Uncertain)
	if e.Drawn > 0 {
		text += fmt.Sprintf(" The result without them: precision %s, recall %s, by %d that were drawn.", ofInterval(e.Precision), ofInterval(e.Recall), e.Drawn)
	}
	s.line("%s", s.paint(dim, text))
}

func ofInterval(i resolve.Interval) string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", i.Value, i.Low, i.High)
}
