package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/file"
	"github.com/kithdata/kith/internal/source/tracking"
)

func (b *builder) buildSources(v *value) {
	b.sources = map[string]sourceKind{}
	for _, name := range v.keys() {
		s := v.get(name)
		kind := sourceKind{kind: s.get("type").text(), node: s.key}
		if !b.plainName(s, name) {
			b.sources[name] = sourceKind{node: s.key}
			continue
		}
		switch kind.kind {
		case "file":
			kind.index = len(b.tree.Files)
			b.tree.Files = append(b.tree.Files, b.fileSource(name, s))
		case "tracking":
			kind.index = len(b.tree.Tracking)
			keys := s.get("write_keys")
			if keys != nil && len(keys.node.Content) == 0 && len(keys.items) == 0 {
				b.add(keys.node, CodeKeyMissing, keys.path+" has no key", "write "+keys.field.wanted())
			}
			b.tree.Tracking = append(b.tree.Tracking, tracking.Config{
				Name:      name,
				WriteKeys: keys.texts(),
				MaxEvent:  s.get("max_event").int(),
				MaxBatch:  s.get("max_batch").int(),
				MaxEvents: s.get("max_events").int(),
				Mark:      tracking.Mark{Bots: s.get("mark_bots").bool(false), Internal: b.networks(s.get("mark_internal"))},
				AddIP:     s.get("add_ip").bool(false),
				PixelKeys: b.pixelKeys(s.get("pixel_keys")),
			})
		case "webhook":
			kind.index = len(b.tree.Hooks)
			b.tree.Hooks = append(b.tree.Hooks, hookSource(name, s))
		}
		b.sources[name] = kind
	}
}

// pixelKeys reads the numbers of a source's pixel keys.
func (b *builder) pixelKeys(v *value) (numbers []int) {
	if v == nil {
		return nil
	}
	if len(v.items) == 0 && len(v.node.Content) == 0 {
		b.add(v.node, "bad_value", v.path+" has no number", "name at least one key; a new number retires all tokens made before")
	}
	for _, item := range v.items {
		numbers = append(numbers, item.int())
	}
	return numbers
}

// networks reads a list of addresses and networks.
func (b *builder) networks(v *value) (all []netip.Prefix) {
	for i, text := range v.texts() {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			var address netip.Addr
			if address, err = netip.ParseAddr(text); err == nil {
				network, err = address.Unmap().Prefix(address.Unmap().BitLen())
			}
		}
		if err != nil {
			item := v.items[i]
			b.add(item.node, "bad_value", item.path+" is no address or network", "write it like 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32")
			continue
		}
		all = append(all, network.Masked())
	}
	return all
}

func (b *builder) fileSource(name string, s *value) file.Config {
	path := s.get("path")
	c := file.Config{
		Name:    name,
		Format:  s.get("format").text(),
		Watch:   s.get("watch").bool(true),
		Poll:    s.get("poll").duration(),
		MaxLine: s.get("max_line").int(),
		Dialect: b.dialect(s),

		Records:     s.get("records").text(),
		Sheet:       s.get("sheet").text(),
		Encoding:    s.get("encoding").text(),
		MaxUnpacked: int64(s.get("max_unpacked").int()),
		Snapshot:    s.get("snapshot").bool(false),
	}
	if v := s.get("snapshot_max_deletes"); v != nil {
		c.MaxDeletes = v.f
	}
	if v := s.get("encoding"); v != nil && !file.KnownEncoding(v.str) {
		b.add(v.node, CodeValueType, v.path+" is not an encoding that is known", "write one of the web's, such as windows-1252, iso-8859-2 or utf-16le")
		c.Encoding = ""
	}
	if path != nil {
		c.Path = path.str
		if !file.Elsewhere(c.Path) {
			c.Path = b.resolve(c.Path)
		}
		b.glob(path)
	}
	filePlace(s, &c)
	if hosts := s.get("sftp").get("known_hosts"); hosts != nil {
		c.SFTP.KnownHosts = b.resolve(hosts.str)
	}
	return c
}

