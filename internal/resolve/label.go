package resolve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
)

// Labelling is somebody's looking at pairs of records, one after another. Each answer is
// on the disk before the next question.
type Labelling struct {
	in      *records
	inquiry *match.Inquiry
	file    *os.File
	answers []Answer   // of this labelling and those before it
	asked   []Question // of this labelling, the latest last
	again   bool       // the latest is asked once more
}

// Question is two records to be looked at.
type Question struct {
	A, B        string // ids
	Fields      []Field
	Probability float64 // of their being one, by what was learned so far
	Joined      bool    // they are of one person, by the result
	a, b        int32
}

// Field is a column's two values.
type Field struct{ Name, A, B string }

// Label finds who is who in files, and begins labelling into a file; where the file has
// labels already, it goes on from there.
func Label(ctx context.Context, c Config, path string) (_ *Labelling, err error) {
	l := &Labelling{}
	if l.file, l.answers, err = openLabels(path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.file.Close())
		}
	}()
	in, found, err := find(ctx, c, &watch{config: c, began: time.Now(), spent: map[string]float64{}})
	if err != nil {
		return nil, err
	}
	if in.config.ID == "" {
		return nil, noIDs("--id")
	}
	l.in = in
	rows := in.rowsByID()
	if len(rows) < in.rows {
		return nil, errs.New("labels_ids", "ids repeat, or are missing: a label would not say which record it is of").At("--id").Fix("name a column in which every record has a value of its own")
	}
	labels, _ := labelled(l.answers, rows)
	l.inquiry = found.Inquire(labels)
	return l, ctx.Err()
}

// openLabels opens a file of labels to add to; a last line that was cut off is taken away.
func openLabels(path string) (*os.File, []Answer, error) {
	fault := func(err error) (*os.File, []Answer, error) {
		if cause, ok := errors.AsType[*fs.PathError](err); ok {
			err = cause.Err
		}
		return nil, nil, errs.Wrap("labels_file", "opening it to add to", err).At(path).Fix("name a file in a folder that exists and may be written to")
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return fault(err)
	}
	answers, whole, err := readLabels(path)
	if err == nil {
		err = beginLabels(file, path, whole)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, answers, nil
}

// beginLabels brings a file to where the next answer goes: behind whole lines, the first
// of which is ours.
func beginLabels(file *os.File, path string, whole int) error {
	head := strings.Join(labelsHead(), ",")
	first := make([]byte, len(head)+1)
	n, err := file.ReadAt(first, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if first = bytes.TrimRight(first[:n], "\r\n"); whole > 0 && string(first) != head || !strings.HasPrefix(head, string(first)) {
		return errs.New("labels_file", "its columns are not those that answers are added under").At(path).Fix("label into a new file; kith resolve --labels reads this one as it is")
	}
	if err := file.Truncate(int64(whole)); err != nil {
		return err
	}
	if whole == 0 {
		if _, err := file.WriteString(head + "\n"); err != nil {
			return err
		}
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), folder.Sync(), folder.Close())
}

// Next gives the pair that is to be looked at next, if there is one left.
func (l *Labelling) Next() (Question, bool) {
	if l.again {
		return l.asked[len(l.asked)-1], true
	}
	next, ok := l.inquiry.Next()
	if !ok {
		return Question{}, false
	}
	q := Question{A: l.in.id(int(next.A)), B: l.in.id(int(next.B)), Probability: next.Probability, Joined: next.Joined, a: next.A, b: next.B}
	for _, c := range l.in.columns {
		if f := (Field{c.Name(), c.At(int(next.A)), c.At(int(next.B))}); f.A != "" || f.B != "" {
			q.Fields = append(q.Fields, f)
		}
	}
	l.asked = append(l.asked, q)
	return q, true
}

// Answer puts down what was said of the pair that Next gave.
func (l *Labelling) Answer(v Verdict) error {
	q := l.asked[len(l.asked)-1]
	a := Answer{A: q.A, B: q.B, Verdict: v}
	if _, err := l.file.Write(a.line()); err != nil {
		return errs.Wrap("labels_file", "adding an answer", err).At(l.file.Name()).Fix("free the disk, and go on: what was answered before is there")
	}
	if err := l.file.Sync(); err != nil {
		return errs.Wrap("labels_file", "adding an answer", err).At(l.file.Name()).Fix("see to the disk, and go on: what was answered before is there")
	}
	if l.again {
		for i := range l.answers {
			if l.answers[i].A == a.A && l.answers[i].B == a.B {
				l.answers[i] = a
			}
		}
	} else {
		l.answers = append(l.answers, a)
	}
	l.again = false
	l.inquiry.Answer(match.Label{A: q.a, B: q.b, Same: v == Same, Unsure: v == Uncertain})
	return nil
}

// Back makes the pair that was answered before the present one the next; it reports
// whether there is one. The present one is asked later.
func (l *Labelling) Back() bool {
	before := len(l.asked) - 1
	if before < 1 {
		return false
	}
	l.asked, l.again = l.asked[:before], true
	return true
}

// Interval is an estimate and its bounds.
type Interval = match.Interval

// Labelled says how far a labelling is.
type Labelled struct {
	Pairs     int          `json:"labelled_pairs"`
	Same      int          `json:"same"`
	Different int          `json:"different"`
	Uncertain int          `json:"uncertain"`
	Estimate  match.Survey `json:"estimate"`
}

// Stands says how far it is, with those that were labelled before.
func (l *Labelling) Stands() Labelled {
	s := Labelled{Pairs: len(l.answers), Estimate: l.inquiry.Survey()}
	for _, a := range l.answers {
		switch a.Verdict {
		case Same:
			s.Same++
		case Different:
			s.Different++
		case Uncertain:
			s.Uncertain++
		}
	}
	return s
}

// Close ends it.
func (l *Labelling) Close() error { return l.file.Close() }
