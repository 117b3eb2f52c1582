// Package audit is the record of who read whose personal data: a chain of entries,
// each holding the hash of the one before (I7), in append-only files.
//
// One process has one chain, in one folder, as segments audit-00000001.ndjson and
// so on; every start opens a new segment, whose first entry names the head of the
// last. A line is
//
//	{"v":1,"n":12,"time":…,"principal":…,"action":…,"what":…,"outcome":…,"previous":"<hex>","hash":"<hex>"}
//
// and its hash is SHA-256 over the bytes of the line before `,"hash"`. So changing
// a byte, leaving out a line or putting one elsewhere shows. Whoever can write the
// files could rewrite the whole chain from some point on, or cut its end off; to
// show that as well, the head is kept in a record.Store, which lies elsewhere.
// The hash has no key, so that an auditor can check a copy without any secret.
//
// Entries hold no personal data (I6): a profile's id, or a keyed hash (Hash) of
// what was asked. The text of an SQL query is not kept, since people write names
// and addresses into it: its keyed hash is, and the kind of statement.
//
// The room may touch its folder, a record.Store and nothing else.
package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Codes of the room's faults.
const (
	CodeUnavailable errs.Code = "audit_unavailable" // the entry could not be made durable: do not answer
	CodeFolder      errs.Code = "audit_folder"      // the folder cannot be opened
	CodeEntry       errs.Code = "audit_entry"       // an entry without principal or action, or too long: a defect in the caller
	CodeClosed      errs.Code = "audit_closed"
)

// Config is where the chain lies and how often it is synced.
type Config struct {
	Name         string        // of this process's chain among those that share Heads; default "main"
	Dir          string        // made with mode 0700 when absent
	Every        time.Duration // between syncs of entries that nobody waits for; default 250 ms, at most 1 s
	SegmentBytes int64         // size after which a new segment begins; default 64 MiB
}

// Deps is what the room needs of others.
type Deps struct {
	Clock clock.Clock
	Key   []byte       // secret of Hash, at least 16 bytes
	Heads record.Store // keeps the chain's head outside of its folder; nil: the end of the chain is not guarded
	Log   *slog.Logger // nil: says nothing
}

// Entry is one read of personal data, or one act on it.
type Entry struct {
	Principal string // id of the API key
	Action    string // such as "profile.read"
	What      string // a profile's id, or a keyed hash; never personal data
	Outcome   string // such as "ok", "not_found", "denied"
}

const (
	lineVersion = 1
	maxField    = 512     // bytes of one field of an Entry
	maxLine     = 8 << 10 // bytes; no entry comes near it
	hashMark    = `,"hash":"`
	filePrefix  = "audit-"
	fileSuffix  = ".ndjson"

	actionStart = "chain.segment" // first entry of every segment
	actionCut   = "chain.cut"     // entries had been removed from the end before this one
	originHash  = "0000000000000000000000000000000000000000000000000000000000000000"
)

// tailSize is the length of `,"hash":"<64 hex>"}`.
const tailSize = len(hashMark) + 2*sha256.Size + len(`"}`)

// line is an entry as it is read back.
type line struct {
	V         int    `json:"v"`
	N         uint64 `json:"n"`
	Time      string `json:"time"`
	Principal string `json:"principal"`
	Action    string `json:"action"`
	What      string `json:"what"`
	Outcome   string `json:"outcome"`
	Chain     string `json:"chain,omitempty"`       // first entry of a segment: the chain's name
	Segment   int    `json:"segment,omitempty"`     // and the segment's number
	TornBytes int64  `json:"torn_bytes,omitempty"`  // and what the segment before ends in: an incomplete line,
	TornHash  string `json:"torn_sha256,omitempty"` // of that length and SHA-256
	Previous  string `json:"previous"`
	Hash      string `json:"hash"`
}

// check refuses what would not fit a line; it never says what the values are.
func (e *Entry) check() error {
	if e.Principal == "" || e.Action == "" || max(len(e.Principal), len(e.Action), len(e.What), len(e.Outcome)) > maxField {
		return errs.New(CodeEntry, "an audit entry needs a principal and an action, and no field over 512 bytes")
	}
	return nil
}

// head is where a chain stands.
type head struct {
	n    uint64 // of the last entry; 0 before the first
	hash string
}

// appendLine appends e's line to b and gives the head that it makes.
func appendLine(b []byte, e *line, at head) ([]byte, head) {
	start := len(b)
	next := head{n: at.n + 1}
	b = append(b, `{"v":1,"n":`...)
	b = appendUint(b, next.n)
	b = append(append(b, `,"time":"`...), e.Time...)
	b = append(b, '"')
	b = appendField(b, "principal", e.Principal)
	b = appendField(b, "action", e.Action)
	b = appendField(b, "what", e.What)
	b = appendField(b, "outcome", e.Outcome)
	if e.Action == actionStart {
		b = appendField(b, "chain", e.Chain)
		b = appendUint(append(b, `,"segment":`...), uint64(e.Segment))
		if e.TornBytes > 0 {
			b = appendUint(append(b, `,"torn_bytes":`...), uint64(e.TornBytes))
			b = appendField(b, "torn_sha256", e.TornHash)
		}
	}
	b = appendField(b, "previous", at.hash)
	sum := sha256.Sum256(b[start:])
	next.hash = hex.EncodeToString(sum[:])
	b = append(append(append(b, hashMark...), next.hash...), "\"}\n"...)
	return b, next
}

func appendUint(b []byte, n uint64) []byte {
	var tmp [20]byte
	i := len(tmp)
	for {
		i--
		tmp[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return append(b, tmp[i:]...)
		}
	}
}

func appendField(b []byte, name, value string) []byte {
	b = append(append(append(b, ',', '"'), name...), '"', ':')
	return record.AppendJSONString(b, value)
}

// hashText is the keyed hash of parts, each with its length in front.
func hashText(key []byte, parts ...string) string {
	mac := hmac.New(sha256.New, key)
	var size [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		mac.Write(size[:])
		mac.Write([]byte(p))
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// Statement gives the kind of an SQL statement, in lower case: its first word if it
// is one of a known few, else "other". It is what may be kept of a query's text.
func Statement(sql string) string {
	word := sql
	for {
		word = strings.TrimLeft(word, " \t\r\n(;")
		if rest, ok := strings.CutPrefix(word, "--"); ok {
			_, word, _ = strings.Cut(rest, "\n")
		} else if rest, ok := strings.CutPrefix(word, "/*"); ok {
			_, word, _ = strings.Cut(rest, "*/")
		} else {
			break
		}
	}
	if i := strings.IndexFunc(word, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }); i >= 0 {
		word = word[:i]
	}
	switch word = strings.ToLower(word); word {
	case "select", "with", "from", "values", "describe", "show", "explain", "summarize", "pivot", "table",
		"insert", "update", "delete", "create", "drop", "alter", "copy", "attach", "set", "pragma", "install", "load", "call":
		return word
	}
	return "other"
}