// dialect reads how the CSV files of a source are written.
func (b *builder) dialect(s *value) file.Dialect {
	d := file.Dialect{
		Delimiter: s.get("delimiter").text(),
		Quote:     s.get("quote").text(),
		Escape:    s.get("escape").text(),
		SkipLines: s.get("skip_lines").int(),
		Comment:   s.get("comment").text(),
		ShortRows: s.get("short_rows").text(),
	}
	if v := s.get("delimiter"); v != nil {
		if v.str == `\t` || v.str == "tab" {
			d.Delimiter = "\t"
		}
		if len(d.Delimiter) != 1 || d.Delimiter[0] >= utf8.RuneSelf || strings.ContainsAny(d.Delimiter, "\"\r\n") {
			b.add(v.node, CodeValueType, v.path+" is not one character that can separate columns", `write for example ";" or "\t"`)
			d.Delimiter = ""
		}
	}
	if v := s.get("quote"); v != nil && d.Quote != file.QuoteNone {
		if len(d.Quote) != 1 || d.Quote[0] >= utf8.RuneSelf || strings.ContainsAny(d.Quote, "\r\n") || d.Quote == d.Delimiter {
			b.add(v.node, CodeValueType, v.path+" is not one character that can enclose fields", `write for example "'", or none`)
			d.Quote = ""
		}
	}
	if v := s.get("header"); v != nil {
		if v.field.shape == list {
			d.Names = v.texts()
		} else {
			d.Header = strconv.FormatBool(v.bool(true))
		}
	}
	return d
}

// filePlace reads how to speak to a place elsewhere.
func filePlace(s *value, c *file.Config) {
	c.AllowPrivate = s.get("allow_private").bool(false)
	ssh := s.get("sftp")
	c.SFTP = file.SFTP{
		Password:   ssh.get("password").text(),
		PrivateKey: ssh.get("private_key").text(),
		Passphrase: ssh.get("passphrase").text(),
		HostKeys:   ssh.get("host_key").texts(),
	}
	s3 := s.get("s3")
	c.S3 = file.S3{
		Endpoint:  s3.get("endpoint").text(),
		Region:    s3.get("region").text(),
		AccessKey: s3.get("access_key").text(),
		SecretKey: s3.get("secret_key").text(),
	}
	if style := s3.get("path_style"); style != nil {
		yes := style.bool(false)
		c.S3.PathStyle = &yes
	}
}

func (b *builder) glob(v *value) {
	if _, err := filepath.Match(v.str, "x"); err != nil || v.str == "" {
		b.add(v.node, CodeGlob, v.path+" is not a pattern of file names", "close every [ and escape special characters with \\")
	}
}

// trackingStreams are the streams that a tracking source has by itself.
func trackingStreams() []contract.StreamConfig {
	return []contract.StreamConfig{
		{Stream: "users", Kind: record.Customer},
		{Stream: "events", Kind: record.Event},
		{Stream: "pages", Kind: record.Event},
		{Stream: "screens", Kind: record.Event},
		{Stream: "groups", Kind: record.Object},
		{Stream: "aliases", Kind: record.Event},
		{Stream: "identifies", Kind: record.Event},
		{Stream: "memberships", Kind: record.Event},
	}
}

// OnlyBrought reports whether the file's rules differ from those in force by nothing but
// streams that its tracking sources have by themselves, as a newer version brings: the
// reader's file asked for no change, so there is none to be agreed to.
func (t *Tree) OnlyBrought(inForce Rules) bool {
	there, now := map[string]bool{}, map[string]contract.StreamConfig{}
	for _, s := range inForce.Streams {
		there[s.Source] = true
	}
	for _, s := range t.Rules.Streams {
		now[s.Stream] = s
	}
	plan := NewPlan(inForce, t.Rules)
	for _, change := range plan.Changes {
		s := now[change.Subject]
		source, name, _ := strings.Cut(change.Subject, ".")
		own := slices.ContainsFunc(t.Tracking, func(c tracking.Config) bool { return c.Name == source }) &&
			slices.ContainsFunc(trackingStreams(), func(d contract.StreamConfig) bool { return d.Stream == name && d.Kind == s.Kind })
		if change.What != "added" || !own || !there[source] || s.Schema != nil || s.Key+s.Seq+s.Occurred+s.Deleted != "" {
			return false
		}
	}
	return !plan.Empty()
}

