package file

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Config is one file source: CSV, JSON, Parquet or a sheet of a workbook, plain, packed by
// gzip or zstd, or in zip archives.
type Config struct {
	Name    string        // the source's name
	Path    string        // glob, absolute, or s3://BUCKET/GLOB or sftp://USER@HOST/GLOB
	Format  string        // csv, ndjson, json, parquet, xlsx, or empty: by the file's name
	Streams []StreamMatch // which files belong to which stream; the first match wins
	Watch   bool          // go on looking for new and grown files
	Poll    time.Duration // how often to look besides notifications; default 2 s, elsewhere 30 s
	MaxLine int           // bytes; a longer line is quarantined; default 1 MiB
	// Records is where in a JSON file its array lies: names of members with dots between
	// them; empty: the file is the array.
	Records string
	// Sheet is the one of a workbook that is read: its name, or its number among those that
	// are shown; empty: the first that is shown.
	Sheet string
	// Encoding is a name of the web's, such as iso-8859-2; empty: detected.
	Encoding string
	// MaxUnpacked is how many bytes a packed file, or an archive with all its members, may
	// unpack to before it must be at most 200 times its size; default 1 GiB.
	MaxUnpacked int64
	Dialect     Dialect // of CSV files

	// Snapshot says that each file is the whole truth of its stream: a key that it lacks and
	// the one before had is deleted.
	Snapshot bool
	// MaxDeletes is the greatest share of the keys before that a snapshot may delete;
	// default 0.5.
	MaxDeletes float64

	S3           S3   // of an s3 path
	SFTP         SFTP // of an sftp path
	AllowPrivate bool // the store may be on a network that is not public
}

// StreamMatch sends files whose base name matches Glob to Stream.
type StreamMatch struct {
	Glob   string // empty: all
	Stream string // full name
}

// Validate reports every fault of c.
func (c Config) Validate() error {
	var faults []error
	at := "sources." + c.Name
	fault := func(what, field, mend string) {
		faults = append(faults, errs.New("bad_value", what).At(at+"."+field).Fix(mend))
	}
	if c.Name == "" {
		fault("a file source has no name", "name", "give it one")
	}
	if _, err := filepath.Match(c.Path, ""); err != nil || c.Path == "" {
		fault("the path is no file name or glob", "path", `write a file's path, or a glob such as "exports/crm-*.csv"`)
	}
	if Elsewhere(c.Path) {
		c.validatePlace(fault)
	}
	switch c.Format {
	case "", formatCSV, formatNDJSON, formatJSON, formatParquet, formatXLSX:
	default:
		fault("the format is not known", "format", "write csv, ndjson, json, parquet or xlsx, or leave it out: the file's name tells")
	}
	if c.Records != "" && c.Format != "" && c.Format != formatJSON || slices.Contains(strings.Split(c.Records, "."), "") && c.Records != "" {
		fault("records is the path to the array of a JSON file", "records", "write names with dots between them, such as data.items, and format: json")
	}
	if c.Sheet != "" && c.Format != "" && c.Format != formatXLSX {
		fault("sheet is one of a workbook", "sheet", "leave it out, or write format: xlsx")
	}
	if len(c.Streams) == 0 {
		fault("no stream takes its records from this source", "streams", "add a stream with from: "+c.Name)
	}
	for _, s := range c.Streams {
		if _, err := filepath.Match(s.Glob, ""); err != nil || s.Stream == "" {
			fault("a stream's file pattern is no glob, or its stream has no name", "streams", "write a glob such as crm-*.csv")
		}
	}
	if c.Encoding != "" && !KnownEncoding(c.Encoding) {
		fault("the encoding is not known", "encoding", "write one of the web's, such as windows-1252, iso-8859-2 or utf-16le")
	}
	if c.MaxUnpacked < 0 {
		fault("max_unpacked must not be negative", "max_unpacked", "leave it out for the default")
	}
	if !(c.MaxDeletes >= 0 && c.MaxDeletes <= 1) { // NaN is neither
		fault("snapshot_max_deletes is no share", "snapshot_max_deletes", "write a number from 0 to 1; 0 is the default")
	}
	c.Dialect.validate(fault)
	if c.Poll < 0 || c.MaxLine < 0 || c.MaxLine > maxMaxLine {
		fault("poll and max_line must not be negative, max_line not over 64 MiB", "max_line", "leave them out for the defaults")
	}
	return errors.Join(faults...)
}

// validatePlace reports every fault of where files elsewhere are, and how to speak to it.
func (c Config) validatePlace(fault func(what, field, mend string)) {
	if strings.HasPrefix(c.Path, sftpScheme) {
		c.validateSFTP(fault)
		return
	}
	if !strings.HasPrefix(c.Path, s3Scheme) {
		fault("the path begins as an address that is not known", "path", "write s3://BUCKET/GLOB, sftp://USER@HOST/GLOB, or a path of this machine")
		return
	}
	if _, _, ok := parseS3(c.Path); !ok {
		fault("the path is no address of objects", "path", `write s3://BUCKET/GLOB, such as "s3://exports/crm-*.csv"`)
	}
	if _, _, err := c.endpoint(); err != nil {
		fault(err.Error(), "s3.endpoint", "write https://HOST; http:// is for stores on your own network, with allow_private")
	}
	if (c.S3.AccessKey == "") != (c.S3.SecretKey == "") {
		fault("of the access key and the secret key one is missing", "s3.access_key", "give both, or neither: they are then taken from the environment")
	}
}

func (c Config) validateSFTP(fault func(what, field, mend string)) {
	if _, ok := parseSFTP(c.Path); !ok {
		fault("the path is no address of files", "path", "write sftp://USER@HOST/GLOB, with the password in sftp.password")
	}
	if _, err := c.SFTP.methods(); err != nil {
		fault(err.Error(), "sftp.password", "give sftp.password or sftp.private_key, from a variable or a file")
	}
	for _, key := range c.SFTP.HostKeys {
		if !strings.HasPrefix(key, "SHA256:") {
			fault("a host key is no fingerprint", "sftp.host_key", "write SHA256:…, as ssh-keygen -l shows it")
		}
	}
}

const (
	maxMaxLine = 64 << 20
	minMaxLine = 4 << 10 // the window needs some room
)

func (c Config) withDefaults() Config {
	if c.Poll == 0 {
		c.Poll = 2 * time.Second
		if Elsewhere(c.Path) {
			c.Poll = 30 * time.Second
		}
	}
	if c.MaxLine == 0 {
		c.MaxLine = 1 << 20
	}
	c.MaxLine = max(c.MaxLine, minMaxLine)
	if c.MaxUnpacked == 0 {
		c.MaxUnpacked = 1 << 30
	}
	if c.MaxDeletes == 0 {
		c.MaxDeletes = 0.5
	}
	return c
}

// streamOf gives the stream of the file at path.
func (c Config) streamOf(path string) (stream string, ok bool) {
	base := filepath.Base(path)
	for _, s := range c.Streams {
		if s.Glob == "" {
			return s.Stream, true
		}
		if match, _ := filepath.Match(s.Glob, base); match { // the pattern was checked
			return s.Stream, true
		}
	}
	return "", false
}
