package resolve

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
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
	Random  bool // the pair was drawn, and not chosen for what it would teach
}

// labelsHead is the first line of a labels file.
var labelsHead = []string{"id_a", "id_b", "answer", "drawn"} //nolint:gochecknoglobals // a constant in all but name

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
		line, _ := r.FieldPos(0)
		if err != nil || len(row) <= slices.Max(columns[:3]) {
			return nil, 0, labelsFault(path, line, "a line has too few columns, or quotes that do not end")
		}
		a := Answer{A: strings.Clone(row[columns[0]]), B: strings.Clone(row[columns[1]])}
		if a.Verdict, ok = verdict(row[columns[2]]); !ok {
			return nil, 0, labelsFault(path, line, "an answer is none of same, different and uncertain")
		}
		a.Random = columns[3] >= 0 && columns[3] < len(row) && row[columns[3]] == "random"
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

// labelColumns finds the ids, the answer and, or -1, how the pair was drawn.
func labelColumns(head []string) (columns [4]int, ok bool) {
	find := func(names ...string) int {
		return slices.IndexFunc(head, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
	}
	columns = [4]int{find("id_a", "id_l"), find("id_b", "id_r"), find("answer", "label", "verdict", "clerical_match_score"), find("drawn")}
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
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, errs.Wrap("labels_file", "opening it", errors.Unwrap(err)).At(path).Fix("name a file that kith match label wrote")
	}
	return ParseLabels(text, path)
}

// labelled gives the answers as labels of rows. Those that are uncertain, and pairs
// whose records are not there, are left out; unknown counts the latter.
func labelled(answers []Answer, row map[string]int32) (labels []match.Label, unknown int) {
	for _, a := range answers {
		x, ok := row[a.A]
		y, okay := row[a.B]
		switch {
		case !ok || !okay || x == y:
			unknown++
		case a.Verdict != Uncertain:
			labels = append(labels, match.Label{A: min(x, y), B: max(x, y), Same: a.Verdict == Same, Random: a.Random})
		}
	}
	return labels, unknown
}

// rowsByID gives the first row of each id.
func (in *records) rowsByID() map[string]int32 {
	rows := make(map[string]int32, in.rows)
	for row := in.rows - 1; row >= 0; row-- {
		rows[in.id(row)] = int32(row)
	}
	return rows
}

// line is an answer as a labels file has it.
func (a Answer) line() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{a.A, a.B, a.Verdict.String(), map[bool]string{true: "random", false: "chosen"}[a.Random]}) // to memory
	w.Flush()
	return b.Bytes()
}