func (b *builder) buildStreams(v *value) {
	seen := map[string]bool{}
	var fileStreams, hookStreams []sourceStream
	for _, name := range v.keys() {
		s := v.get(name)
		full, source, ok := b.streamName(s, name)
		if !ok {
			continue
		}
		if seen[full] {
			b.add(s.key, CodeStreamTwice, fmt.Sprintf("stream %s is described twice", full), "keep one of the two")
			continue
		}
		seen[full] = true
		b.stream(s, full, source)
		kind := b.sources[source].kind
		if kind == "file" {
			fileStreams = append(fileStreams, sourceStream{full, source, s})
		} else if files := s.get("files"); files != nil && kind != "" {
			b.add(files.node, CodeStreamFiles, files.path+" is for streams of file sources", "remove it")
		}
		if kind == "webhook" {
			hookStreams = append(hookStreams, sourceStream{full, source, s})
		} else if kind != "" {
			b.noMatch(s)
		}
	}
	b.matchFiles(fileStreams)
	b.matchHooks(hookStreams)
	for _, t := range b.tree.Tracking {
		for _, d := range trackingStreams() {
			d.Stream, d.Source, d.OnDrift = t.Name+"."+d.Stream, t.Name, contract.Evolve
			if !seen[d.Stream] {
				b.tree.Rules.Streams = append(b.tree.Rules.Streams, d)
				b.tree.Rules.Cleanse = append(b.tree.Rules.Cleanse, cleanse.StreamConfig{Stream: d.Stream})
			}
		}
	}
	for i := range b.tree.Rules.Cleanse {
		b.tree.Rules.Cleanse[i].Mailbox = b.mailbox // an address names the same whatever stream it came by
	}
}

// streamName gives a stream's full name and its source.
func (b *builder) streamName(s *value, name string) (full, source string, ok bool) {
	from := s.get("from")
	first, rest, dotted := strings.Cut(name, ".")
	switch {
	case from == nil && !dotted:
		b.add(s.key, CodeStreamName, fmt.Sprintf("stream %s does not say where it comes from", name), "call it SOURCE."+name+", or add from: SOURCE")
		return "", "", false
	case from == nil:
		source, full = first, name
	case !dotted:
		source, full, rest = from.str, from.str+"."+name, name
	default:
		source, full = from.str, name
		if first != source {
			b.add(from.node, CodeStreamName, fmt.Sprintf("stream %s comes from %s, another source", name, from.node.Value), fmt.Sprintf("call it %s.%s", from.node.Value, rest))
			return "", "", false
		}
	}
	if !validName(rest, true) {
		b.add(s.key, CodeStreamName, fmt.Sprintf("stream %q has a name that no table can bear", name), "use letters, digits, dashes and underscores, and start with a letter or digit")
		return "", "", false
	}
	if _, known := b.sources[source]; !known {
		at, shown := s.key, source
		if from != nil {
			at, shown = from.node, from.node.Value
		}
		names := keysOf(b.sources)
		mend := "describe it under sources"
		if len(names) > 0 {
			mend = meant(source, names)
		}
		b.add(at, CodeSourceUnknown, fmt.Sprintf("stream %s: there is no source %s", name, shown), mend)
		return "", "", false
	}
	return full, source, true
}

type sourceStream struct {
	stream, source string
	v              *value
}

// matchFiles tells every file source which of its files belong to which stream.
func (b *builder) matchFiles(streams []sourceStream) {
	count := map[string]int{}
	for _, s := range streams {
		count[s.source]++
	}
	for _, s := range streams {
		files := s.v.get("files")
		if files == nil && count[s.source] > 1 {
			b.add(s.v.key, CodeStreamFiles, fmt.Sprintf("source %s has %d streams, and %s does not say which files are its own", s.source, count[s.source], s.stream),
				`add files: with a glob on the files' names, for example "contacts-*.csv"`)
		}
		if files != nil {
			b.glob(files)
		}
		c := &b.tree.Files[b.sources[s.source].index]
		c.Streams = append(c.Streams, file.StreamMatch{Glob: files.text(), Stream: s.stream})
	}
	for i := range b.tree.Files {
		if c := &b.tree.Files[i]; count[c.Name] == 0 {
			b.add(b.sources[c.Name].node, CodeStreamFiles, fmt.Sprintf("file source %s has no stream", c.Name), "describe what its records mean under streams, for example "+c.Name+".rows")
		}
	}
}

