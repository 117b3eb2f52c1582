package resolve

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
)

// Verdict is what somebody said of two records.
type Verdict uint8

// The verdicts.
const (
	Uncertain Verdict = iota
	Same
	Different
)

func (v Verdict) String() string { return [...]string{"uncertain", "same", "different"}[v] }

// Answer is a verdict on two records, by their ids.
type Answer struct {
	A, B    string
	Verdict Verdict
}

// maxLabels is the most bytes of a labels file: millions of answers.
const maxLabels = 256 << 20

// labelsHead is the first line of a labels file.
func labelsHead() []string { return []string{"id_a", "id_b", "answer"} }

// ParseLabels reads a labels file: a line `id_a,id_b` and a column of answers, then a
// line for each. Of two answers on one pair the later counts. A last line that was cut
// off is left out; whole is how many bytes come before it.
func ParseLabels(text []byte, path string) (answers []Answer, whole int, err error) {
	whole = bytes.LastIndexByte(text, '\n') + 1
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text[:whole], []byte("\ufeff"))))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, whole, nil
	}
	columns, ok := labelColumns(head)
	if err != nil || !ok {
		return nil, 0, labelsFault(path, 1, "it is no list of labelled pairs")
	}
	at := map[[2]string]int{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return answers, whole, nil
		}
		if fault, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, 0, labelsFault(path, fault.Line, "quotes are not where they belong")
		}
		line, _ := r.FieldPos(0)
		if len(row) <= slices.Max(columns[:]) {
			return nil, 0, labelsFault(path, line, "a line has too few columns")
		}
		a := Answer{A: strings.Clone(row[columns[0]]), B: strings.Clone(row[columns[1]])}
		if a.Verdict, ok = verdict(row[columns[2]]); !ok {
			return nil, 0, labelsFault(path, line, "an answer is none of same, different and uncertain")
		}
		key := [2]string{min(a.A, a.B), max(a.A, a.B)}
		if old, again := at[key]; again {
			answers[old].Verdict = a.Verdict
			continue
		}
		at[key] = len(answers)
		answers = append(answers, a)
	}
}

func labelsFault(path string, line int, what string) error {
	return errs.New("labels_file", what).At(path + ":" + strconv.Itoa(line)).Fix("its first line is id_a,id_b,answer; each answer is same, different or uncertain, as kith match label writes")
}

// labelColumns finds the ids and the answer.
func labelColumns(head []string) (columns [3]int, ok bool) {
	find := func(names ...string) int {
		return slices.IndexFunc(head, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
	}
	columns = [3]int{find("id_a", "id_l"), find("id_b", "id_r"), find("answer", "label", "verdict", "clerical_match_score")}
	return columns, columns[0] >= 0 && columns[1] >= 0 && columns[2] >= 0
}

func verdict(s string) (Verdict, bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "same", "match", "yes", "y", "true", "1", "1.0":
		return Same, true
	case "different", "distinct", "no", "n", "false", "0", "0.0":
		return Different, true
	case "uncertain", "unsure", "u", "":
		return Uncertain, true
	}
	return 0, false
}

// readLabels reads a labels file. What it cannot open is told with the reason.
func readLabels(path string) (answers []Answer, whole int, err error) {
	text, err := readAtMost(path, maxLabels)
	if err != nil {
		return nil, 0, errs.New("labels_file", "the file cannot be read: "+bare(err).Error()).At(path).Fix("name a file that kith match label wrote")
	}
	return ParseLabels(text, path)
}

// labelled gives the answers as labels of rows. Pairs whose records are not there are
// left out; unknown counts them.
func labelled(answers []Answer, row map[string]int32) (labels []match.Label, unknown int) {
	for _, a := range answers {
		x, ok := row[a.A]
		y, okay := row[a.B]
		if !ok || !okay || x == y {
			unknown++
			continue
		}
		labels = append(labels, match.Label{A: min(x, y), B: max(x, y), Same: a.Verdict == Same, Unsure: a.Verdict == Uncertain})
	}
	return labels, unknown
}

// rowsByID gives the row of each id that is one row's alone.
func (in *records) rowsByID() map[string]int32 {
	rows := make(map[string]int32, in.rows)
	var repeated []string
	for row := range in.rows {
		id := in.id(row)
		if _, ok := rows[id]; ok || id == "" {
			repeated = append(repeated, id)
		}
		rows[id] = int32(row)
	}
	for _, id := range repeated {
		delete(rows, id)
	}
	return rows
}

// line is an answer as a labels file has it.
func (a Answer) line() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{a.A, a.B, a.Verdict.String()}) // to memory
	w.Flush()
	return b.Bytes()
}

// readVerdicts reads what was labelled, to learn from.
func (in *records) readVerdicts() ([]match.Label, error) {
	if in.config.Labels == "" {
		return nil, nil
	}
	answers, _, err := readLabels(in.config.Labels)
	if err != nil {
		return nil, err
	}
	in.known, in.strange = labelled(answers, in.rowsByID())
	return in.known, nil
}

func noIDs(flag string) error {
	return errs.New("labels_ids", "labels name records by ids, and no column has them").At(flag).Fix("name the column of ids with --id, or as id in the plan")
}

func (in *records) tellLabels(s *Summary, found *match.Result) {
	if in.config.Labels == "" {
		return
	}
	s.LabelledPairs, s.UnknownPairs, s.Fitted = len(in.known), in.strange, "records"
	if found.Lessons > 0 {
		s.Fitted = "labels"
	}
}
