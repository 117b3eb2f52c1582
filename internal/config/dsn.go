package config

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// dsn is what a connection string of PostgreSQL says, by libpq's keywords. host and
// port are lists with commas between their items.
type dsn map[string]string

// parseDSN reads a connection string as libpq does (conninfo_parse and
// conninfo_uri_parse of fe-connect.c), so that what cannot be is told before anything
// connects. No driver is needed for that, and none is linked. Its errors hold nothing
// of the string.
func parseDSN(s string) (dsn, error) {
	switch {
	case strings.Trim(s, blanks) == "":
		return nil, errors.New("it is empty")
	case strings.IndexByte(s, 0) >= 0:
		return nil, errors.New("it holds a zero byte")
	}
	var d dsn
	var err error
	if rest, ok := cutScheme(s); ok {
		d, err = parseURI(rest)
	} else {
		d, err = parsePairs(s)
	}
	if err != nil {
		return nil, err
	}
	return d, d.check()
}

func cutScheme(s string) (rest string, ok bool) {
	if rest, ok = strings.CutPrefix(s, "postgres://"); ok {
		return rest, true
	}
	return strings.CutPrefix(s, "postgresql://")
}

// parseURI reads what follows the scheme: USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?KEY=VALUE&…
func parseURI(s string) (dsn, error) {
	d := dsn{}
	if i := strings.IndexAny(s, "@/"); i >= 0 && s[i] == '@' {
		d["user"], d["password"], _ = strings.Cut(s[:i], ":")
		s = s[i+1:]
	}
	end := strings.IndexAny(s, "/?")
	if end < 0 {
		end = len(s)
	}
	var err error
	if d["host"], d["port"], err = hostList(s[:end]); err != nil {
		return nil, err
	}
	path, query, _ := strings.Cut(s[end:], "?")
	d["dbname"] = strings.TrimPrefix(path, "/")
	for key, value := range d {
		if d[key], err = decodeURI(value); err != nil {
			return nil, err
		}
	}
	asked, err := parseQuery(query)
	maps.Copy(d, asked)
	return d, err
}

// hostList reads HOST:PORT,HOST:PORT into a list of hosts and one of ports.
func hostList(s string) (hosts, ports string, err error) {
	var h, p []string
	for s != "" || len(h) == 0 {
		var host, port string
		if inner, ok := strings.CutPrefix(s, "["); ok {
			if host, s, ok = strings.Cut(inner, "]"); !ok || host == "" {
				return "", "", errors.New("an IPv6 address is not closed, or empty")
			}
			if s != "" && s[0] != ':' && s[0] != ',' {
				return "", "", errors.New("something other than a port follows an IPv6 address")
			}
		} else {
			end := strings.IndexAny(s+",", ":,")
			host, s = s[:end], s[end:]
		}
		if after, ok := strings.CutPrefix(s, ":"); ok {
			end := strings.IndexByte(after+",", ',')
			port, s = after[:end], after[end:]
		}
		h, p = append(h, host), append(p, port)
		if s == "," {
			h, p = append(h, ""), append(p, "")
		}
		s = strings.TrimPrefix(s, ",")
	}
	return strings.Join(h, ","), strings.Join(p, ","), nil
}

func parseQuery(s string) (dsn, error) {
	d := dsn{}
	for s != "" {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		key, value, ok := strings.Cut(pair, "=")
		if !ok || strings.Contains(value, "=") {
			return nil, errors.New("what follows ? is not KEY=VALUE&KEY=VALUE")
		}
		key, errKey := decodeURI(key)
		value, errValue := decodeURI(value)
		if err := cmp.Or(errKey, errValue); err != nil {
			return nil, err
		}
		if key == "ssl" && value == "true" {
			key, value = "sslmode", "require"
		}
		d[key] = value
	}
	return d, nil
}

// decodeURI undoes %XX. Blanks are taken at both ends alone.
func decodeURI(s string) (string, error) {
	s = strings.Trim(s, " ")
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == ' ' {
			return "", errors.New("it holds a blank, which is written %20")
		}
		if c == '%' {
			n, err := strconv.ParseUint(s[min(i+1, len(s)):min(i+3, len(s))], 16, 8)
			if err != nil || i+2 >= len(s) || n == 0 {
				return "", errors.New("a % is not followed by two hexadecimal digits; % itself is written %25")
			}
			c, i = byte(n), i+2
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// blanks are what libpq takes for white space.
const blanks = " \t\n\r\v\f"

// parsePairs reads KEY=VALUE KEY='VALUE' …, where a backslash takes the next
// character as it is.
func parsePairs(s string) (dsn, error) {
	d := dsn{}
	for s = strings.TrimLeft(s, blanks); s != ""; s = strings.TrimLeft(s, blanks) {
		key, rest, ok := strings.Cut(s, "=")
		key = strings.Trim(key, blanks)
		if !ok || key == "" || strings.ContainsAny(key, blanks) {
			return nil, errors.New("it is neither a postgres:// address nor KEY=VALUE pairs")
		}
		value, rest, closed := cutValue(strings.TrimLeft(rest, blanks))
		if !closed {
			return nil, errors.New("a quote is not closed")
		}
		d[key], s = value, rest
	}
	return d, nil
}

// cutValue cuts one value off; closed is false where its quote never ends.
func cutValue(s string) (value, rest string, closed bool) {
	ends, quoted := blanks, false
	if after, ok := strings.CutPrefix(s, "'"); ok {
		s, ends, quoted = after, "'", true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case strings.IndexByte(ends, s[i]) >= 0:
			return b.String(), s[i+1:], true
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), "", !quoted
}

// check looks at the values that would only fail when connecting. What is not there
// may come from libpq's own variables, such as PGHOST.
func (d dsn) check() error {
	hosts, ports := strings.Split(d["host"], ","), strings.Split(d["port"], ",")
	if d["host"] != "" && len(ports) > 1 && len(ports) != len(hosts) {
		return errors.New("it has another number of ports than of hosts")
	}
	for _, port := range ports {
		if port != "" && !validPort(port) {
			return errors.New("a port is not a number from 1 to 65535")
		}
	}
	for _, c := range [][]string{
		{"sslmode", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
		{"target_session_attrs", "any", "read-write", "primary"}, // the others may lead to where nothing can be written
		{"channel_binding", "disable", "prefer", "require"},
	} {
		if v := d[c[0]]; v != "" && !slices.Contains(c[1:], v) {
			return errors.New(c[0] + " is not " + listing(c[1:]))
		}
	}
	if v := d["connect_timeout"]; v != "" {
		if _, err := strconv.ParseUint(v, 10, 32); err != nil {
			return errors.New("connect_timeout is not a number of seconds")
		}
	}
	return nil
}

// encrypted reports whether the connection is refused rather than made in the clear.
func (d dsn) encrypted() bool {
	switch d["sslmode"] {
	case "require", "verify-ca", "verify-full":
		return true
	}
	return d["sslrootcert"] == "system" || d["sslnegotiation"] == "direct"
}

// local reports whether no host beyond this machine is named.
func (d dsn) local() bool {
	for host := range strings.SplitSeq(d["host"], ",") {
		if host != "" && host[0] != '/' && host[0] != '@' && !loopback(host) {
			return false
		}
	}
	return true
}