func (b *builder) stream(s *value, full, source string) {
	c := contract.StreamConfig{
		Stream:  full,
		Source:  source,
		Key:     s.get("key").text(),
		Deleted: s.get("deleted").text(),
	}
	c.Seq, c.SeqTime = timeField(s.get("seq"))
	c.Occurred, c.OccurredTime = timeField(s.get("occurred"))
	c.OnDrift, c.Drift = driftRules(s.get("on_drift"))
	if kind := s.get("kind"); kind != nil {
		c.Kind, _ = record.KindOf(kind.str)
	}
	b.kindOf(s, &c)
	b.snapshot(s, c)
	if v := s.get("contract"); v != nil {
		file, message := contract.SplitName(v.str)
		path := b.resolve(file)
		if contract.Extension(path) == contract.ExtJSON { // others are never written to
			b.tree.Contracts[full] = path
		}
		c.Schema = b.schema(v, path, message)
	}
	b.eventContracts(s, &c)
	b.tree.Rules.Streams = append(b.tree.Rules.Streams, c)
	b.tree.Rules.Cleanse = append(b.tree.Rules.Cleanse, b.mapping(s, full, c.Kind))
	if checks := b.checks(s.get("expect")); len(checks) > 0 {
		b.tree.Rules.Quality = append(b.tree.Rules.Quality, quality.StreamConfig{Stream: full, Checks: checks})
	}
}

// timeField reads a field that holds a time, and how it is written where that is said.
func timeField(v *value) (path string, format *contract.TimeFormat) {
	if v == nil || v.field.shape != object {
		return v.text(), nil
	}
	f := contract.TimeFormat{Format: v.get("format").text(), Zone: v.get("zone").text()}
	if p := v.get("pivot"); p != nil {
		n := p.int()
		f.Pivot = &n
	}
	if f == (contract.TimeFormat{}) {
		return v.get("from").text(), nil
	}
	return v.get("from").text(), &f
}

// driftRules reads one policy, or several.
func driftRules(v *value) (contract.Policy, *contract.DriftRules) {
	if v == nil || v.field.shape != object {
		return contract.Policy(v.textOr(string(contract.Evolve))), nil
	}
	own := &contract.DriftRules{
		NewColumns: contract.Policy(v.get("new_columns").text()),
		Types:      contract.Policy(v.get("types").text()),
	}
	columns := v.get("columns")
	for _, path := range columns.keys() {
		if own.Columns == nil {
			own.Columns = map[string]contract.Policy{}
		}
		own.Columns[path] = contract.Policy(columns.get(path).text())
	}
	fallback := contract.Policy(v.get("default").textOr(string(contract.Evolve)))
	if own.NewColumns == "" && own.Types == "" && own.Columns == nil {
		return fallback, nil
	}
	return fallback, own
}

// kindOf settles a stream's kind and tells where its source or kind ask for more.
func (b *builder) kindOf(s *value, c *contract.StreamConfig) {
	kind := s.get("kind")
	if b.sources[c.Source].kind == "tracking" {
		for _, d := range trackingStreams() {
			if c.Stream == c.Source+"."+d.Stream {
				if kind != nil && d.Kind != c.Kind {
					b.add(kind.node, CodeStreamKind, fmt.Sprintf("stream %s of a tracking source is of kind %s", c.Stream, d.Kind), "write kind: "+d.Kind.String()+", or leave it out")
				}
				c.Kind = d.Kind
				return
			}
		}
		var names []string
		for _, d := range trackingStreams() {
			names = append(names, c.Source+"."+d.Stream)
		}
		b.add(s.key, CodeStreamName, fmt.Sprintf("a tracking source has no stream %s", c.Stream), meant(c.Stream, names))
		return
	}
	if kind == nil && !s.has("kind") {
		b.add(s.key, CodeKeyMissing, fmt.Sprintf("stream %s does not say its kind", c.Stream), "add kind: customer, event, object or consent")
	}
	if (c.Kind == record.Customer || c.Kind == record.Object) && c.Key == "" && !s.has("key") && b.sources[c.Source].kind != "tracking" {
		b.add(s.key, CodeKeyMissing, fmt.Sprintf("stream %s does not say its key", c.Stream), "add key: with the field that is the source's own id of a "+c.Kind.String())
	}
}

// snapshot tells where a stream cannot be of snapshots.
func (b *builder) snapshot(s *value, c contract.StreamConfig) {
	source := b.sources[c.Source]
	if source.kind != "file" || !b.tree.Files[source.index].Snapshot {
		return
	}
	fault := func(what, mend string) {
		b.add(s.key, CodeStreamSnapshot, fmt.Sprintf("stream %s is of snapshots, and %s", c.Stream, what), mend)
	}
	switch {
	case c.Kind == record.Event || c.Kind == record.Consent:
		fault("its kind is "+c.Kind.String()+": what happened does not vanish", "write kind: customer or object, or remove snapshot of source "+c.Source)
	case c.Key == "" || c.Key == contract.RowKey:
		fault("no field is its key, by which a row that vanished is known", "write key: with the source's own id, or remove snapshot of source "+c.Source)
	case c.Seq != "":
		fault("has a seq, by which a row that comes back could be older than its delete", "remove seq: a file first seen later wins")
	}
}

// schema reads a contract file; a .json file that does not exist yet is no fault.
func (b *builder) schema(v *value, path, message string) *contract.Schema {
	ext := contract.Extension(path)
	if ext == "" {
		b.add(v.node, CodeContractFile, v.path+" is not a .json, .avsc or .proto file", "a contract is JSON Schema (.json), an Avro schema (.avsc) or Protobuf (.proto, with #MESSAGE)")
		return nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && ext == contract.ExtJSON {
		return nil
	}
	if err == nil && len(data) > MaxFile {
		err = fmt.Errorf("it has more than %d bytes", MaxFile)
	}
	if err != nil {
		b.add(v.node, CodeContractFile, fmt.Sprintf("%s cannot be read: %s", v.path, reason(err)), "mend the file's rights; a .json file can be removed, and the contract is then proposed anew")
		return nil
	}
	schema, err := parseContract(path, message, data)
	if err != nil {
		b.add(v.node, CodeContractFile, fmt.Sprintf("%s: %s is not a contract: %v", v.path, filepath.Base(path), err), "mend the file; a .json file can be removed, and the contract is then proposed anew")
		return nil
	}
	return schema
}

// mapping reads a stream's attributes, identifiers and consent.
func (b *builder) mapping(s *value, full string, kind record.Kind) cleanse.StreamConfig {
	c := cleanse.StreamConfig{Stream: full}
	attributes := s.get("attributes")
	for _, name := range attributes.keys() {
		a := attributes.get(name)
		if !validName(name, false) {
			b.add(a.key, CodeName, fmt.Sprintf("attribute %q has a name that no column can bear", name), "use letters, digits and underscores, and start with a letter")
		}
		ac := cleanse.AttributeConfig{Name: name, From: a.text()}
		if a.field.shape == object {
			ac.From = name
			if from := a.get("from").texts(); len(from) > 0 {
				ac.From = from[0]
				if len(from) > 1 {
					ac.More = from[1:]
				}
			}
			ac.Type = a.get("type").text()
			ac.Steps = b.steps(a.get("clean"))
			ac.Fill = b.fill(a)
		}
		c.Attributes = append(c.Attributes, ac)
	}
	identifiers := s.get("identifiers")
	for _, name := range identifiers.keys() {
		i := identifiers.get(name)
		if !slices.Contains(b.types, name) {
			b.add(i.key, CodeIdentifierType, fmt.Sprintf("stream %s: there is no identifier type %s", full, name),
				meant(name, b.types)+fmt.Sprintf(", or add {type: %s} under identity.identifiers", name))
		}
		for _, path := range i.texts() {
			c.Identifiers = append(c.Identifiers, cleanse.IdentifierConfig{Type: name, From: path})
		}
	}
	consent := s.get("consent")
	if kind == record.Consent {
		c.Consent = &cleanse.ConsentConfig{
			Purpose: consent.get("purpose").textOr("purpose"),
			Channel: consent.get("channel").textOr("channel"),
			Status:  consent.get("status").textOr("status"),
			Proof:   consent.get("proof").text(),
		}
	} else if consent != nil {
		b.add(consent.key, CodeStreamKind, fmt.Sprintf("stream %s is not of kind consent", full), "remove consent, or write kind: consent")
	}
	return c
}
